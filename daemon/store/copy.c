/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glob.h>

#include "../utf8.h"
#include "copy.h"
#include "history.h"
#include "rollup.h"

#define COPY_SUFFIX ".copy-"
/* Steps of SQLite's machine between two looks at whether to stop: some milliseconds. */
#define PROGRESS_STEPS 10000
/* Pages of a copy between two looks: a megabyte */
#define COPY_PAGES 256

static int on_progress(void *userdata) {
        return keeper_is_stopping(userdata);
}

void history_end_when_stopped(const Keeper *k, sqlite3 *db) {
        sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, (void*) k);
}

int history_open_beside(const Keeper *k, Sql **ret) {
        sqlite3 *db;

        int r = history_open_readonly(k->path, &db);
        if (r < 0)
                return r;
        history_end_when_stopped(k, db);
        r = sql_new(db, ret);
        if (r < 0)
                sqlite3_close(db);
        return r;
}

/*
 * SQLite cannot map a file that says of itself that it has a journal beside it: bytes 18 and 19 of its head say
 * that it has none (https://sqlite.org/fileformat2.html, 1.3.3).
 */
static int forget_journal(int fd) {
        static const uint8_t none[] = { 1, 1 };
        ssize_t n = pwrite(fd, none, sizeof(none), 18);

        return n < 0 ? -errno : n < (ssize_t) sizeof(none) ? -EIO : 0;
}

/*
 * Page by page, because that costs half of VACUUM INTO, and also copies a file that is damaged somewhere. The
 * transaction holds what is read, so that writing meanwhile does not begin the copy anew.
 */
static int copy_pages(const Keeper *k, Sql *from, sqlite3 *to) {
        int64_t n;

        int r = sql_exec(from, "BEGIN");
        if (r >= 0)
                r = sql_int(from, &n, "SELECT count(*) FROM sqlite_schema", "");
        if (r >= 0)
                r = sql_errno(sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA cache_size = -256", NULL, NULL, NULL));
        /* Who needs it after a power cut makes another. */
        if (r >= 0)
                r = sql_errno(sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL));
        if (r < 0)
                return r;
        sqlite3_backup *b = sqlite3_backup_init(to, "main", from->db, "main");
        if (!b)
                return sql_errno(sqlite3_errcode(to));
        int rc = SQLITE_OK;
        while (rc == SQLITE_OK && !keeper_is_stopping(k))
                rc = sqlite3_backup_step(b, COPY_PAGES);
        int finished = sqlite3_backup_finish(b);
        return rc == SQLITE_OK ? -ECANCELED : sql_errno(rc == SQLITE_DONE ? finished : rc);
}

static int copy_into(const Keeper *k, Sql *from, const char *name) {
        sqlite3 *to = NULL;

        int r = sql_errno(sqlite3_open_v2(name, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
        if (r >= 0)
                r = copy_pages(k, from, to);
        int closed = sql_errno(sqlite3_close(to));
        return r < 0 ? r : closed;
}

int history_copy(const Keeper *k, int *ret_fd) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_free_ char *name = NULL;
        _cleanup_close_ int writable = -EBADF, fd = -EBADF;

        int r = history_open_beside(k, &s);
        if (r < 0)
                return r;
        if (asprintf(&name, "%s" COPY_SUFFIX "XXXXXX", k->path) < 0)
                return name = NULL, -ENOMEM;
        writable = mkostemp(name, O_CLOEXEC);
        if (writable < 0)
                return -errno;
        r = copy_into(k, s, name);
        if (r >= 0)
                r = forget_journal(writable);
        if (r >= 0) {
                fd = open(name, O_RDONLY | O_CLOEXEC);
                r = fd < 0 ? -errno : 0;
        }
        (void) unlink(name);
        if (r < 0)
                return r == -EINTR ? -ECANCELED : r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

void history_remove_copies(const char *path) {
        _cleanup_free_ char *pattern = NULL;
        glob_t found;

        if (asprintf(&pattern, "%s" COPY_SUFFIX "*", path) < 0) {
                pattern = NULL;
                return;
        }
        if (glob(pattern, 0, NULL, &found) != 0)
                return;
        for (size_t i = 0; i < found.gl_pathc; i++)
                (void) unlink(found.gl_pathv[i]);
        globfree(&found);
}

/* SQLite repeats what it finds in the file, and that may be anything. */
static void set_text(HistoryCheck *c, const char *found) {
        utf8_clean(c->text, sizeof(c->text), found, strlen(found));
}

int history_check(const Keeper *k, HistoryCheck *ret) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        *ret = (HistoryCheck) {};
        int r = history_open_beside(k, &s);
        if (r >= 0)
                r = sql_query(s, &q, "PRAGMA integrity_check(1)", "");
        if (r >= 0)
                r = sql_next(q);
        if (r > 0) {
                set_text(ret, sql_text(q, 0));
                ret->intact = streq(ret->text, "ok");
        }
        sql_done(&q);
        if (r >= 0 && ret->intact)
                r = rollup_check(s, &ret->n_wrong);
        if (r == -EUCLEAN) {
                ret->intact = false;
                set_text(ret, s ? sqlite3_errmsg(s->db) : "not a database");
                r = 0;
        }
        return r == -EINTR ? -ECANCELED : MIN(r, 0);
}
