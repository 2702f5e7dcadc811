/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers on the command line; name is without the "--". A wrong one is a clear message and -EINVAL. */
#pragma once

#include <stdint.h>

int option_unsigned(const char *name, const char *value, unsigned min, unsigned max, unsigned *ret);
int option_u64(const char *name, const char *value, uint64_t *ret);
int option_double(const char *name, const char *value, double min, double max, double *ret);

/* "LO:HI" or one number for both */
int option_range(const char *name, const char *value, double min, double max, double *ret_lo, double *ret_hi);
