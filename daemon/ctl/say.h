/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sentences on a terminal, and the days in them. */
#pragma once

#include "answers/lines.h"

/* On a line of its own, broken between words where the terminal ends. */
_printf_(2, 3) void say(int indent, const char *format, ...);
void say_lines(int indent, Lines *l);             /* each on a line of its own; frees them */
/* The same on standard error, after "twitchctl: ". Returns -EINVAL. */
_printf_(1, 2) int say_wrong(const char *format, ...);

/* "2026-11-30", local time of then */
#define DATE_SIZE 32
const char* say_date(int64_t usec, int64_t utc_offset_s, char ret[static DATE_SIZE]);

int64_t say_utc_offset_s(int64_t usec);         /* of this machine's zone then */

/* The start of a local day, UTC: "2026-11-30". Complains about --option otherwise. */
int say_parse_date(const char *option, const char *text, int64_t *ret_usec);
int say_parse_number(const char *option, const char *text, unsigned least, unsigned most, unsigned *ret);
