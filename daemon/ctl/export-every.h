/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An export of its own for each day, week or month: for a timer, which may call again and again. */
#pragma once

#include "history.h"

#define EVERY_VALUES "day|week|month"

/* 0, or -EINVAL for none of EVERY_VALUES: for the option, and complains */
int every_parse(const char *value);
/* Whether one was given */
bool every_is_wanted(void);

/* Writes what began in [from_usec, to_usec) to path, which is not there. Complains by itself. */
typedef int (*ExportRange)(const History *h, const char *path, int64_t from_usec, int64_t to_usec);

/*
 * Calls export for each period of local time from from_usec until before to_usec that has something in it, has ended and
 * is not in folder yet: FOLDER/2026-W48ENDING, "2026-11" or "2026-11-30". What is there under such a name is whole: an
 * export that was interrupted is begun anew. A period in which a session goes on is left for the next time.
 */
int export_every(const History *h, const char *folder, const char *ending, int64_t from_usec, int64_t to_usec,
                 ExportRange export);
