/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rollup.h"

/*
 * Minutes with the start of their hour of local time, in UTC. The zone is the one in force then. One text for
 * one minute and for all of a session, so that adding up and computing anew are one rule.
 */
#define HOURED(which)                                                                                   \
        "WITH zoned AS (SELECT m.*, m.boottime_usec + b.utc_minus_boottime_usec AS time_usec,"          \
        "  1000000 * coalesce((SELECT c.utc_offset_s FROM clock c"                                      \
        "    WHERE c.boot = s.boot AND c.boottime_usec <= m.boottime_usec"                              \
        "    ORDER BY c.boottime_usec DESC, c.id DESC LIMIT 1), s.utc_offset_s) AS offset_usec"         \
        "  FROM minute m JOIN session s ON s.id = m.session JOIN boot b ON b.id = s.boot WHERE " which "),"      \
        " houred AS (SELECT *,"                                                                         \
        "  time_usec - ((time_usec + offset_usec) % 3600000000 + 3600000000) % 3600000000 AS start_usec"        \
        "  FROM zoned) "

#define HOURS                                                                                           \
        "SELECT session, channel, start_usec, min(offset_usec) / 1000000, count(*), sum(length_usec),"  \
        "  sum(rest), sum(rest * exposure_usec), sum(rest * twitches), sum(twitches), sum(events),"     \
        "  sum(known), sum(known * coalesce(noise_nv, 0)), sum(known * coalesce(floor_nv, 0)),"         \
        "  max(CASE WHEN known THEN floor_nv END)"                                                      \
        " FROM (SELECT *, (voluntary = 0 AND cut = 0) AS rest,"                                         \
        "    (voluntary = 0 AND cut = 0 AND noise_nv IS NOT NULL AND floor_nv IS NOT NULL) AS known FROM houred)" \
        " WHERE true GROUP BY session, channel, start_usec "

#define EXCLUDED                                                                                        \
        "SELECT x.session, x.channel, h.start_usec, x.cause, sum(x.excluded_usec)"                      \
        " FROM houred h JOIN minute_excluded x USING (session, channel, boottime_usec)"                 \
        " WHERE true GROUP BY x.session, x.channel, h.start_usec, x.cause "

/* Events of rest minutes: of each those from its start up to its end, whose strongest channel it is. */
#define SIZES(which)                                                                                    \
        "SELECT e.session, e.channel, e.kind, size_db(e.amplitude_nv), count(*)"                        \
        " FROM minute m CROSS JOIN event e ON e.session = m.session AND e.boottime_usec >= m.boottime_usec"     \
        "  AND e.boottime_usec < m.boottime_usec + m.length_usec AND e.channel = m.channel"             \
        " WHERE m.voluntary = 0 AND m.cut = 0 AND " which                                               \
        " GROUP BY e.session, e.channel, e.kind, size_db(e.amplitude_nv) "

#define THIS_MINUTE "m.session = ?1 AND m.channel = ?2 AND m.boottime_usec = ?3"
#define THIS_SESSION "m.session = ?1"

#define ADD_SIZES "ON CONFLICT DO UPDATE SET n = n + excluded.n"

static int add_hour(Sql *s, int64_t session, int64_t channel, int64_t boottime_usec) {
        return sql_run(s, HOURED(THIS_MINUTE) "INSERT INTO hour " HOURS
                          "ON CONFLICT DO UPDATE SET"
                          " utc_offset_s = min(utc_offset_s, excluded.utc_offset_s),"
                          " minutes = minutes + excluded.minutes,"
                          " length_usec = length_usec + excluded.length_usec,"
                          " rest_minutes = rest_minutes + excluded.rest_minutes,"
                          " rest_usec = rest_usec + excluded.rest_usec,"
                          " rest_twitches = rest_twitches + excluded.rest_twitches,"
                          " twitches = twitches + excluded.twitches,"
                          " events = events + excluded.events,"
                          " floor_minutes = floor_minutes + excluded.floor_minutes,"
                          " noise_nv_sum = noise_nv_sum + excluded.noise_nv_sum,"
                          " floor_nv_sum = floor_nv_sum + excluded.floor_nv_sum,"
                          " floor_nv_max = coalesce(max(floor_nv_max, excluded.floor_nv_max),"
                          "                         floor_nv_max, excluded.floor_nv_max)",
                       "iii", session, channel, boottime_usec);
}

int rollup_add_minute(Sql *s, int64_t session, int64_t channel, int64_t boottime_usec) {
        int r = add_hour(s, session, channel, boottime_usec);

        if (r >= 0)
                r = sql_run(s, HOURED(THIS_MINUTE) "INSERT INTO hour_excluded " EXCLUDED
                               "ON CONFLICT DO UPDATE SET excluded_usec = excluded_usec + excluded.excluded_usec",
                            "iii", session, channel, boottime_usec);
        if (r >= 0)
                r = sql_run(s, "INSERT INTO size_histogram " SIZES(THIS_MINUTE) ADD_SIZES,
                            "iii", session, channel, boottime_usec);
        return r;
}

int rollup_add_late_event(Sql *s, int64_t event) {
        return sql_run(s, "INSERT INTO size_histogram"
                          " SELECT e.session, e.channel, e.kind, size_db(e.amplitude_nv), 1"
                          " FROM event e JOIN minute m ON m.session = e.session AND m.channel = e.channel"
                          "  AND m.boottime_usec = (SELECT max(boottime_usec) FROM minute WHERE session = e.session"
                          "                         AND channel = e.channel AND boottime_usec <= e.boottime_usec)"
                          " WHERE e.id = ?1 AND e.boottime_usec < m.boottime_usec + m.length_usec"
                          "  AND m.voluntary = 0 AND m.cut = 0 " ADD_SIZES,
                       "i", event);
}

int rollup_rebuild(Sql *s, int64_t session) {
        int r = sql_run(s, "DELETE FROM hour WHERE session = ?1", "i", session);

        if (r >= 0)
                r = sql_run(s, "DELETE FROM hour_excluded WHERE session = ?1", "i", session);
        if (r >= 0)
                r = sql_run(s, "DELETE FROM size_histogram WHERE session = ?1", "i", session);
        if (r >= 0)
                r = sql_run(s, HOURED(THIS_SESSION) "INSERT INTO hour " HOURS, "i", session);
        if (r >= 0)
                r = sql_run(s, HOURED(THIS_SESSION) "INSERT INTO hour_excluded " EXCLUDED, "i", session);
        if (r >= 0)
                r = sql_run(s, "INSERT INTO size_histogram " SIZES(THIS_SESSION), "i", session);
        return r;
}

/* Rows that are in one of a and b, and not in the other */
#define DIFFERENCE(a, b) "SELECT count(*) FROM (SELECT * FROM (" a " EXCEPT " b ") UNION ALL SELECT * FROM (" b " EXCEPT " a "))"

static int session_is_right(Sql *s, int64_t session) {
        int64_t n_hours = 0, n_excluded = 0, n_sizes = 0;

        int r = sql_int(s, &n_hours, HOURED(THIS_SESSION)
                        DIFFERENCE("SELECT * FROM hour WHERE session = ?1", HOURS), "i", session);
        if (r >= 0)
                r = sql_int(s, &n_excluded, HOURED(THIS_SESSION)
                            DIFFERENCE("SELECT * FROM hour_excluded WHERE session = ?1", EXCLUDED), "i", session);
        if (r >= 0)
                r = sql_int(s, &n_sizes,
                            DIFFERENCE("SELECT * FROM size_histogram WHERE session = ?1", SIZES(THIS_SESSION)),
                            "i", session);
        return r < 0 ? r : n_hours == 0 && n_excluded == 0 && n_sizes == 0;
}

/* Over all sessions; rows of which nothing is left may stay. */
static int totals_are_right(Sql *s) {
        int64_t n = 0;

        int r = sql_int(s, &n,
                        DIFFERENCE("SELECT channel, kind, size_db, n FROM size_total WHERE n != 0",
                                   "SELECT channel, kind, size_db, sum(n) FROM size_histogram GROUP BY 1, 2, 3"),
                        "");
        return r < 0 ? r : n == 0;
}

int rollup_check(Sql *s, uint64_t *ret_n_wrong) {
        _cleanup_sql_ sqlite3_stmt *sessions = NULL;
        uint64_t n_wrong = 0;

        int r = sql_query(s, &sessions, "SELECT id FROM session", "");
        if (r < 0)
                return r;
        while ((r = sql_next(sessions)) > 0) {
                r = session_is_right(s, sqlite3_column_int64(sessions, 0));
                if (r < 0)
                        return r;
                n_wrong += r == 0;
        }
        if (r >= 0)
                r = totals_are_right(s);
        if (r < 0)
                return r;
        *ret_n_wrong = n_wrong + (r == 0);
        return 0;
}
