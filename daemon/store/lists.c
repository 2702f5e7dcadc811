/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy.h"
#include "lists.h"

static void read_session(sqlite3_stmt *q, ListedSession *s) {
        s->id = sqlite3_column_int64(q, 0);
        s->start_usec = sqlite3_column_int64(q, 1);
        s->end_usec = sqlite3_column_int64(q, 2);
        s->utc_offset_s = sqlite3_column_int64(q, 3);
        snprintf(s->uuid, sizeof(s->uuid), "%s", sql_text(q, 4));
        snprintf(s->device, sizeof(s->device), "%s", sql_text(q, 5));
        snprintf(s->template, sizeof(s->template), "%s", sql_text(q, 6));
        s->confirmed = sqlite3_column_int(q, 7);
        s->excluded = sqlite3_column_int(q, 8);
}

int history_list_sessions(const Keeper *k, int64_t from_usec, int64_t to_usec, HistoryList *ret) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        *ret = (HistoryList) {};
        int r = history_open_beside(k, &s);
        if (r >= 0)
                r = sql_query(s, &q, "SELECT s.id, start_usec, coalesce(end_usec, 0), utc_offset_s, uuid, d.name, template,"
                                     " confirmed, excluded FROM session s JOIN device d ON d.id = s.device"
                                     " WHERE start_usec >= ?1 AND start_usec < ?2 ORDER BY start_usec, s.id LIMIT ?3",
                              "iii", from_usec, to_usec, (int64_t) HISTORY_LIST_MAX);
        if (r < 0)
                return r;
        ret->sessions = calloc(HISTORY_LIST_MAX, sizeof(*ret->sessions));
        if (!ret->sessions)
                return -ENOMEM;
        while ((r = sql_next(q)) > 0)
                read_session(q, &ret->sessions[ret->n++]);
        return r;
}

static void read_event(sqlite3_stmt *q, ListedEvent *e) {
        e->id = sqlite3_column_int64(q, 0);
        e->session = sqlite3_column_int64(q, 1);
        e->time_usec = sqlite3_column_int64(q, 2);
        e->duration_usec = sqlite3_column_int64(q, 3);
        e->channel = (uint32_t) sqlite3_column_int64(q, 4);
        snprintf(e->kind, sizeof(e->kind), "%s", sql_text(q, 5));
        e->amplitude_nv = sqlite3_column_int64(q, 6);
        e->discharges = (uint32_t) sqlite3_column_int64(q, 7);
}

int history_list_events(const Keeper *k, int64_t session, int64_t after_id, unsigned max, HistoryList *ret) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        *ret = (HistoryList) {};
        max = MIN(max, HISTORY_LIST_MAX);
        int r = history_open_beside(k, &s);
        if (r >= 0)
                r = sql_query(s, &q, "SELECT e.id, e.session, e.boottime_usec + b.utc_minus_boottime_usec, e.duration_usec,"
                                     " e.channel, e.kind, e.amplitude_nv, e.discharges"
                                     " FROM event e JOIN session s ON s.id = e.session JOIN boot b ON b.id = s.boot"
                                     " WHERE e.id > ?2 AND (?1 = 0 OR e.session = ?1) ORDER BY e.id LIMIT ?3",
                              "iii", session, after_id, (int64_t) max);
        if (r < 0)
                return r;
        ret->events = calloc(MAX(max, 1u), sizeof(*ret->events));
        if (!ret->events)
                return -ENOMEM;
        while ((r = sql_next(q)) > 0)
                read_event(q, &ret->events[ret->n++]);
        return r;
}

static int read_waveform(sqlite3_stmt *q, ListedWaveform **ret) {
        const uint8_t *bytes = sqlite3_column_blob(q, 4);
        size_t n = (size_t) sqlite3_column_bytes(q, 4) / 3;
        ListedWaveform *w = malloc(sizeof(*w) + n * sizeof(w->samples[0]));

        if (!w)
                return -ENOMEM;
        *w = (ListedWaveform) {
                .channel = (uint32_t) sqlite3_column_int64(q, 0),
                .before = (uint32_t) sqlite3_column_int64(q, 1),
                .rate_hz = (double) sqlite3_column_int64(q, 2) / 1e3,
                .lsb_nv = (double) sqlite3_column_int64(q, 3) / 1e3,
                .n = n,
        };
        for (size_t i = 0; i < n; i++) {
                const uint8_t *b = bytes + 3 * i;

                w->samples[i] = (int32_t) ((uint32_t) b[0] << 8 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 24) >> 8;
        }
        *ret = w;
        return 0;
}

int history_get_waveform(const Keeper *k, int64_t event, HistoryList *ret) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        *ret = (HistoryList) {};
        int r = history_open_beside(k, &s);
        if (r >= 0)
                r = sql_query(s, &q, "SELECT w.channel, w.before, w.rate_mhz, w.lsb_pv, w.samples"
                                     " FROM event e JOIN waveform w ON w.event = e.id AND w.channel = e.channel"
                                     " WHERE e.id = ?1", "i", event);
        if (r >= 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        return read_waveform(q, &ret->waveform);
}

void history_list_done(HistoryList *l) {
        free(l->sessions);
        free(l->events);
        free(l->waveform);
        *l = (HistoryList) {};
}
