/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of day as people write them. */
#pragma once

#include <stdint.h>

#define WHEN_FORMS "\"14:30\" (the last one), \"yesterday 22:00\", \"2026-11-30\", \"2026-11-30 14:30\", \"2h\" or \"30min\" ago, \"now\""

/* Microseconds of UTC, of what somebody in this time zone means at now_usec. -EINVAL: none of WHEN_FORMS. */
int when_parse(const char *text, int64_t now_usec, int64_t *ret_usec);
/* The same, and complains: name is that of the option or argument. */
int when_parse_now(const char *text, const char *name, int64_t *ret_usec);

int64_t when_now_usec(void);

/* "2026-11-30 14:30" in the local time of then: utc_offset_s from UTC */
const char* when_text(int64_t usec, int64_t utc_offset_s, char ret[static 32]);
/* The same in this machine's zone */
const char* when_text_here(int64_t usec, char ret[static 32]);
