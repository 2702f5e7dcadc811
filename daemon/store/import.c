/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <math.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "../utf8.h"
#include "copy.h"
#include "entries.h"
#include "history.h"
#include "import.h"
#include "rollup.h"

#define IMPORT_SUFFIX ".import"

typedef struct Import {
        Keeper *k;
        Sql *from;
        ImportCounts counts;
} Import;

/* --- the other file: a copy of one's own, brought to this version --------------------------------- */

static int copy_file(const Keeper *k, int from, const char *path) {
        _cleanup_close_ int to = -EBADF;
        off_t at = 0;
        struct stat st;
        ssize_t n;

        if (fstat(from, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        if (st.st_size > IMPORT_BYTES_MAX)
                return -EFBIG;
        to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (to < 0)
                return -errno;
        while ((n = sendfile(to, from, &at, 1 << 20)) > 0)
                if (keeper_is_stopping(k))
                        return -ECANCELED;
        return n < 0 ? -errno : 0;
}

static void remove_file(const char *path) {
        static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
        char name[4096];

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (snprintf(name, sizeof(name), "%s%s", path, suffixes[i]) < (int) sizeof(name))
                        (void) unlink(name);
}

/* That the other file is damaged must not look as if ours were, or our disk. */
static int of_other(int r) {
        if (r == -EINTR)
                return -ECANCELED;
        return r >= 0 || r == -ENOSPC || r == -ENOMEM || r == -EPROTONOSUPPORT ? r : -EBADMSG;
}

static int check_file(Sql *s) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        int r = sql_query(s, &q, "PRAGMA quick_check(1)", "");
        if (r >= 0)
                r = sql_next(q);
        return r < 0 ? of_other(r) : r > 0 && streq(sql_text(q, 0), "ok") ? 0 : -EBADMSG;
}

static int open_copy(const Keeper *k, const char *path, Sql **ret) {
        _cleanup_(sql_freep) Sql *s = NULL;
        sqlite3 *db = NULL;

        /* A database of something else, or none, must not become a history by being opened. */
        int r = history_open_readonly(path, &db);
        if (r >= 0 && (r = sql_new(db, &s)) < 0)
                sqlite3_close(db);
        if (r >= 0)
                r = history_check_schema(s);
        s = sql_free(s);
        if (r >= 0)
                r = history_open(path, ret);
        if (r < 0)
                return of_other(r);
        history_end_when_stopped(k, (*ret)->db);
        return check_file(*ret);
}

/* Between two rows the Store may stop: all that came is undone then, and what waits behind it is written. */
static int next_of_other(const Import *i, sqlite3_stmt *q) {
        return keeper_is_stopping(i->k) ? -ECANCELED : of_other(sql_next(q));
}

#define query_other(i, ret, ...) of_other(sql_query((i)->from, ret, __VA_ARGS__))

/* --- rows ------------------------------------------------------------------------------------------ */

static bool is_text_of_ours(sqlite3_stmt *q, int column) {
        const char *s = (const char *) sqlite3_column_text(q, column);
        size_t n = (size_t) sqlite3_column_bytes(q, column);
        _cleanup_free_ char *clean = malloc(n + 1);

        return s && clean && strlen(s) == n && utf8_clean(clean, n + 1, s, n) == n &&
                memcmp(s, clean, n) == 0;
}

/* Of a sane time, size or count: what is beyond makes sums overflow. */
static bool is_number_of_ours(sqlite3_stmt *q, int column) {
        int64_t i = sqlite3_column_int64(q, column);

        if (sqlite3_column_type(q, column) == SQLITE_FLOAT)
                return isfinite(sqlite3_column_double(q, column));
        return i >= -ENTRY_TIME_USEC_MAX && i <= ENTRY_TIME_USEC_MAX;
}

static bool is_value_of_ours(sqlite3_stmt *q, int column) {
        switch (sqlite3_column_type(q, column)) {
        case SQLITE_TEXT:
                return is_text_of_ours(q, column);
        case SQLITE_INTEGER:
        case SQLITE_FLOAT:
                return is_number_of_ours(q, column);
        default:
                return true;
        }
}

/* The columns of a row from ?2 on; ?1: id. changes: rows that came of it */
static int put_row(Import *i, sqlite3_stmt *row, const char *insert, int64_t id, int *ret_changes) {
        _cleanup_sql_ sqlite3_stmt *to = NULL;

        int r = sql_query(i->k->sql, &to, insert, "i", id);
        for (int c = 0; c < sqlite3_column_count(row) && r >= 0; c++) {
                if (!is_value_of_ours(row, c))
                        return -EBADMSG;
                r = sql_errno(sqlite3_bind_value(to, c + 2, sqlite3_column_value(row, c)));
        }
        int before = sqlite3_total_changes(i->k->sql->db);
        if (r >= 0)
                r = sql_next(to);
        if (ret_changes)
                *ret_changes = sqlite3_total_changes(i->k->sql->db) - before;
        return r == -EEXIST ? -EBADMSG : MIN(r, 0);
}

/* select: of the other file, ?1: other; insert: of ours, ?1: id */
static int copy_rows(Import *i, const char *select, int64_t other, const char *insert, int64_t id,
                     uint64_t *counted) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        int changes;

        int r = query_other(i, &q, select, "i", other);
        while (r >= 0 && (r = next_of_other(i, q)) > 0) {
                r = put_row(i, q, insert, id, &changes);
                if (r >= 0 && counted)
                        *(changes > 0 ? counted : &i->counts.known) += 1;
        }
        return r;
}

/* --- sessions ----------------------------------------------------------------------------------------- */

static int copy_event(Import *i, sqlite3_stmt *event, int64_t session) {
        int64_t other = sqlite3_column_int64(event, 9);

        int r = put_row(
                i, event,
                "INSERT INTO event (session, boottime_usec, onset_usec, duration_usec, channel, kind,"
                " amplitude_nv, snr_milli, discharges, unit)"
                " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE ?11 > 0",
                session, NULL);
        int64_t id = sqlite3_last_insert_rowid(i->k->sql->db);
        if (r >= 0)
                r = copy_rows(i, "SELECT channel, lag_usec FROM event_channel WHERE event = ?1", other,
                              "INSERT INTO event_channel VALUES (?1, ?2, ?3)", id, NULL);
        if (r >= 0)
                r = copy_rows(
                        i,
                        "SELECT channel, rate_mhz, before, lsb_pv, samples FROM waveform WHERE event = ?1",
                        other, "INSERT INTO waveform VALUES (?1, ?2, ?3, ?4, ?5, ?6)", id, NULL);
        return r;
}

static int copy_events(Import *i, int64_t other, int64_t session) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        int r = query_other(
                i, &q,
                "SELECT boottime_usec, onset_usec, duration_usec, channel, kind, amplitude_nv, snr_milli,"
                " discharges, unit, id FROM event WHERE session = ?1 ORDER BY id",
                "i", other);
        while (r >= 0 && (r = next_of_other(i, q)) > 0)
                r = copy_event(i, q, session);
        return r;
}

static int copy_measured(Import *i, int64_t other, int64_t session) {
        static const struct {
                const char *select, *insert;
        } tables[] = {
                { "SELECT channel, site, label, gain, lsb_pv, impedance_ohm FROM placement WHERE session = "
                  "?1",
                  "INSERT INTO placement VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)" },
                { "SELECT channel, boottime_usec, length_usec, exposure_usec, noise_nv, floor_nv, events, "
                  "twitches,"
                  " voluntary, cut FROM minute WHERE session = ?1",
                  "INSERT INTO minute VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)" },
                { "SELECT channel, boottime_usec, cause, excluded_usec FROM minute_excluded WHERE session = "
                  "?1",
                  "INSERT INTO minute_excluded VALUES (?1, ?2, ?3, ?4, ?5)" },
                { "SELECT boottime_usec, cause, scans FROM loss WHERE session = ?1",
                  "INSERT INTO loss VALUES (?1, ?2, ?3, ?4)" },
                { "SELECT logged_usec, excluded, why FROM session_exclusion WHERE session = ?1 ORDER BY id",
                  "INSERT INTO session_exclusion (session, logged_usec, excluded, why) VALUES (?1, ?2, ?3, "
                  "?4)" },
        };

        int r = 0;
        for (size_t t = 0; t < ELEMENTSOF(tables) && r >= 0; t++)
                r = copy_rows(i, tables[t].select, other, tables[t].insert, session, NULL);
        if (r >= 0)
                r = copy_events(i, other, session);
        /* computed, not believed */
        return r < 0 ? r : rollup_rebuild(i->k->sql, session);
}

static int64_t count_recordings(Import *i, int64_t other) {
        int64_t n = 0;

        return sql_int(i->from, &n, "SELECT count(*) FROM recording WHERE session = ?1", "i", other) < 0 ?
                0 :
                n;
}

#define SESSION_COLUMNS \
        "s.uuid, s.start_boottime_usec, s.end_boottime_usec, s.start_usec, s.end_usec, s.utc_offset_s, " \
        "s.template," \
        " s.posture, s.confirmed, s.false_alarms_per_hour, s.rate_mhz, s.ended, s.excluded, s.note"

static int copy_session(Import *i, sqlite3_stmt *q) {
        int64_t other = sqlite3_column_int64(q, 18), n = 0;
        int changes = 0;

        int r = sql_int(i->k->sql, &n, "SELECT count(*) FROM session WHERE uuid = ?1", "s", sql_text(q, 0));
        if (r < 0)
                return r;
        if (n > 0) {
                i->counts.known++;
                return 0;
        }
        r = put_row(
                i, q,
                "INSERT INTO session (uuid, start_boottime_usec, end_boottime_usec, start_usec, end_usec,"
                " utc_offset_s, template, posture, confirmed, false_alarms_per_hour, rate_mhz, ended, "
                "excluded,"
                " note, device, software, boot, continues)"
                " SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
                " (SELECT id FROM device WHERE identity = ?16), (SELECT id FROM software WHERE version = "
                "?17),"
                " (SELECT id FROM boot WHERE uuid = ?18), (SELECT id FROM session WHERE uuid = ?19)"
                " WHERE ?1 = 0 AND ?20 > 0",
                0, &changes);
        if (r < 0)
                return r;
        i->counts.sessions++;
        i->counts.recordings += (uint64_t) count_recordings(i, other);
        return copy_measured(i, other, sqlite3_last_insert_rowid(i->k->sql->db));
}

static int copy_sessions(Import *i) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        int64_t unfinished = 0;

        int r = query_other(
                i, &q,
                "SELECT " SESSION_COLUMNS ", d.identity, w.version, b.uuid, c.uuid, s.id"
                " FROM session s JOIN device d ON d.id = s.device JOIN software w ON w.id = s.software"
                " JOIN boot b ON b.id = s.boot LEFT JOIN session c ON c.id = s.continues"
                " WHERE s.end_usec IS NOT NULL ORDER BY s.id",
                "");
        while (r >= 0 && (r = next_of_other(i, q)) > 0)
                r = copy_session(i, q);
        if (r >= 0)
                r = of_other(sql_int(i->from, &unfinished,
                                     "SELECT count(*) FROM session WHERE end_usec IS NULL", ""));
        i->counts.unfinished = (uint64_t) unfinished;
        return r;
}

/* --- what they refer to ----------------------------------------------------------------------------------
 */

static int copy_boot(Import *i, sqlite3_stmt *q) {
        int64_t other = sqlite3_column_int64(q, 2), id = 0;
        int changes = 0;

        int r = put_row(
                i, q,
                "INSERT INTO boot (uuid, utc_minus_boottime_usec) SELECT ?2, ?3 WHERE ?1 = 0 AND ?4 > 0"
                " ON CONFLICT DO NOTHING",
                0, &changes);
        if (r < 0 || changes == 0)
                return r;
        id = sqlite3_last_insert_rowid(i->k->sql->db);
        return copy_rows(
                i,
                "SELECT boottime_usec, utc_minus_boottime_usec, utc_offset_s, cause FROM clock"
                " WHERE boot = ?1 ORDER BY id",
                other,
                "INSERT INTO clock (boot, boottime_usec, utc_minus_boottime_usec, utc_offset_s, cause)"
                " VALUES (?1, ?2, ?3, ?4, ?5)",
                id, NULL);
}

static int copy_boots(Import *i) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        int r = query_other(i, &q, "SELECT uuid, utc_minus_boottime_usec, id FROM boot ORDER BY id", "");
        while (r >= 0 && (r = next_of_other(i, q)) > 0)
                r = copy_boot(i, q);
        return r;
}

static int copy_referred(Import *i) {
        int r = copy_rows(i, "SELECT version FROM software WHERE ?1 = 0", 0,
                          "INSERT INTO software (version) SELECT ?2 WHERE ?1 = 0 ON CONFLICT DO NOTHING", 0,
                          NULL);
        if (r >= 0)
                r = copy_rows(i, "SELECT identity, name FROM device WHERE ?1 = 0", 0,
                              "INSERT INTO device (identity, name) SELECT ?2, ?3 WHERE ?1 = 0"
                              " ON CONFLICT DO NOTHING",
                              0, NULL);
        if (r >= 0)
                r = copy_rows(
                        i, "SELECT name, unit, window_s, relief, own, description FROM kind WHERE ?1 = 0", 0,
                        "INSERT INTO kind (name, unit, window_s, relief, own, description)"
                        " SELECT ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?1 = 0 ON CONFLICT DO NOTHING",
                        0, NULL);
        return r < 0 ? r : copy_boots(i);
}

/* --- what a person said
 * ------------------------------------------------------------------------------------ */

/* counted: which of the counts; select and insert as copy_rows() has them, with 0 for ?1 */
typedef struct Table {
        size_t counted;
        const char *select, *insert;
} Table;

#define COUNTED(member) offsetof(ImportCounts, member)
#define TRIAL_OF "(SELECT id FROM trial WHERE uuid = ?2)"

/*
 * Each before those that refer to it. An entry and what it replaces are known by kind, time and when they were logged.
 */
static const Table said[] = {
        { COUNTED(diary),
          "SELECT d.kind, d.time_usec, d.end_usec, d.utc_offset_s, d.amount_milli, d.text, d.logged_usec, d.deleted,"
          " r.kind, r.time_usec, r.logged_usec"
          " FROM diary d LEFT JOIN diary r ON r.id = d.replaces WHERE ?1 = 0 ORDER BY d.id",
          "INSERT INTO diary (kind, time_usec, end_usec, utc_offset_s, amount_milli, text, source, logged_usec,"
          " deleted, replaces)"
          " SELECT ?2, ?3, ?4, ?5, ?6, ?7, 'import', ?8, ?9, (SELECT id FROM diary"
          " WHERE kind = ?10 AND time_usec = ?11 AND logged_usec = ?12)"
          " WHERE ?1 = 0 AND NOT EXISTS (SELECT 1 FROM diary"
          " WHERE kind = ?2 AND time_usec = ?3 AND logged_usec = ?8)" },
        { COUNTED(felt),
          "SELECT time_usec, utc_offset_s, site FROM felt WHERE ?1 = 0 ORDER BY id",
          "INSERT INTO felt (time_usec, utc_offset_s, site, source) SELECT ?2, ?3, ?4, 'import'"
          " WHERE ?1 = 0 AND NOT EXISTS (SELECT 1 FROM felt WHERE time_usec = ?2 AND site IS ?4)" },
        { COUNTED(others),
          "SELECT kind, asked, made_usec FROM question WHERE ?1 = 0 ORDER BY id",
          "INSERT INTO question (kind, asked, made_usec) SELECT ?2, ?3, ?4 WHERE ?1 = 0 AND NOT EXISTS"
          " (SELECT 1 FROM question WHERE kind = ?2 AND made_usec = ?4)" },
        { COUNTED(others),
          "SELECT kind, site, session_exposed, session_other, floor_nv, log_ratio, log_wealth, made_usec"
          " FROM pair WHERE ?1 = 0 ORDER BY id",
          "INSERT INTO pair (kind, site, session_exposed, session_other, floor_nv, log_ratio, log_wealth, made_usec)"
          " SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?1 = 0 AND NOT EXISTS (SELECT 1 FROM pair"
          " WHERE kind = ?2 AND site = ?3 AND session_exposed = ?4 AND session_other = ?5)" },
        { COUNTED(others),
          "SELECT uuid, kind, site, blocks, washout_s, coins, seal, made_usec FROM trial WHERE ?1 = 0 ORDER BY id",
          "INSERT INTO trial (uuid, kind, site, blocks, washout_s, coins, seal, made_usec)"
          " SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?1 = 0 ON CONFLICT DO NOTHING" },
        { COUNTED(others),
          "SELECT t.uuid, a.block, a.act, a.arm, a.session, a.why, a.made_usec FROM trial_act a"
          " JOIN trial t ON t.id = a.trial WHERE ?1 = 0 ORDER BY a.id",
          "INSERT INTO trial_act (trial, block, act, arm, session, why, made_usec)"
          " SELECT " TRIAL_OF ", ?3, ?4, ?5, ?6, ?7, ?8 WHERE ?1 = 0 AND NOT EXISTS (SELECT 1 FROM trial_act"
          " WHERE trial = " TRIAL_OF " AND block = ?3 AND act = ?4 AND made_usec = ?8)" },
        { COUNTED(others),
          "SELECT t.uuid, l.blocks, l.p, l.log_ratio, l.made_usec FROM look l JOIN trial t ON t.id = l.trial"
          " WHERE ?1 = 0 ORDER BY l.id",
          "INSERT INTO look (trial, blocks, p, log_ratio, made_usec)"
          " SELECT " TRIAL_OF ", ?3, ?4, ?5, ?6 WHERE ?1 = 0 AND NOT EXISTS (SELECT 1 FROM look"
          " WHERE trial = " TRIAL_OF " AND blocks = ?3 AND made_usec = ?6)" },
};

static int copy_said(Import *i) {
        int r = 0;

        for (size_t t = 0; t < ELEMENTSOF(said) && r >= 0; t++)
                r = copy_rows(i, said[t].select, 0, said[t].insert, 0,
                              (uint64_t*) ((char*) &i->counts + said[t].counted));
        return r;
}

int history_import(Keeper *k, int fd, ImportCounts *ret) {
        Import i = { .k = k };
        char path[4096];

        if (snprintf(path, sizeof(path), "%s" IMPORT_SUFFIX, k->path) >= (int) sizeof(path))
                return -ENAMETOOLONG;
        remove_file(path);
        int r = copy_file(k, fd, path);
        if (r >= 0)
                r = open_copy(k, path, &i.from);
        if (r >= 0)
                r = copy_referred(&i);
        if (r >= 0)
                r = copy_sessions(&i);
        if (r >= 0)
                r = copy_said(&i);
        sql_free(i.from);
        remove_file(path);
        if (r >= 0)
                *ret = i.counts;
        return r == -ERANGE ? -EBADMSG : MIN(r, 0);     /* numbers that cannot be added up */
}
