/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a recording began, by the header of an EDF or BDF file. */
#pragma once

#include "layout.h"

/*
 * date, time: 8 bytes each, "dd.mm.yy" and "hh.mm.ss", of which the points may be other signs; recording: 80
 * bytes, which in EDF+ name the year in full. Blank or all zero: not known, as after the removal of names;
 * else what cannot be read is a note. -ENOMEM is the only error.
 */
int edf_start_read(const char *date, const char *time, const char *recording, StartTime *ret, Notes *notes);

/* Seconds since 1970 of a date that exists, as if it were UTC; false: it does not. */
bool seconds_of(int year, int month, int day, int hour, int minute, int second, int64_t *ret);

/* "2026-11-30T07:00:05.298" for so many seconds behind the start */
const char *start_time_format(const StartTime *start, double seconds, unsigned decimals,
                              char ret[static 40]);
