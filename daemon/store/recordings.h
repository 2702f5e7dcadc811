/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of samples, as the history knows them: which session each belongs to, and what became of it.
 * They are in the folder "recordings" beside the history. On the writer's thread, as keeper.h.
 */
#pragma once

#include "keeper.h"

typedef struct KeptRecording {
        char identity[256]; /* of the device */
        char name[256]; /* of the file, without ".part" */
        usec_t boottime_usec; /* of its first sample */
        usec_t end_boottime_usec; /* 0: not yet closed */
} KeptRecording;

/* It began, or was closed. ret_session: the session in which it began. -ENODEV: there is none of that
 * device. */
int keep_recording(Keeper *k, const KeptRecording *f, int64_t *ret_session);
/* The oldest, deleted for want of room: its row stays. */
int keep_recording_deleted(Keeper *k, const char *name);

/* After a crash: gives those that were being written their headers and names. Never fails for a file. */
int recordings_mend(Keeper *k);

/*
 * Deletes the files of sessions that began in a time and have ended; for entry_delete(). A file that is
 * there and cannot be deleted is an error, and then nothing is.
 */
int recordings_delete(Keeper *k, int64_t from_usec, int64_t to_usec);

#define RECORDING_WORDS_MAX (DEVICE_CHANNELS_MAX + 1)

/* What a person said of a session, for annotations: "session rest30 lying", "placement left-calf" */
typedef struct RecordingWords {
        size_t n;
        struct {
                unsigned channel; /* from 1; 0: of all */
                char text[2 * KEEPER_TEXT_MAX + 64];
        } words[RECORDING_WORDS_MAX];
} RecordingWords;

int recordings_describe(Keeper *k, int64_t session, RecordingWords *ret);

/* To read, whether it is closed or not. Beside the writer. -ENOENT: no such recording, or its file is gone.
 */
int recordings_open(const Keeper *k, int64_t id, int *ret_fd);
