/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * Seconds of a time of day, "7:00:05.123", or of minutes and seconds, "00:05.123". With a date in front
 * whose order is beyond doubt, "2026-11-30 7:00:05", since 1970; other dates are passed over.
 */
bool clock_time_in(const char *field, double *ret);
