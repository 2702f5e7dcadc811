/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.twitchd1.History: what is remembered. Every answer comes when it is on the disk. */
#include <math.h>

#include "bus.h"
#include "errors.h"
#include "log.h"
#include "record-calls.h"
#include "utf8.h"

static Record* record(void *userdata) {
        return ((Manager*) userdata)->record;
}

/* --- properties ------------------------------------------------------------------ */

static void get_status(void *userdata, StoreStatus *ret) {
        *ret = (StoreStatus) {};
        if (record(userdata))
                store_get_status(record(userdata)->store, ret);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        StoreStatus status;

        get_status(userdata, &status);
        return sd_bus_message_append(reply, "s", record(userdata) ? store_state_to_string(status.state) : "none");
}

#define DEFINE_STATUS_GETTER(name, type, field)                                                         \
        static int name(sd_bus *bus, const char *path, const char *interface, const char *property,     \
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {                   \
                StoreStatus status;                                                                     \
                                                                                                        \
                get_status(userdata, &status);                                                          \
                return sd_bus_message_append(reply, type, status.field);                                \
        }

DEFINE_STATUS_GETTER(get_waiting, "t", n_waiting)
DEFINE_STATUS_GETTER(get_lost_records, "t", n_lost)
DEFINE_STATUS_GETTER(get_commits, "t", n_commits)
DEFINE_STATUS_GETTER(get_damaged_file, "s", aside)

static int get_file(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", record(userdata) ? store_path(record(userdata)->store) : "");
}

/* --- answers ----------------------------------------------------------------------- */

/* In words for a person; what a program may want to know is in the name. */
static int fill_error(sd_bus_error *error, int r) {
        switch (r) {
        case -EACCES:
        case -EIO:
        case -EPROTONOSUPPORT:
                return bus_error_from_errno(error, -EROFS);
        case -ESRCH:
                return sd_bus_error_set(error, TWITCHD_ERROR("NotFound"),
                                        "No session that a person started is going on.");
        case -EBADMSG:
        case -EFBIG:
        case -EBADF:
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "This is no export of a history (export --sqlite), or it is damaged.");
        case -EINVAL:
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "A kind, site, channel, amount, number or time that there is not.");
        default:
                return bus_error_from_errno(error, r);
        }
}

static void finish(sd_bus_message *call, sd_bus_message *reply, int r) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        if (r < 0) {
                (void) fill_error(&error, r);
                r = sd_bus_reply_method_error(call, &error);
                sd_bus_error_free(&error);
        } else
                r = sd_bus_send(NULL, reply, NULL);
        if (r < 0)
                log_warning_errno(r, "Cannot answer on the bus: %m");
        sd_bus_message_unref(reply);
        sd_bus_message_unref(call);
}

static void answer(sd_bus_message *call, const RecordAnswer *a, const char *types, ...) {
        sd_bus_message *reply = NULL;
        va_list ap;

        int r = a->result < 0 ? a->result : sd_bus_message_new_method_return(call, &reply);
        if (r >= 0) {
                va_start(ap, types);
                r = sd_bus_message_appendv(reply, types, ap);
                va_end(ap);
        }
        finish(call, reply, r);
}

static void changed(sd_bus_message *call, const RecordAnswer *a, const char *signal) {
        if (a->result >= 0)
                (void) sd_bus_emit_signal(sd_bus_message_get_bus(call), TWITCHD_HISTORY_PATH,
                                          TWITCHD_HISTORY_INTERFACE, signal, "");
}

static void answer_session(RecordAnswer *a, void *userdata) {
        changed(userdata, a, "SessionsChanged");
        answer(userdata, a, "t", (uint64_t) a->id);
}

static void answer_excluded(RecordAnswer *a, void *userdata) {
        changed(userdata, a, "SessionsChanged");
        answer(userdata, a, "");
}

static void answer_entry(RecordAnswer *a, void *userdata) {
        changed(userdata, a, "DiaryChanged");
        answer(userdata, a, "t", (uint64_t) a->id);
}

/* What stands in the history goes into what is being recorded, too. */
typedef struct DiaryCall {
        Manager *manager;
        sd_bus_message *message;
        DiaryEntry entry;
} DiaryCall;

static void note_diary(Manager *m, const DiaryEntry *e) {
        char text[ENTRY_TEXT_MAX + ENTRY_WORD_MAX + 64], amount[32] = "";

        if (e->has_amount)
                snprintf(amount, sizeof(amount), " %.10g", e->amount);
        snprintf(text, sizeof(text), "diary %s%s%s%s", e->kind, amount, e->text[0] ? ": " : "", e->text);
        recorder_note(&m->recorder, e->time_usec - m->record->clock.utc_minus_boottime_usec,
                      e->end_usec > 0 ? (double) (e->end_usec - e->time_usec) / (double) USEC_PER_SEC : NAN,
                      text);
}

static void answer_diary(RecordAnswer *a, void *userdata) {
        _cleanup_free_ DiaryCall *c = userdata;

        if (a->result >= 0)
                note_diary(c->manager, &c->entry);
        answer_entry(a, c->message);
}

typedef struct FeltCall {
        Manager *manager;
        sd_bus_message *message;
        usec_t boottime_usec;
        char site[ENTRY_WORD_MAX];
} FeltCall;

static void answer_felt(RecordAnswer *a, void *userdata) {
        _cleanup_free_ FeltCall *c = userdata;

        if (a->result >= 0)
                manager_note_felt(c->manager, c->boottime_usec, c->site);
        answer_entry(a, c->message);
}

static void answer_removed(RecordAnswer *a, void *userdata) {
        changed(userdata, a, "DiaryChanged");
        answer(userdata, a, "");
}

static void answer_number(RecordAnswer *a, void *userdata) {
        answer(userdata, a, "t", (uint64_t) a->id);
}

static void answer_nothing(RecordAnswer *a, void *userdata) {
        answer(userdata, a, "");
}

static void answer_deleted(RecordAnswer *a, void *userdata) {
        changed(userdata, a, "SessionsChanged");
        changed(userdata, a, "DiaryChanged");
        answer(userdata, a, "t", (uint64_t) a->id);
}

static void answer_snapshot(RecordAnswer *a, void *userdata) {
        answer(userdata, a, "h", a->fd);
}

static void answer_import(RecordAnswer *a, void *userdata) {
        const ImportCounts *n = a->imported;

        changed(userdata, a, "SessionsChanged");
        changed(userdata, a, "DiaryChanged");
        answer(userdata, a, "ttttttt", n->sessions, n->diary, n->felt, n->others, n->known, n->unfinished,
               n->recordings);
}

static void answer_check(RecordAnswer *a, void *userdata) {
        answer(userdata, a, "bst", (int) a->check->intact, a->check->text, a->check->n_wrong);
}

static int append_sessions(sd_bus_message *reply, const HistoryList *l) {
        int r = sd_bus_message_open_container(reply, 'a', "(tsttxssbb)");

        for (size_t i = 0; i < l->n && r >= 0; i++) {
                const ListedSession *s = &l->sessions[i];

                r = sd_bus_message_append(reply, "(tsttxssbb)", (uint64_t) s->id, s->uuid, (uint64_t) s->start_usec,
                                          (uint64_t) s->end_usec, s->utc_offset_s, s->device, s->template,
                                          (int) s->confirmed, (int) s->excluded);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void answer_sessions(RecordAnswer *a, void *userdata) {
        sd_bus_message *reply = NULL;

        int r = a->result < 0 ? a->result : sd_bus_message_new_method_return(userdata, &reply);
        if (r >= 0)
                r = append_sessions(reply, a->list);
        finish(userdata, reply, r);
}

static int append_events(sd_bus_message *reply, const HistoryList *l) {
        int r = sd_bus_message_open_container(reply, 'a', "(tttusttu)");

        for (size_t i = 0; i < l->n && r >= 0; i++) {
                const ListedEvent *e = &l->events[i];

                r = sd_bus_message_append(reply, "(tttusttu)", (uint64_t) e->id, (uint64_t) e->session,
                                          (uint64_t) e->time_usec, e->channel, e->kind, (uint64_t) e->amplitude_nv,
                                          (uint64_t) e->duration_usec, e->discharges);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void answer_events(RecordAnswer *a, void *userdata) {
        sd_bus_message *reply = NULL;

        int r = a->result < 0 ? a->result : sd_bus_message_new_method_return(userdata, &reply);
        if (r >= 0)
                r = append_events(reply, a->list);
        finish(userdata, reply, r);
}

static void answer_waveform(RecordAnswer *a, void *userdata) {
        sd_bus_message *reply = NULL;
        const ListedWaveform *w = a->list->waveform;

        int r = a->result < 0 ? a->result : sd_bus_message_new_method_return(userdata, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "uudd", w->channel, w->before, w->rate_hz, w->lsb_nv);
        if (r >= 0)
                r = sd_bus_message_append_array(reply, 'i', w->samples, w->n * sizeof(w->samples[0]));
        finish(userdata, reply, r);
}

/* --- arguments ------------------------------------------------------------------------ */

static int invalid(sd_bus_error *error, const char *what) {
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s", what);
}

/* As a line that may go anywhere: an import takes no others. -EINVAL and an error if it is longer. */
static int copy_text(char *to, size_t size, const char *from, const char *what, sd_bus_error *error) {
        if (strlen(from) >= size)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s: at most %zu bytes.", what, size - 1);
        (void) utf8_clean(to, size, from, strlen(from));
        return 0;
}

#define COPY_TEXT(to, from, what) copy_text(to, sizeof(to), from, what, error)

static int check_history(void *userdata, sd_bus_error *error) {
        return record(userdata) ? 0 :
               sd_bus_error_set(error, TWITCHD_ERROR("NoHistory"), "This twitchd remembers nothing: it has no $STATE_DIRECTORY.");
}

static int check_time(uint64_t usec, sd_bus_error *error) {
        return usec <= (uint64_t) ENTRY_TIME_USEC_MAX ? 0 :
               invalid(error, "A time is in microseconds since 1970, before the year 2100.");
}

/* The only argument of a call that needs the history */
static int read_number(sd_bus_message *call, void *userdata, uint64_t *ret, sd_bus_error *error) {
        int r = check_history(userdata, error);

        return r < 0 ? r : sd_bus_message_read(call, "t", ret);
}

/* The value of a detail of a{sv}; type: as it has to be. */
static int read_detail(sd_bus_message *m, const char *name, const char *type, void *ret, sd_bus_error *error) {
        int r = sd_bus_message_read(m, "v", type, ret);

        return r == -ENXIO ? sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s has another type.", name) : MIN(r, 0);
}

/* Calls detail() for each of a{sv}, which reads the value with read_detail() and gives 0, or 1 if it knows none such. */
static int read_details(sd_bus_message *m, int (*detail)(sd_bus_message *m, const char *name, void *to, sd_bus_error *error),
                        void *to, sd_bus_error *error) {
        const char *name;

        int r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = detail(m, name, to, error);
                if (r > 0)
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "There is no detail \"%.60s\".", name);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* --- sessions --------------------------------------------------------------------------- */

static int session_detail(sd_bus_message *m, const char *name, void *to, sd_bus_error *error) {
        KeptStart *start = to;
        const char *text;

        if (!streq(name, "device") && !streq(name, "posture") && !streq(name, "note"))
                return 1;
        int r = read_detail(m, name, "s", &text, error);
        if (r < 0)
                return r;
        return streq(name, "device") ? COPY_TEXT(start->identity, text, name) :
               streq(name, "posture") ? COPY_TEXT(start->posture, text, name) : COPY_TEXT(start->note, text, name);
}

static int read_sites(sd_bus_message *m, KeptStart *start, sd_bus_error *error) {
        const char *site, *label;
        uint32_t channel;

        int r = sd_bus_message_enter_container(m, 'a', "(uss)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(uss)", &channel, &site, &label)) > 0) {
                if (start->n_sites == DEVICE_CHANNELS_MAX)
                        return invalid(error, "More sites than a front end has channels.");
                start->sites[start->n_sites].channel = channel;
                r = COPY_TEXT(start->sites[start->n_sites].site, site, "A site");
                if (r >= 0)
                        r = COPY_TEXT(start->sites[start->n_sites].label, label, "A label");
                if (r >= 0 && site[0] && !site_is_valid(site))
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "There is no site \"%.60s\".", site);
                start->n_sites++;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int method_start_session(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        KeptStart start = {};
        const char *template;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "s", &template);
        if (r >= 0)
                r = COPY_TEXT(start.template, template, "A template");
        if (r >= 0)
                r = read_sites(call, &start, error);
        if (r >= 0)
                r = read_details(call, session_detail, &start, error);
        if (r < 0)
                return r;
        record_start_session(record(userdata), &start, answer_session, sd_bus_message_ref(call));
        return 1;
}

static int method_end_session(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int r = check_history(userdata, error);

        if (r < 0)
                return r;
        record_stop_session(record(userdata), answer_session, sd_bus_message_ref(call));
        return 1;
}

static int method_exclude_session(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        char why[ENTRY_TEXT_MAX + 1];
        const char *text;
        uint64_t session;
        int excluded;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "tbs", &session, &excluded, &text);
        if (r >= 0)
                r = COPY_TEXT(why, text, "A reason");
        if (r < 0)
                return r;
        record_exclude_session(record(userdata), (int64_t) session, excluded, why, answer_excluded,
                               sd_bus_message_ref(call));
        return 1;
}

/* What a call is about, from and to, in microseconds of UTC */
static int read_range(sd_bus_message *call, void *userdata, uint64_t *ret_from, uint64_t *ret_to, sd_bus_error *error) {
        int r = check_history(userdata, error);

        if (r >= 0)
                r = sd_bus_message_read(call, "tt", ret_from, ret_to);
        if (r >= 0)
                r = check_time(*ret_from, error);
        return r < 0 ? r : check_time(*ret_to, error);
}

static int method_list_sessions(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t from, to;

        int r = read_range(call, userdata, &from, &to, error);
        if (r < 0)
                return r;
        record_list_sessions(record(userdata), (int64_t) from, (int64_t) to, answer_sessions, sd_bus_message_ref(call));
        return 1;
}

static int method_get_events(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t session, after;
        uint32_t max;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "ttu", &session, &after, &max);
        if (r < 0)
                return r;
        record_list_events(record(userdata), (int64_t) session, (int64_t) after, max, answer_events,
                           sd_bus_message_ref(call));
        return 1;
}

static int method_get_waveform(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t event;

        int r = read_number(call, userdata, &event, error);
        if (r < 0)
                return r;
        record_get_waveform(record(userdata), (int64_t) event, answer_waveform, sd_bus_message_ref(call));
        return 1;
}

/* --- diary ------------------------------------------------------------------------------ */

static int diary_detail(sd_bus_message *m, const char *name, void *to, sd_bus_error *error) {
        DiaryEntry *e = to;
        const char *text;
        uint64_t usec;
        int r;

        if (streq(name, "amount")) {
                e->has_amount = true;
                return read_detail(m, name, "d", &e->amount, error);
        }
        if (streq(name, "text")) {
                r = read_detail(m, name, "s", &text, error);
                return r < 0 ? r : COPY_TEXT(e->text, text, "A note");
        }
        if (streq(name, "end_usec")) {
                r = read_detail(m, name, "t", &usec, error);
                if (r >= 0)
                        r = check_time(usec, error);
                e->end_usec = (int64_t) usec;
                return r;
        }
        return 1;
}

static int read_diary(sd_bus_message *call, DiaryEntry *e, sd_bus_error *error) {
        const char *kind;
        uint64_t usec;

        int r = sd_bus_message_read(call, "st", &kind, &usec);
        if (r >= 0)
                r = COPY_TEXT(e->kind, kind, "A kind");
        if (r >= 0)
                r = check_time(usec, error);
        e->time_usec = (int64_t) usec;
        return r < 0 ? r : read_details(call, diary_detail, e, error);
}

/* replaces: 0 for a new entry */
static int add_diary(sd_bus_message *call, Manager *m, int64_t replaces, sd_bus_error *error) {
        DiaryCall *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        int r = read_diary(call, &c->entry, error);
        if (r < 0) {
                free(c);
                return r;
        }
        c->manager = m;
        c->message = sd_bus_message_ref(call);
        record_add_diary(m->record, &c->entry, replaces, answer_diary, c);
        return 1;
}

static int method_add_diary(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int r = check_history(userdata, error);

        return r < 0 ? r : add_diary(call, userdata, 0, error);
}

static int method_replace_diary(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t id;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "t", &id);
        if (r >= 0 && id == 0)
                return invalid(error, "Entries count from 1.");
        return r < 0 ? r : add_diary(call, userdata, (int64_t) id, error);
}

static int method_remove_diary(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t id;

        int r = read_number(call, userdata, &id, error);
        if (r < 0)
                return r;
        record_remove_diary(record(userdata), (int64_t) id, answer_removed, sd_bus_message_ref(call));
        return 1;
}

static int method_add_kind(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        char name[ENTRY_WORD_MAX], unit[ENTRY_WORD_MAX], text[ENTRY_TEXT_MAX + 1];
        const char *n, *u, *t;
        uint32_t window_s;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "ssus", &n, &u, &window_s, &t);
        if (r >= 0)
                r = COPY_TEXT(name, n, "A name");
        if (r >= 0)
                r = COPY_TEXT(unit, u, "A unit");
        if (r >= 0)
                r = COPY_TEXT(text, t, "A description");
        if (r < 0)
                return r;
        record_add_kind(record(userdata), name, unit, window_s, text, answer_removed, sd_bus_message_ref(call));
        return 1;
}

static int method_mark_felt(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        FeltCall felt = { .manager = userdata, .message = call, .boottime_usec = record_now_usec() };
        const char *text;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "s", &text);
        if (r >= 0)
                r = COPY_TEXT(felt.site, text, "A site");
        if (r < 0)
                return r;
        FeltCall *c = malloc(sizeof(*c));
        if (!c)
                return -ENOMEM;
        *c = felt;
        sd_bus_message_ref(call);
        record_mark_felt(record(userdata), c->site, "person", answer_felt, c);
        return 1;
}

/* --- all of it ---------------------------------------------------------------------------- */

static int method_delete(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t from, to;

        int r = read_range(call, userdata, &from, &to, error);
        if (r < 0)
                return r;
        record_delete(record(userdata), (int64_t) from, (int64_t) to, answer_deleted, sd_bus_message_ref(call));
        return 1;
}

static int method_open_snapshot(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int r = check_history(userdata, error);

        if (r < 0)
                return r;
        record_open_snapshot(record(userdata), answer_snapshot, sd_bus_message_ref(call));
        return 1;
}

static int method_import(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int fd;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "h", &fd);
        if (r < 0)
                return r;
        record_import(record(userdata), fd, answer_import, sd_bus_message_ref(call));
        return 1;
}

static int method_open_recording(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        uint64_t id;

        int r = read_number(call, userdata, &id, error);
        if (r < 0)
                return r;
        record_open_recording(record(userdata), (int64_t) id, answer_snapshot, sd_bus_message_ref(call));
        return 1;
}

static int method_check(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int r = check_history(userdata, error);

        if (r < 0)
                return r;
        record_check(record(userdata), answer_check, sd_bus_message_ref(call));
        return 1;
}

/* --- questions, bets, experiments ----------------------------------------------------------- */

static int method_ask(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        char kind[ENTRY_WORD_MAX];
        const char *text;
        int asked;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "sb", &text, &asked);
        if (r >= 0)
                r = COPY_TEXT(kind, text, "A kind");
        if (r < 0)
                return r;
        record_ask(record(userdata), kind, asked, answer_nothing, sd_bus_message_ref(call));
        return 1;
}

static int method_add_bet(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const char *kind, *site, *exposed, *other;
        uint64_t floor_nv;
        Bet b = {};

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "sssstdd", &kind, &site, &exposed, &other, &floor_nv, &b.log_ratio,
                                        &b.log_wealth);
        if (r >= 0)
                r = COPY_TEXT(b.kind, kind, "A kind");
        if (r >= 0)
                r = COPY_TEXT(b.site, site, "A site");
        if (r >= 0)
                r = COPY_TEXT(b.exposed, exposed, "A session");
        if (r >= 0)
                r = COPY_TEXT(b.other, other, "A session");
        if (r < 0)
                return r;
        b.floor_nv = (int64_t) floor_nv;
        record_add_bet(record(userdata), &b, answer_nothing, sd_bus_message_ref(call));
        return 1;
}

static int method_add_trial(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const char *kind, *site, *coins, *seal;
        uint32_t blocks, washout_s;
        Trial t = {};

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "ssuuss", &kind, &site, &blocks, &washout_s, &coins, &seal);
        if (r >= 0)
                r = COPY_TEXT(t.kind, kind, "A kind");
        if (r >= 0)
                r = COPY_TEXT(t.site, site, "A site");
        if (r >= 0)
                r = COPY_TEXT(t.coins, coins, "The coins");
        if (r >= 0)
                r = COPY_TEXT(t.seal, seal, "A seal");
        if (r < 0)
                return r;
        t.blocks = blocks;
        t.washout_s = washout_s;
        record_add_trial(record(userdata), &t, answer_number, sd_bus_message_ref(call));
        return 1;
}

static int method_add_trial_act(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const char *act, *arm, *session, *why;
        TrialAct a = {};
        uint64_t trial;
        uint32_t block;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "tussss", &trial, &block, &act, &arm, &session, &why);
        if (r >= 0)
                r = COPY_TEXT(a.act, act, "An act");
        if (r >= 0)
                r = COPY_TEXT(a.arm, arm, "An arm");
        if (r >= 0)
                r = COPY_TEXT(a.session, session, "A session");
        if (r >= 0)
                r = COPY_TEXT(a.why, why, "A reason");
        if (r < 0)
                return r;
        a.trial = (int64_t) trial;
        a.block = block;
        record_add_trial_act(record(userdata), &a, answer_nothing, sd_bus_message_ref(call));
        return 1;
}

static int method_add_look(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        double p, log_ratio;
        uint32_t blocks;
        uint64_t trial;

        int r = check_history(userdata, error);
        if (r >= 0)
                r = sd_bus_message_read(call, "tudd", &trial, &blocks, &p, &log_ratio);
        if (r < 0)
                return r;
        record_add_look(record(userdata), (int64_t) trial, blocks, p, log_ratio, answer_nothing, sd_bus_message_ref(call));
        return 1;
}

/* Who may call at all is the decision of the bus policy: see manager-bus.c. */
#define METHOD SD_BUS_METHOD_WITH_ARGS
#define GROUP SD_BUS_VTABLE_UNPRIVILEGED

const sd_bus_vtable history_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("File", "s", get_file, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("DamagedFile", "s", get_damaged_file, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Waiting", "t", get_waiting, 0, 0),
        SD_BUS_PROPERTY("Lost", "t", get_lost_records, 0, 0),
        SD_BUS_PROPERTY("Commits", "t", get_commits, 0, 0),
        METHOD("StartSession", SD_BUS_ARGS("s", template, "a(uss)", sites, "a{sv}", details), SD_BUS_RESULT("t", session), method_start_session, GROUP),
        METHOD("EndSession", SD_BUS_NO_ARGS, SD_BUS_RESULT("t", session), method_end_session, GROUP),
        METHOD("ExcludeSession", SD_BUS_ARGS("t", session, "b", excluded, "s", why), SD_BUS_NO_RESULT, method_exclude_session, GROUP),
        METHOD("ListSessions", SD_BUS_ARGS("t", from_usec, "t", to_usec), SD_BUS_RESULT("a(tsttxssbb)", sessions), method_list_sessions, GROUP),
        METHOD("GetEvents", SD_BUS_ARGS("t", session, "t", after_id, "u", max), SD_BUS_RESULT("a(tttusttu)", events), method_get_events, GROUP),
        METHOD("GetWaveform", SD_BUS_ARGS("t", event),
               SD_BUS_RESULT("u", channel, "u", before, "d", rate_hz, "d", lsb_nv, "ai", samples),
               method_get_waveform, GROUP),
        METHOD("AddDiary", SD_BUS_ARGS("s", kind, "t", time_usec, "a{sv}", details), SD_BUS_RESULT("t", id), method_add_diary, GROUP),
        METHOD("ReplaceDiary", SD_BUS_ARGS("t", replaces, "s", kind, "t", time_usec, "a{sv}", details), SD_BUS_RESULT("t", id),
               method_replace_diary, GROUP),
        METHOD("RemoveDiary", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT, method_remove_diary, GROUP),
        METHOD("AddKind", SD_BUS_ARGS("s", name, "s", unit, "u", window_s, "s", description), SD_BUS_NO_RESULT, method_add_kind, GROUP),
        METHOD("MarkFelt", SD_BUS_ARGS("s", site), SD_BUS_RESULT("t", id), method_mark_felt, GROUP),
        METHOD("Delete", SD_BUS_ARGS("t", from_usec, "t", to_usec), SD_BUS_RESULT("t", sessions), method_delete, GROUP),
        METHOD("OpenSnapshot", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", database), method_open_snapshot, GROUP),
        METHOD("Import", SD_BUS_ARGS("h", file),
               SD_BUS_RESULT("t", sessions, "t", diary, "t", felt, "t", others, "t", known, "t", unfinished,
                             "t", recordings), method_import, GROUP),
        METHOD("OpenRecording", SD_BUS_ARGS("t", id), SD_BUS_RESULT("h", file), method_open_recording,
               GROUP),
        METHOD("Check", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", intact, "s", found, "t", wrong_sessions), method_check, GROUP),
        METHOD("Ask", SD_BUS_ARGS("s", kind, "b", asked), SD_BUS_NO_RESULT, method_ask, GROUP),
        METHOD("AddBet", SD_BUS_ARGS("s", kind, "s", site, "s", session_exposed, "s", session_other, "t", floor_nv,
                            "d", log_ratio, "d", log_wealth), SD_BUS_NO_RESULT, method_add_bet, GROUP),
        METHOD("AddTrial", SD_BUS_ARGS("s", kind, "s", site, "u", blocks, "u", washout_s, "s", coins, "s", seal), SD_BUS_RESULT("t", trial),
               method_add_trial, GROUP),
        METHOD("AddTrialAct", SD_BUS_ARGS("t", trial, "u", block, "s", act, "s", arm, "s", session, "s", why), SD_BUS_NO_RESULT,
               method_add_trial_act, GROUP),
        METHOD("AddLook", SD_BUS_ARGS("t", trial, "u", blocks, "d", p, "d", log_ratio), SD_BUS_NO_RESULT, method_add_look, GROUP),
        SD_BUS_SIGNAL("SessionsChanged", "", 0),
        SD_BUS_SIGNAL("DiaryChanged", "", 0),
        SD_BUS_VTABLE_END,
};

void bus_history_changed(sd_bus *bus) {
        (void) sd_bus_emit_properties_changed(bus, TWITCHD_HISTORY_PATH, TWITCHD_HISTORY_INTERFACE, "State",
                                              "DamagedFile", NULL);
}
