/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the service remembers: hands what the monitors found to the history, and the requests of the bus. A sink like the bus
 * is one. Nothing here waits for the disk.
 */
#pragma once

#include <systemd/sd-event.h>

#include "lately.h"
#include "monitor.h"
#include "store/store.h"

#define RECORD_MONITORS_MAX KEEPER_DEVICES_MAX

typedef struct Record {
        Store *store;
        sd_event_source *io;
        void (*changed)(void *userdata);        /* the status of the Store may be another */
        void *userdata;
        KeptClock clock;                        /* as told last */
        uint64_t last_source;
        struct {
                const Monitor *monitor;         /* NULL: free */
                uint64_t source;
                uint64_t lost[_LOST_CAUSE_MAX]; /* as told last */
                Lately *lately;
        } monitors[RECORD_MONITORS_MAX];
} Record;

/* dir: where the history is. The clock is told to it from now on. */
int record_new(sd_event *event, const char *dir, void (*changed)(void *userdata), void *userdata, Record **ret);
/* Writes what waits. Takes at most timeout_usec; then what was not written is lost. */
Record* record_stop(Record *r, usec_t timeout_usec);

/* All of these take NULL for a Record: then nothing is remembered. */
void record_begin(Record *r, const Monitor *m); /* a run begins: samples flow */
/* why: as session.ended in store/schema.sql. Nothing if it had not begun. */
void record_end(Record *r, const Monitor *m, const char *why);
/* Before the detector has them; as lately_push() */
void record_frames(Record *r, const Monitor *m, uint64_t position, const int32_t *samples, size_t n_frames);
void record_event(Record *r, const Monitor *m, const MonitorEvent *e);
void record_minute(Record *r, const Monitor *m, const MonitorMinute *minute);
void record_lost(Record *r, const Monitor *m);
/* The session of a monitor as it is on the disk; false: none is known. */
bool record_get_session(Record *r, const Monitor *m, int64_t *ret_id, bool *ret_begun);
void record_tick(Record *r);                    /* once a second: has somebody set the clock? */

/* BOOTTIME */
usec_t record_now_usec(void);
