/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which front ends are recorded, and when: always, while a session of theirs is under way that a person
 * began, or when somebody says so. Hands their frames and what was found in them to a Recording each
 * (store/recording.h). A sink like the bus is one. Nothing here waits for the disk but recorder_finish(),
 * and that not for long.
 */
#pragma once

#include <systemd/sd-event.h>

#include "monitor.h"
#include "store/recording.h"

#define RECORDER_MONITORS_MAX 16u
#define RECORDER_ENDING_MAX 64u
#define RECORDER_WAITING_MAX 16u

typedef struct RecorderEntry {
        Monitor *monitor; /* NULL: free; there while samples flow */
        char place[sizeof(((DevicePlace *) NULL)->path)];
        Recording *recording; /* NULL: not recorded */
        int64_t session; /* of the history; 0: not known */
        bool begun; /* by a person */
        int error; /* as said last */
        uint64_t lost; /* as said last, of this recording */
        usec_t lost_said_usec;
} RecorderEntry;

typedef struct RecorderSinks {
        /* A file began, was closed or deleted. place: of the front end, as DevicePlace.path. */
        void (*file)(const char *place, const RecordingNews *news, void *userdata);
        void *userdata;
} RecorderSinks;

typedef void (*RecorderEnded)(void *userdata);

typedef struct Recorder {
        char *dir; /* where the files are */
        ConfigRecord mode;
        uint64_t free_bytes_min;
        bool delete_oldest;
        bool asked; /* by somebody, for now */
        char name[64]; /* that who asked gives to the files, ""; none */
        RecorderSinks sinks;
        int fd;
        sd_event_source *io;
        RecorderEntry monitors[RECORDER_MONITORS_MAX];
        /* they write what waits; then they are freed */
        RecorderEntry ending[RECORDER_ENDING_MAX];
        size_t n_ending;
        struct {
                RecorderEnded ended;
                void *userdata;
        } waiting[RECORDER_WAITING_MAX];
        size_t n_waiting;
} Recorder;

/* state_dir: the files go to "recordings" below it; NULL: nothing can be recorded */
int recorder_init(Recorder *r, sd_event *event, const char *state_dir, const Config *config,
                  const RecorderSinks *sinks);
/* Closes all, and tells of it; what is not closed at that time of CLOCK_MONOTONIC is left to itself. */
void recorder_finish(Recorder *r, usec_t until_usec);
void recorder_done(Recorder *r);

void recorder_configure(Recorder *r, const Config *config); /* read anew: begins and ends what it says now */

bool recorder_is_on(const Recorder *r); /* for any front end, now or when it comes */
/*
 * Somebody says so: begins, or ends what is not always to be recorded. name: the names of the files begin
 * with it; "": none. -EOPNOTSUPP: there is nowhere to record to; -EINVAL: a name that cannot be.
 */
int recorder_ask(Recorder *r, bool on, const char *name);
/* Calls ended() once, when the files that are being closed are. -EBUSY: too many wait. */
int recorder_wait(Recorder *r, RecorderEnded ended, void *userdata);

/* The session of a front end as the history has it: another one begins another file. begun: by a person */
void recorder_session(Recorder *r, const Monitor *m, int64_t session, bool begun);

void recorder_begin(Recorder *r, Monitor *m); /* samples flow */
void recorder_end(Recorder *r, const Monitor *m);
void recorder_frames(Recorder *r, const Monitor *m, uint64_t position, const int32_t *samples,
                     size_t n_frames);
void recorder_event(Recorder *r, const Monitor *m, const MonitorEvent *e);
/* What a person says of a time, into what is being recorded; duration NAN: none */
void recorder_note(Recorder *r, int64_t boottime_usec, double duration_s, const char *text);
/* At the beginning of a file that is being recorded at that place. channel: from 1; 0: of all of them */
void recorder_note_file(Recorder *r, const RecordingNews *file, const char *place, unsigned channel,
                        const char *text);
void recorder_tick(Recorder *r); /* once a second: does a disk refuse, and is something lost? */
