/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <math.h>

#include "keeper.h"
#include "recordings.h"
#include "rollup.h"

/* A clock that was wrong by this much had not been set at all, and so its zone was that of another season or year. */
#define UNSET_CLOCK_USEC ((int64_t) (86400 * USEC_PER_SEC))
/* Scans lost within a minute are one row. */
#define LOSS_USEC (60 * USEC_PER_SEC)

static int64_t nano(double micro) {
        return llround(micro * 1e3);
}

static int64_t boottime_now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        return (int64_t) ts.tv_sec * (int64_t) USEC_PER_SEC + ts.tv_nsec / (int64_t) NSEC_PER_USEC;
}

bool keeper_is_stopping(const Keeper *k) {
        return __atomic_load_n(k->stopping, __ATOMIC_RELAXED);
}

int64_t keeper_now_usec(const Keeper *k) {
        return boottime_now_usec() + k->state.clock.utc_minus_boottime_usec;
}

static int64_t utc(const Keeper *k, usec_t boottime_usec) {
        return (int64_t) boottime_usec + k->state.clock.utc_minus_boottime_usec;
}

static KeeperDevice* find_source(Keeper *k, uint64_t source) {
        for (size_t i = 0; i < KEEPER_DEVICES_MAX; i++)
                if (k->state.devices[i].source == source)
                        return &k->state.devices[i];
        return NULL;
}

static const KeptDevice* about(const Keeper *k, const KeeperDevice *d) {
        return &k->about[d - k->state.devices];
}

/* Which session was at that time: of several, the latest that had begun. */
static const KeeperSession* session_at(const KeeperDevice *d, usec_t boottime_usec) {
        for (unsigned i = 0; i < d->n_sessions; i++)
                if (d->sessions[i].start_usec <= boottime_usec)
                        return &d->sessions[i];
        return d->n_sessions > 0 ? &d->sessions[d->n_sessions - 1] : NULL;
}

/* --- clock ---------------------------------------------------------------------- */

static int mend_times(Keeper *k, const KeptClock *c, int64_t step_usec) {
        _cleanup_sql_ sqlite3_stmt *sessions = NULL;
        int64_t boot = k->state.boot;

        int r = sql_run(k->sql, "UPDATE boot SET utc_minus_boottime_usec = ?2 WHERE id = ?1",
                        "ii", boot, c->utc_minus_boottime_usec);
        if (r >= 0)
                r = sql_run(k->sql, "UPDATE session SET start_usec = start_boottime_usec + ?2,"
                                    " end_usec = end_boottime_usec + ?2 WHERE boot = ?1",
                            "ii", boot, c->utc_minus_boottime_usec);
        if (r >= 0)
                r = sql_run(k->sql, "UPDATE felt SET time_usec = boottime_usec + ?2 WHERE boot = ?1",
                            "ii", boot, c->utc_minus_boottime_usec);
        if (r >= 0)
                r = sql_run(k->sql, "UPDATE diary SET logged_usec = boottime_usec + ?2 WHERE boot = ?1",
                            "ii", boot, c->utc_minus_boottime_usec);
        if (r >= 0 && llabs(step_usec) >= UNSET_CLOCK_USEC) {
                r = sql_run(k->sql, "UPDATE clock SET utc_offset_s = ?2 WHERE boot = ?1", "ii", boot, c->utc_offset_s);
                if (r >= 0)
                        r = sql_run(k->sql, "UPDATE session SET utc_offset_s = ?2 WHERE boot = ?1",
                                    "ii", boot, c->utc_offset_s);
                if (r >= 0)
                        r = sql_run(k->sql, "UPDATE felt SET utc_offset_s = ?2 WHERE boot = ?1",
                                    "ii", boot, c->utc_offset_s);
        }
        if (r >= 0)
                r = sql_query(k->sql, &sessions, "SELECT id FROM session WHERE boot = ?1", "i", boot);
        while (r >= 0 && (r = sql_next(sessions)) > 0)
                r = rollup_rebuild(k->sql, sqlite3_column_int64(sessions, 0));
        return r;
}

static int add_clock_row(Keeper *k, const KeptClock *c, const char *cause) {
        return sql_run(k->sql, "INSERT INTO clock (boot, boottime_usec, utc_minus_boottime_usec, utc_offset_s, cause)"
                               " VALUES (?, ?, ?, ?, ?)",
                       "iiiis", k->state.boot, (int64_t) c->boottime_usec, c->utc_minus_boottime_usec,
                       c->utc_offset_s, cause);
}

int keep_clock(Keeper *k, const KeptClock *c) {
        int64_t step = c->utc_minus_boottime_usec - k->state.clock.utc_minus_boottime_usec;
        bool zone = c->utc_offset_s != k->state.clock.utc_offset_s;
        int r = 0;

        if (step == 0 && !zone)
                return 0;
        r = add_clock_row(k, c, step != 0 ? "step" : "zone");
        if (r >= 0 && step != 0)
                r = mend_times(k, c, step);
        if (r >= 0)
                k->state.clock = *c;
        return r;
}

/* --- sessions -------------------------------------------------------------------- */

/* The placement of the last session of this device, for the channels it has now. */
static int copy_placement(Keeper *k, const KeeperDevice *d, int64_t session, int64_t last) {
        const KeptDevice *a = about(k, d);
        int r = 0;

        for (unsigned c = 0; c < a->n_channels && r >= 0; c++) {
                const char *label = a->channels[c].label;

                r = sql_run(k->sql, "INSERT INTO placement (session, channel, site, label, gain, lsb_pv)"
                                    " SELECT ?1, ?2, (SELECT site FROM placement WHERE session = ?6 AND channel = ?2),"
                                    " coalesce((SELECT label FROM placement WHERE session = ?6 AND channel = ?2), ?3),"
                                    " ?4, ?5",
                            "iisiii", session, (int64_t) c + 1, label[0] ? label : NULL,
                            (int64_t) a->channels[c].gain, llround(a->channels[c].lsb_uv * 1e6), last);
        }
        return r;
}

static void remember_session(KeeperDevice *d, int64_t id, usec_t start_usec, bool confirmed) {
        memmove(&d->sessions[1], &d->sessions[0], (KEEPER_SESSIONS_KEPT - 1) * sizeof(d->sessions[0]));
        d->sessions[0] = (KeeperSession) { .id = id, .start_usec = start_usec, .confirmed = confirmed };
        d->n_sessions = MIN(d->n_sessions + 1, KEEPER_SESSIONS_KEPT);
        memset(d->n_waveforms, 0, sizeof(d->n_waveforms));
}

static int last_session(Keeper *k, int64_t device, int64_t *ret) {
        int r = sql_int(k->sql, ret, "SELECT max(id) FROM session WHERE device = ?1", "i", device);

        if (r == -ENOENT) {
                *ret = 0;
                return 0;
        }
        return r;
}

static int add_session(Keeper *k, KeeperDevice *d, usec_t boottime_usec, const KeptStart *start,
                       int64_t *ret_session) {
        const KeptDevice *a = about(k, d);
        int64_t last = 0;

        int r = last_session(k, d->device, &last);
        if (r < 0)
                return r;
        r = sql_run(k->sql, "INSERT INTO session (uuid, device, software, boot, start_boottime_usec, start_usec,"
                            " utc_offset_s, template, posture, note, confirmed, false_alarms_per_hour, rate_mhz)"
                            " VALUES (lower(hex(randomblob(16))), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "iiiiiisssidi", d->device, k->state.software, k->state.boot, (int64_t) boottime_usec,
                    utc(k, boottime_usec), k->state.clock.utc_offset_s,
                    start && start->template[0] ? start->template : NULL,
                    start && start->posture[0] ? start->posture : NULL,
                    start && start->note[0] ? start->note : NULL,
                    (int64_t) (start != NULL), a->false_alarms_per_hour, llround(a->rate_hz * 1e3));
        if (r < 0)
                return r;
        int64_t id = sqlite3_last_insert_rowid(k->sql->db);
        r = copy_placement(k, d, id, last);
        if (r < 0)
                return r;
        remember_session(d, id, boottime_usec, start != NULL);
        if (ret_session)
                *ret_session = id;
        return 0;
}

static int end_session(Keeper *k, const KeeperSession *session, usec_t boottime_usec, const char *why) {
        usec_t end = MAX(boottime_usec, session->start_usec);

        return sql_run(k->sql, "UPDATE session SET end_boottime_usec = ?2, end_usec = ?3, ended = ?4 WHERE id = ?1",
                       "iiis", session->id, (int64_t) end, utc(k, end), why);
}

static int next_session(Keeper *k, KeeperDevice *d, usec_t boottime_usec, const char *why, const KeptStart *start,
                        int64_t *ret_session) {
        int r = d->n_sessions > 0 ? end_session(k, &d->sessions[0], boottime_usec, why) : 0;

        return r < 0 ? r : add_session(k, d, boottime_usec, start, ret_session);
}

/*
 * The device was away for a moment only, with nobody having ended the session: the new one has what a person said
 * of the old one. It is another one all the same, because the numbers of units start anew.
 */
static int take_up_session(Keeper *k, KeeperDevice *d, int64_t last, usec_t boottime_usec) {
        int64_t id = d->sessions[0].id, confirmed = 0;

        int r = sql_run(k->sql, "UPDATE session SET (template, posture, note, confirmed, continues) ="
                                " (SELECT template, posture, note, confirmed, id FROM session WHERE id = ?2)"
                                " WHERE id = ?1 AND EXISTS (SELECT 1 FROM session WHERE id = ?2 AND boot = ?3"
                                " AND ended IN ('interrupted', 'shutdown', 'failed', 'next') AND end_boottime_usec + ?5 > ?4)",
                        "iiiii", id, last, k->state.boot, (int64_t) boottime_usec, (int64_t) KEEPER_CONTINUES_USEC);
        if (r >= 0)
                r = sql_int(k->sql, &confirmed, "SELECT confirmed FROM session WHERE id = ?1", "i", id);
        if (r >= 0)
                d->sessions[0].confirmed = confirmed != 0;
        return r;
}

static int find_or_add(Keeper *k, const char *add, const char *find, const char *a, const char *b, int64_t *ret) {
        int r = sql_run(k->sql, add, b ? "ss" : "s", a, b);

        return r < 0 ? r : sql_int(k->sql, ret, find, "s", a);
}

static int begin_device(Keeper *k, KeeperDevice *d) {
        const KeptDevice *a = about(k, d);
        int64_t last = 0;

        int r = find_or_add(k, "INSERT INTO device (identity, name) VALUES (?1, ?2)"
                               " ON CONFLICT (identity) DO UPDATE SET name = excluded.name",
                            "SELECT id FROM device WHERE identity = ?1", a->identity, a->name, &d->device);
        if (r >= 0)
                r = last_session(k, d->device, &last);
        if (r >= 0)
                r = add_session(k, d, a->boottime_usec, NULL, NULL);
        if (r >= 0 && last > 0)
                r = take_up_session(k, d, last, a->boottime_usec);
        return r;
}

int keep_device(Keeper *k, const KeptDevice *device) {
        KeeperDevice *d = find_source(k, 0);

        assert(device->source != 0);
        if (!d)
                return -E2BIG;
        k->about[d - k->state.devices] = *device;
        *d = (KeeperDevice) { .source = device->source };
        return begin_device(k, d);
}

int keep_device_end(Keeper *k, uint64_t source, usec_t boottime_usec, const char *why) {
        KeeperDevice *d = find_source(k, source);
        int r;

        if (!d)
                return 0;
        r = d->n_sessions > 0 ? end_session(k, &d->sessions[0], boottime_usec, why) : 0;
        if (r >= 0)
                *d = (KeeperDevice) {};
        return r;
}

static int set_sites(Keeper *k, int64_t session, const KeptStart *start) {
        int r = 0;

        for (unsigned i = 0; i < start->n_sites && r >= 0; i++)
                r = sql_run(k->sql, "UPDATE placement SET site = nullif(?3, ''), label = coalesce(nullif(?4, ''), label)"
                                    " WHERE session = ?1 AND channel = ?2",
                            "iiss", session, (int64_t) start->sites[i].channel, start->sites[i].site,
                            start->sites[i].label);
        return r;
}

static int find_device(Keeper *k, const KeptStart *start, KeeperDevice **ret) {
        KeeperDevice *found = NULL;

        for (size_t i = 0; i < KEEPER_DEVICES_MAX; i++) {
                KeeperDevice *d = &k->state.devices[i];

                if (d->source == 0)
                        continue;
                if (start->identity[0] && !streq(start->identity, k->about[i].identity) &&
                    !streq(start->identity, k->about[i].name))
                        continue;
                if (found)
                        return -ENOTUNIQ;
                found = d;
        }
        *ret = found;
        return found ? 0 : -ENODEV;
}

int keep_session_start(Keeper *k, const KeptStart *start, int64_t *ret_session) {
        KeeperDevice *d;
        int64_t id = 0;

        int r = find_device(k, start, &d);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < start->n_sites; i++)
                if (start->sites[i].channel < 1 || start->sites[i].channel > about(k, d)->n_channels)
                        return -EINVAL;
        r = next_session(k, d, start->boottime_usec, "next", start, &id);
        if (r >= 0)
                r = set_sites(k, id, start);
        if (r >= 0)
                *ret_session = id;
        return r;
}

int keep_session_stop(Keeper *k, usec_t boottime_usec, int64_t *ret_session) {
        int r = -ESRCH;

        for (size_t i = 0; i < KEEPER_DEVICES_MAX; i++) {
                KeeperDevice *d = &k->state.devices[i];

                if (d->source == 0 || d->n_sessions == 0 || !d->sessions[0].confirmed)
                        continue;
                *ret_session = d->sessions[0].id;
                r = next_session(k, d, boottime_usec, "stopped", NULL, NULL);
                if (r < 0)
                        return r;
        }
        return r;
}

/* --- the file ----------------------------------------------------------------------- */

/* The service or the machine went down: the end is what is known last. */
static int close_interrupted(Keeper *k) {
        return sql_run(k->sql,
                       "UPDATE session SET (end_boottime_usec, end_usec, ended) = ("
                       " SELECT t, t + (SELECT utc_minus_boottime_usec FROM boot b WHERE b.id = session.boot), 'interrupted'"
                       " FROM (SELECT max(session.start_boottime_usec,"
                       "  coalesce((SELECT max(boottime_usec + length_usec) FROM minute WHERE session = session.id), 0),"
                       "  coalesce((SELECT max(boottime_usec) FROM event WHERE session = session.id), 0)) AS t))"
                       " WHERE end_boottime_usec IS NULL", "");
}

static int begin_boot(Keeper *k) {
        KeeperState *s = &k->state;
        KeptClock now = s->clock;

        int r = sql_run(k->sql, "INSERT INTO boot (uuid, utc_minus_boottime_usec) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                        "si", k->boot_id, now.utc_minus_boottime_usec);
        if (r >= 0)
                r = sql_int(k->sql, &s->boot, "SELECT id FROM boot WHERE uuid = ?1", "s", k->boot_id);
        if (r < 0)
                return r;

        r = sql_int(k->sql, &s->clock.utc_offset_s, "SELECT utc_offset_s FROM clock WHERE boot = ?1"
                    " ORDER BY boottime_usec DESC, id DESC LIMIT 1", "i", s->boot);
        if (r == -ENOENT)
                return add_clock_row(k, &now, "start");
        if (r >= 0)
                r = sql_int(k->sql, &s->clock.utc_minus_boottime_usec,
                            "SELECT utc_minus_boottime_usec FROM boot WHERE id = ?1", "i", s->boot);
        /* What the clock did while nobody looked */
        if (r >= 0 && llabs(now.utc_minus_boottime_usec - s->clock.utc_minus_boottime_usec) < KEEPER_STEP_USEC_MIN)
                now.utc_minus_boottime_usec = s->clock.utc_minus_boottime_usec;
        return r < 0 ? r : keep_clock(k, &now);
}

int keeper_begin(Keeper *k) {
        int r = close_interrupted(k);

        if (r >= 0)
                r = find_or_add(k, "INSERT INTO software (version) VALUES (?1) ON CONFLICT DO NOTHING",
                                "SELECT id FROM software WHERE version = ?1", TWITCHD_VERSION, NULL, &k->state.software);
        if (r >= 0)
                r = begin_boot(k);
        if (r >= 0)
                r = recordings_mend(k);
        for (size_t i = 0; i < KEEPER_DEVICES_MAX && r >= 0; i++) {
                KeeperDevice *d = &k->state.devices[i];

                if (d->source == 0)
                        continue;
                d->n_sessions = 0;
                k->about[i].boottime_usec = (usec_t) boottime_now_usec();
                r = begin_device(k, d);
        }
        return r;
}

int keep_incident(Keeper *k, const char *what, uint64_t n_lost, const char *text) {
        return sql_run(k->sql, "INSERT INTO incident (time_usec, what, n_lost, text) VALUES (?, ?, ?, ?)",
                       "isis", keeper_now_usec(k), what, (int64_t) n_lost, text);
}

/* --- what was measured ------------------------------------------------------------------ */

static int add_other_channels(Keeper *k, int64_t event, const KeptEvent *e) {
        static const char add[] = "INSERT OR IGNORE INTO event_channel VALUES (?, ?, ?)";
        int r = 0;

        for (unsigned i = 1; i < e->n_channels && r >= 0; i++) {
                int64_t channel = e->channels[i].channel;
                double lag = e->channels[i].lag_usec;

                r = isnan(lag) ? sql_run(k->sql, add, "iin", event, channel) :
                                 sql_run(k->sql, add, "iii", event, channel, llround(lag));
        }
        return r;
}

static int add_waveform(Keeper *k, KeeperDevice *d, int64_t event, const KeptEvent *e) {
        uint8_t *n = &d->n_waveforms[(e->unit + 37 * e->channels[0].channel) % KEEPER_UNITS];
        uint8_t bytes[3 * KEPT_SAMPLES_MAX];

        if (e->n_samples == 0 || e->n_samples > KEPT_SAMPLES_MAX || *n >= KEEPER_WAVEFORMS)
                return 0;
        for (size_t i = 0; i < e->n_samples; i++) {
                uint32_t v = (uint32_t) e->samples[i];

                bytes[3 * i] = (uint8_t) v;
                bytes[3 * i + 1] = (uint8_t) (v >> 8);
                bytes[3 * i + 2] = (uint8_t) (v >> 16);
        }
        int r = sql_run(k->sql, "INSERT INTO waveform VALUES (?, ?, ?, ?, ?, ?)", "iiiiib", event,
                        (int64_t) e->channels[0].channel, llround(e->rate_hz * 1e3), (int64_t) e->n_before,
                        llround(e->lsb_uv * 1e6), bytes, (size_t) (3 * e->n_samples));
        if (r >= 0)
                ++*n;
        return r;
}

int keep_event(Keeper *k, const KeptEvent *e) {
        KeeperDevice *d = find_source(k, e->source);
        const KeeperSession *session = d ? session_at(d, e->boottime_usec) : NULL;

        assert(e->n_channels > 0);
        if (!session)
                return -ENODEV;
        int r = sql_run(k->sql, "INSERT INTO event (session, boottime_usec, onset_usec, duration_usec, channel, kind,"
                                " amplitude_nv, snr_milli, discharges, unit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        "iiiiisiiii", session->id, (int64_t) e->boottime_usec, (int64_t) e->onset_usec,
                        (int64_t) e->duration_usec, (int64_t) e->channels[0].channel, e->kind, nano(e->amplitude_uv),
                        llround(e->snr * 1e3), (int64_t) e->discharges, (int64_t) e->unit);
        if (r < 0)
                return r;
        int64_t id = sqlite3_last_insert_rowid(k->sql->db);
        r = add_other_channels(k, id, e);
        if (r >= 0)
                r = add_waveform(k, d, id, e);
        return r < 0 ? r : rollup_add_late_event(k->sql, id);
}

static int add_excluded(Keeper *k, int64_t session, const KeptMinute *m) {
        int r = 0;

        for (unsigned i = 0; i < m->n_excluded && r >= 0; i++)
                r = sql_run(k->sql, "INSERT INTO minute_excluded VALUES (?, ?, ?, ?, ?)", "iiisi", session,
                            (int64_t) m->channel, (int64_t) m->boottime_usec, m->excluded[i].cause,
                            llround(m->excluded[i].excluded_s * 1e6));
        return r;
}

/* A change of session within a minute: its twitches are those of two placements, or of two people. */
static bool is_cut(const KeeperDevice *d, const KeptMinute *m) {
        /* the first session of all cuts nothing */
        for (unsigned i = 0; i + 1 < d->n_sessions; i++)
                if (d->sessions[i].start_usec > m->boottime_usec &&
                    d->sessions[i].start_usec < m->boottime_usec + m->length_usec)
                        return true;
        return false;
}

static int add_minute(Keeper *k, const KeeperDevice *d, int64_t session, const KeptMinute *m) {
        int r = sql_run(k->sql, "INSERT INTO minute VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, -1),"
                                " nullif(?7, -1), ?8, ?9, ?10, ?11)",
                        "iiiiiiiiiii", session, (int64_t) m->channel, (int64_t) m->boottime_usec,
                        (int64_t) m->length_usec, llround(m->exposure_s * 1e6),
                        isnan(m->noise_uv) ? INT64_C(-1) : nano(m->noise_uv),
                        isnan(m->floor_uv) ? INT64_C(-1) : nano(m->floor_uv), (int64_t) m->events,
                        (int64_t) m->twitches, (int64_t) m->voluntary, (int64_t) is_cut(d, m));
        if (r >= 0)
                r = add_excluded(k, session, m);
        return r < 0 ? r : rollup_add_minute(k->sql, session, m->channel, (int64_t) m->boottime_usec);
}

/* The next begins with the minute that comes, so that none is cut: what was already told of that is the next one's. */
static int limit_session(Keeper *k, KeeperDevice *d, usec_t boottime_usec) {
        int64_t before = d->sessions[0].id, id = 0;

        if (d->sessions[0].confirmed || boottime_usec < d->sessions[0].start_usec + KEEPER_UNCONFIRMED_USEC)
                return 0;
        int r = next_session(k, d, boottime_usec, "limit", NULL, &id);
        return r < 0 ? r : sql_run(k->sql, "UPDATE event SET session = ?1 WHERE session = ?2 AND boottime_usec >= ?3",
                                   "iii", id, before, (int64_t) boottime_usec);
}

int keep_minute(Keeper *k, const KeptMinute *m) {
        KeeperDevice *d = find_source(k, m->source);
        const KeeperSession *session = d ? session_at(d, m->boottime_usec) : NULL;

        if (!session)
                return -ENODEV;
        int r = add_minute(k, d, session->id, m);
        return r < 0 ? r : limit_session(k, d, m->boottime_usec + m->length_usec);
}

int keep_loss(Keeper *k, const KeptLoss *loss) {
        KeeperDevice *d = find_source(k, loss->source);
        const KeeperSession *session = d ? session_at(d, loss->boottime_usec) : NULL;

        if (!session)
                return -ENODEV;
        return sql_run(k->sql, "INSERT INTO loss VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET scans = scans + excluded.scans",
                       "iisi", session->id, (int64_t) (loss->boottime_usec - loss->boottime_usec % LOSS_USEC),
                       loss->cause, (int64_t) loss->scans);
}
