/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <math.h>
#include <sys/stat.h>

#include "history.h"

/* Another program that reads the file may hold it for a moment. */
#define BUSY_MSEC 1000

/* migrations[i] leads from version i to i + 1; the last one is the newest. */
static const char schema_1[] =
#include "schema.sql.h"
        ;
static const char schema_2[] =
#include "schema-2.sql.h"
        ;
static const char *const migrations[HISTORY_VERSION] = { schema_1, schema_2 };

static void size_db(sqlite3_context *context, int argc, sqlite3_value **argv) {
        double uv = (double) sqlite3_value_int64(argv[0]) / 1e3;

        sqlite3_result_int64(context, uv > 0 ? (int64_t) floor(20 * log10(uv)) : -999);
}

int history_add_functions(sqlite3 *db) {
        return sql_errno(sqlite3_create_function(db, "size_db", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                                 size_db, NULL, NULL));
}

static int get_version(sqlite3 *db, unsigned *ret) {
        sqlite3_stmt *statement = NULL;

        int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);
        if (rc == SQLITE_OK) {
                rc = sqlite3_step(statement);
                if (rc == SQLITE_ROW)
                        *ret = (unsigned) sqlite3_column_int64(statement, 0);
        }
        sqlite3_finalize(statement);
        return rc == SQLITE_ROW ? 0 : sql_errno(rc);
}

static int migrate_one(Sql *s, unsigned from) {
        char set_version[48];

        snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %u", from + 1);
        int r = sql_exec(s, "BEGIN IMMEDIATE");
        if (r >= 0)
                r = sql_exec(s, migrations[from]);
        if (r >= 0)
                r = sql_exec(s, set_version);
        if (r >= 0)
                r = sql_exec(s, "COMMIT");
        if (r < 0)
                (void) sql_exec(s, "ROLLBACK");
        return r;
}

int history_migrate(Sql *s, unsigned version) {
        unsigned v = 0;

        assert(version <= HISTORY_VERSION);
        int r = get_version(s->db, &v);
        if (r < 0)
                return r;
        if (v > HISTORY_VERSION)
                return -EPROTONOSUPPORT;
        for (; v < version && r >= 0; v++)
                r = migrate_one(s, v);
        return r;
}

static int open_file(const char *path, int flags, sqlite3 **ret) {
        sqlite3 *db = NULL;

        int r = sql_errno(sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));
        if (r >= 0)
                r = history_add_functions(db);
        if (r < 0) {
                sqlite3_close(db);
                return r;
        }
        (void) sqlite3_extended_result_codes(db, 1);
        (void) sqlite3_busy_timeout(db, BUSY_MSEC);
        *ret = db;
        return 0;
}

int history_open(const char *path, Sql **ret) {
        _cleanup_(sql_freep) Sql *s = NULL;
        sqlite3 *db;

        assert(path);
        assert(ret);

        int r = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db);
        if (r < 0)
                return r;
        r = sql_new(db, &s);
        if (r < 0) {
                sqlite3_close(db);
                return r;
        }
        /* NORMAL would not sync at a commit. The journal is cut back to what a busy hour needs. */
        r = sql_exec(s, "PRAGMA journal_mode = WAL;"
                        "PRAGMA synchronous = FULL;"
                        "PRAGMA foreign_keys = ON;"
                        "PRAGMA secure_delete = ON;"
                        "PRAGMA trusted_schema = OFF;"
                        "PRAGMA cache_size = -256;"
                        "PRAGMA journal_size_limit = 4194304");
        if (r >= 0)
                r = history_migrate(s, HISTORY_VERSION);
        if (r < 0)
                return r;
        /* Opened read-only, because the file is not ours to write: say so now and not with the first event. */
        if (sqlite3_db_readonly(db, "main") == 1)
                return -EROFS;
        *ret = TAKE_PTR(s);
        return 0;
}

int history_open_readonly(const char *path, sqlite3 **ret) {
        sqlite3 *db = NULL;
        struct stat st;
        unsigned v = 0;

        assert(path);
        assert(ret);

        if (access(path, R_OK) < 0 || stat(path, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))       /* a pipe would hang us */
                return S_ISDIR(st.st_mode) ? -EISDIR : -EUCLEAN;
        int r = open_file(path, SQLITE_OPEN_READONLY, &db);
        if (r >= 0)
                r = get_version(db, &v);
        if (r >= 0 && v == 0)
                r = -EUCLEAN;           /* a database, but none of ours */
        if (r >= 0 && v > HISTORY_VERSION)
                r = -EPROTONOSUPPORT;
        if (r < 0) {
                sqlite3_close(db);
                return r;
        }
        *ret = db;
        return 0;
}

/* All that a database defines, in a fixed order; not what ANALYZE notes. */
static int schema_text(Sql *s, char **ret) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        int r = sql_query(s, &q, "SELECT group_concat(type || ' ' || name || ' ' || ifnull(sql, ''), char(10)) FROM"
                                 " (SELECT * FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat*'"
                                 " ORDER BY type, name)", "");
        if (r >= 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        *ret = strdup(sql_text(q, 0));
        return *ret ? 0 : -ENOMEM;
}

int history_check_schema(Sql *s) {
        _cleanup_(sql_freep) Sql *fresh = NULL;
        _cleanup_free_ char *ours = NULL, *theirs = NULL;
        sqlite3 *db = NULL;
        unsigned v = 0;

        int r = get_version(s->db, &v);
        if (r >= 0 && (v == 0 || v > HISTORY_VERSION))
                return -EUCLEAN;
        if (r >= 0)
                r = open_file(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db);
        if (r >= 0 && (r = sql_new(db, &fresh)) < 0)
                sqlite3_close(db);
        if (r >= 0)
                r = history_migrate(fresh, v);
        if (r >= 0)
                r = schema_text(fresh, &ours);
        if (r >= 0)
                r = schema_text(s, &theirs);
        return r < 0 ? r : streq(ours, theirs) ? 0 : -EUCLEAN;
}

int history_move_aside(const char *path, char **ret) {
        static const char *const suffixes[] = { "-wal", "-shm", "" };
        _cleanup_free_ char *aside = NULL;
        time_t now = time(NULL);
        struct tm tm;
        char stamp[32];

        if (!gmtime_r(&now, &tm) || strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm) == 0)
                return -EINVAL;
        for (unsigned n = 0;; n++) {
                free(aside);
                if (asprintf(&aside, n == 0 ? "%s.damaged-%s" : "%s.damaged-%s.%u", path, stamp, n) < 0) {
                        aside = NULL;
                        return -ENOMEM;
                }
                if (access(aside, F_OK) < 0)
                        break;
        }
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char *from = NULL, *to = NULL;

                if (asprintf(&from, "%s%s", path, suffixes[i]) < 0)
                        return from = NULL, -ENOMEM;
                if (asprintf(&to, "%s%s", aside, suffixes[i]) < 0)
                        return to = NULL, -ENOMEM;
                if (rename(from, to) < 0 && errno != ENOENT)
                        return -errno;
        }
        *ret = TAKE_PTR(aside);
        return 0;
}
