/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables that answer quickly: hour, hour_excluded and size_histogram, written together with the minute.
 * They hold nothing that is not in event, minute and minute_excluded.
 */
#pragma once

#include "sql.h"

/* The row (session, channel, boottime_usec) of minute is there, with its exclusions and its events. */
int rollup_add_minute(Sql *s, int64_t session, int64_t channel, int64_t boottime_usec);

/* An event that was decided after its minute had been given. Does nothing when that is still to come. */
int rollup_add_late_event(Sql *s, int64_t event);

/* Anew from the single rows, of one session: after the clock was set, or when they do not agree. */
int rollup_rebuild(Sql *s, int64_t session);

/* Sessions whose tables are not what the single rows give. */
int rollup_check(Sql *s, uint64_t *ret_n_wrong);
