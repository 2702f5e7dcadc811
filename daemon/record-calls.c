/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "record-calls.h"

typedef struct Call {
        StoreJob job;
        RecordAnswered answer;
        void *userdata;

        /* what comes of it */
        int64_t id;
        int fd;
        HistoryCheck checked;
        HistoryList list;
        RecordingWords *words;
        ImportCounts imported;

        /* what is asked */
        int64_t number, from, to;
        bool yes;
        double p, log_ratio;
        usec_t boottime_usec;
        char word[ENTRY_WORD_MAX], unit[ENTRY_WORD_MAX], text[ENTRY_TEXT_MAX + 1];
        union {
                KeptStart start;
                DiaryEntry entry;
                Bet bet;
                Trial trial;
                TrialAct act;
                KeptRecording recording;
        };
} Call;

static Call* call_of(StoreJob *j) {
        return (Call*) j;
}

static void on_done(StoreJob *j) {
        Call *c = call_of(j);
        RecordAnswer a = { .result = j->result, .id = c->id, .fd = c->fd, .check = &c->checked, .list = &c->list,
                           .words = c->words, .imported = &c->imported };

        c->answer(&a, c->userdata);
        c->fd = a.fd;
}

static void on_release(StoreJob *j) {
        Call *c = call_of(j);

        if (c->fd >= 0)
                close(c->fd);
        history_list_done(&c->list);
        free(c->words);
}

/* NULL: out of memory, and it was answered so. */
static Call* new_call(int (*run)(Keeper *k, StoreJob *j), RecordAnswered answer, void *userdata) {
        Call *c = calloc(1, sizeof(*c));

        if (!c) {
                answer(&(RecordAnswer) { .result = -ENOMEM, .fd = -EBADF }, userdata);
                return NULL;
        }
        c->job = (StoreJob) { .run = run, .done = on_done, .release = on_release };
        c->answer = answer;
        c->userdata = userdata;
        c->fd = -EBADF;
        return c;
}

static void submit(Record *r, Call *c) {
        if (c)
                store_submit(r->store, &c->job, sizeof(*c));
}

static void submit_beside(Record *r, Call *c) {
        if (c)
                store_submit_beside(r->store, &c->job);
}

#define COPY(field, text) snprintf(field, sizeof(field), "%s", text)

/* --- sessions ----------------------------------------------------------------------- */

static int run_start(Keeper *k, StoreJob *j) {
        return keep_session_start(k, &call_of(j)->start, &call_of(j)->id);
}

void record_start_session(Record *r, const KeptStart *start, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_start, answer, userdata);

        if (c) {
                c->start = *start;
                c->start.boottime_usec = record_now_usec();
        }
        submit(r, c);
}

static int run_stop(Keeper *k, StoreJob *j) {
        return keep_session_stop(k, call_of(j)->boottime_usec, &call_of(j)->id);
}

void record_stop_session(Record *r, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_stop, answer, userdata);

        if (c)
                c->boottime_usec = record_now_usec();
        submit(r, c);
}

static int run_exclude(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return entry_exclude_session(k, c->number, c->yes, c->text);
}

void record_exclude_session(Record *r, int64_t session, bool excluded, const char *why, RecordAnswered answer,
                            void *userdata) {
        Call *c = new_call(run_exclude, answer, userdata);

        if (c) {
                c->number = session;
                c->yes = excluded;
                COPY(c->text, why);
        }
        submit(r, c);
}

/* --- diary and felt -------------------------------------------------------------------- */

static int run_add_diary(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return entry_add_diary(k, &c->entry, c->number, &c->id);
}

void record_add_diary(Record *r, const DiaryEntry *e, int64_t replaces, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_add_diary, answer, userdata);

        if (c) {
                c->entry = *e;
                c->number = replaces;
        }
        submit(r, c);
}

static int run_remove_diary(Keeper *k, StoreJob *j) {
        return entry_remove_diary(k, call_of(j)->number);
}

void record_remove_diary(Record *r, int64_t id, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_remove_diary, answer, userdata);

        if (c)
                c->number = id;
        submit(r, c);
}

static int run_add_kind(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return entry_add_kind(k, c->word, c->unit, c->number, c->text);
}

void record_add_kind(Record *r, const char *name, const char *unit, int64_t window_s, const char *description,
                     RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_add_kind, answer, userdata);

        if (c) {
                COPY(c->word, name);
                COPY(c->unit, unit);
                COPY(c->text, description);
                c->number = window_s;
        }
        submit(r, c);
}

static int run_mark_felt(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return entry_add_felt(k, c->boottime_usec, c->word, c->unit, &c->id);
}

void record_mark_felt(Record *r, const char *site, const char *source, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_mark_felt, answer, userdata);

        if (c) {
                c->boottime_usec = record_now_usec();
                COPY(c->word, site);
                COPY(c->unit, source);
        }
        submit(r, c);
}

static int run_delete(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return entry_delete(k, c->from, c->to, &c->id);
}

void record_delete(Record *r, int64_t from_usec, int64_t to_usec, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_delete, answer, userdata);

        if (c) {
                c->from = from_usec;
                c->to = to_usec;
        }
        submit(r, c);
}

/* --- reading --------------------------------------------------------------------------- */

static int run_list_sessions(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return history_list_sessions(k, c->from, c->to, &c->list);
}

void record_list_sessions(Record *r, int64_t from_usec, int64_t to_usec, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_list_sessions, answer, userdata);

        if (c) {
                c->from = from_usec;
                c->to = to_usec;
        }
        submit_beside(r, c);
}

static int run_list_events(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return history_list_events(k, c->number, c->from, (unsigned) c->to, &c->list);
}

void record_list_events(Record *r, int64_t session, int64_t after_id, unsigned max, RecordAnswered answer,
                        void *userdata) {
        Call *c = new_call(run_list_events, answer, userdata);

        if (c) {
                c->number = session;
                c->from = after_id;
                c->to = max;
        }
        submit_beside(r, c);
}

static int run_get_waveform(Keeper *k, StoreJob *j) {
        return history_get_waveform(k, call_of(j)->number, &call_of(j)->list);
}

void record_get_waveform(Record *r, int64_t event, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_get_waveform, answer, userdata);

        if (c)
                c->number = event;
        submit_beside(r, c);
}

static int run_copy(Keeper *k, StoreJob *j) {
        return history_copy(k, &call_of(j)->fd);
}

/* What was found until now belongs into the copy: first the writer writes, then it is made. */
typedef struct Flushed {
        Record *record;
        Call *then;
} Flushed;

static int run_nothing(Keeper *k, StoreJob *j) {
        return 0;
}

static void on_flushed(RecordAnswer *a, void *userdata) {
        Flushed *f = userdata;

        submit_beside(f->record, f->then);
        free(f);
}

static void flush_and_submit_beside(Record *r, Call *then) {
        Flushed *f = then ? malloc(sizeof(*f)) : NULL;

        if (!f) {
                submit_beside(r, then);
                return;
        }
        *f = (Flushed) { .record = r, .then = then };
        submit(r, new_call(run_nothing, on_flushed, f));
}

void record_open_snapshot(Record *r, RecordAnswered answer, void *userdata) {
        flush_and_submit_beside(r, new_call(run_copy, answer, userdata));
}

static int run_check(Keeper *k, StoreJob *j) {
        return history_check(k, &call_of(j)->checked);
}

void record_check(Record *r, RecordAnswered answer, void *userdata) {
        submit_beside(r, new_call(run_check, answer, userdata));
}

static int run_import(Keeper *k, StoreJob *j) {
        return history_import(k, call_of(j)->fd, &call_of(j)->imported);
}

void record_import(Record *r, int fd, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_import, answer, userdata);

        if (!c)
                return;
        c->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);  /* without one: -EBADF from the reading */
        submit(r, c);
}

/* --- recordings --------------------------------------------------------------------------- */

static int run_recording_began(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        if (!c->words)
                c->words = calloc(1, sizeof(*c->words));
        int r = c->words ? keep_recording(k, &c->recording, &c->id) : -ENOMEM;
        return r < 0 ? r : recordings_describe(k, c->id, c->words);
}

void record_recording_began(Record *r, const KeptRecording *f, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_recording_began, answer, userdata);

        if (c)
                c->recording = *f;
        submit(r, c);
}

typedef struct RecordingJob {
        StoreJob job;
        KeptRecording recording;
} RecordingJob;

static int run_recording_closed(Keeper *k, StoreJob *j) {
        int64_t session;

        return keep_recording(k, &((RecordingJob*) j)->recording, &session);
}

static int run_recording_deleted(Keeper *k, StoreJob *j) {
        return keep_recording_deleted(k, ((RecordingJob*) j)->recording.name);
}

static void submit_recording(Record *r, int (*run)(Keeper *k, StoreJob *j), const KeptRecording *f) {
        RecordingJob *j = calloc(1, sizeof(*j));

        if (!j)
                return;         /* the next start finds the file */
        *j = (RecordingJob) { .job = { .run = run, .essential = true }, .recording = *f };
        store_submit(r->store, &j->job, sizeof(*j));
}

void record_recording_closed(Record *r, const KeptRecording *f) {
        submit_recording(r, run_recording_closed, f);
}

void record_recording_deleted(Record *r, const KeptRecording *f) {
        submit_recording(r, run_recording_deleted, f);
}

static int run_open_recording(Keeper *k, StoreJob *j) {
        return recordings_open(k, call_of(j)->number, &call_of(j)->fd);
}

void record_open_recording(Record *r, int64_t id, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_open_recording, answer, userdata);

        if (c)
                c->number = id;
        submit_beside(r, c);
}

/* --- questions, bets, experiments --------------------------------------------------------- */

static int run_ask(Keeper *k, StoreJob *j) {
        return entry_ask(k, call_of(j)->word, call_of(j)->yes);
}

void record_ask(Record *r, const char *kind, bool asked, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_ask, answer, userdata);

        if (c) {
                COPY(c->word, kind);
                c->yes = asked;
        }
        submit(r, c);
}

static int run_add_bet(Keeper *k, StoreJob *j) {
        return entry_add_bet(k, &call_of(j)->bet);
}

void record_add_bet(Record *r, const Bet *b, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_add_bet, answer, userdata);

        if (c)
                c->bet = *b;
        submit(r, c);
}

static int run_add_trial(Keeper *k, StoreJob *j) {
        return entry_add_trial(k, &call_of(j)->trial, &call_of(j)->id);
}

void record_add_trial(Record *r, const Trial *t, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_add_trial, answer, userdata);

        if (c)
                c->trial = *t;
        submit(r, c);
}

static int run_add_trial_act(Keeper *k, StoreJob *j) {
        return entry_add_trial_act(k, &call_of(j)->act);
}

void record_add_trial_act(Record *r, const TrialAct *a, RecordAnswered answer, void *userdata) {
        Call *c = new_call(run_add_trial_act, answer, userdata);

        if (c)
                c->act = *a;
        submit(r, c);
}

static int run_add_look(Keeper *k, StoreJob *j) {
        Call *c = call_of(j);

        return entry_add_look(k, c->number, c->from, c->p, c->log_ratio);
}

void record_add_look(Record *r, int64_t trial, int64_t blocks, double p, double log_ratio, RecordAnswered answer,
                     void *userdata) {
        Call *c = new_call(run_add_look, answer, userdata);

        if (c) {
                c->number = trial;
                c->from = blocks;
                c->p = p;
                c->log_ratio = log_ratio;
        }
        submit(r, c);
}
