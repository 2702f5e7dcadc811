/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program asks of the history. Each of these returns at once; answer() is called exactly once, later, from the
 * event loop: when what was asked is on the disk, or why it is not.
 */
#pragma once

#include "record.h"
#include "store/copy.h"
#include "store/entries.h"
#include "store/import.h"
#include "store/recordings.h"
#include "store/lists.h"
#include "store/sites.h"

typedef struct RecordAnswer {
        int result;                             /* 0, or a negative errno; -EBUSY: too many wait */
        int64_t id;                             /* of the session, the entry ...; or how many */
        int fd;                                 /* of who is answered when it takes it; else closed */
        const HistoryCheck *check;
        const HistoryList *list;
        const RecordingWords *words;
        const ImportCounts *imported;
} RecordAnswer;

typedef void (*RecordAnswered)(RecordAnswer *a, void *userdata);

void record_start_session(Record *r, const KeptStart *start, RecordAnswered answer, void *userdata);
void record_stop_session(Record *r, RecordAnswered answer, void *userdata);
void record_exclude_session(Record *r, int64_t session, bool excluded, const char *why, RecordAnswered answer,
                            void *userdata);
/* replaces: 0, or an entry that stands */
void record_add_diary(Record *r, const DiaryEntry *e, int64_t replaces, RecordAnswered answer, void *userdata);
void record_remove_diary(Record *r, int64_t id, RecordAnswered answer, void *userdata);
void record_add_kind(Record *r, const char *name, const char *unit, int64_t window_s, const char *description,
                     RecordAnswered answer, void *userdata);
/* Now. source: "person" or "key" */
void record_mark_felt(Record *r, const char *site, const char *source, RecordAnswered answer, void *userdata);
void record_delete(Record *r, int64_t from_usec, int64_t to_usec, RecordAnswered answer, void *userdata);

void record_list_sessions(Record *r, int64_t from_usec, int64_t to_usec, RecordAnswered answer, void *userdata);
void record_list_events(Record *r, int64_t session, int64_t after_id, unsigned max, RecordAnswered answer, void *userdata);
void record_get_waveform(Record *r, int64_t event, RecordAnswered answer, void *userdata);
void record_open_snapshot(Record *r, RecordAnswered answer, void *userdata);
void record_check(Record *r, RecordAnswered answer, void *userdata);

/* fd: of an export; it is duplicated */
void record_import(Record *r, int fd, RecordAnswered answer, void *userdata);

/* A file of samples began: the answer has words of its session */
void record_recording_began(Record *r, const KeptRecording *f, RecordAnswered answer, void *userdata);
/* It was closed, or deleted for want of room; kept until it can be written */
void record_recording_closed(Record *r, const KeptRecording *f);
void record_recording_deleted(Record *r, const KeptRecording *f);
void record_open_recording(Record *r, int64_t id, RecordAnswered answer, void *userdata);

void record_ask(Record *r, const char *kind, bool asked, RecordAnswered answer, void *userdata);
void record_add_bet(Record *r, const Bet *b, RecordAnswered answer, void *userdata);
void record_add_trial(Record *r, const Trial *t, RecordAnswered answer, void *userdata);
void record_add_trial_act(Record *r, const TrialAct *a, RecordAnswered answer, void *userdata);
void record_add_look(Record *r, int64_t trial, int64_t blocks, double p, double log_ratio, RecordAnswered answer,
                     void *userdata);
