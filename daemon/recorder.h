/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which front ends are recorded, and when: always, while a session is under way, or when somebody says so.
 * Hands their frames and what was found in them to a Recording each (store/recording.h). A sink like the bus
 * is one.
 */
#pragma once

#include "monitor.h"
#include "store/recording.h"

#define RECORDER_MONITORS_MAX 16u

typedef struct Recorder {
        char *dir; /* where the files are */
        ConfigRecord mode;
        uint64_t free_bytes_min;
        bool asked; /* by somebody, for now */
        bool session; /* one that somebody began is under way */
        struct {
                Monitor *monitor; /* NULL: free; there while samples flow */
                Recording *recording; /* NULL: not recorded */
                int error; /* as said last */
                uint64_t lost; /* as said last, of this recording */
                usec_t lost_said_usec;
        } monitors[RECORDER_MONITORS_MAX];
} Recorder;

/* state_dir: the files go to "recordings" below it; NULL: nothing can be recorded */
int recorder_init(Recorder *r, const char *state_dir, const Config *config);
void recorder_done(Recorder *r); /* closes all */

void recorder_configure(Recorder *r, const Config *config); /* read anew: begins and ends what it says now */

bool recorder_is_on(const Recorder *r);
/* Somebody says so: begins, or ends what is not always to be recorded. -EOPNOTSUPP: there is nowhere to
 * record to */
int recorder_ask(Recorder *r, bool on);
void recorder_session(Recorder *r, bool begun);

void recorder_begin(Recorder *r, Monitor *m); /* samples flow */
void recorder_end(Recorder *r, const Monitor *m);
void recorder_frames(Recorder *r, const Monitor *m, uint64_t position, const int32_t *samples,
                     size_t n_frames);
void recorder_event(Recorder *r, const Monitor *m, const MonitorEvent *e);
void recorder_tick(Recorder *r); /* once a second: does a disk refuse, and is something lost? */
