/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glob.h>

#include "../utf8.h"
#include "copy.h"
#include "history.h"
#include "rollup.h"
#include "store.h"

#define COPY_SUFFIX ".copy-"
/* Steps of SQLite's machine between two looks at whether to stop: some milliseconds. */
#define PROGRESS_STEPS 10000

static int on_progress(void *userdata) {
        return keeper_is_stopping(userdata);
}

int history_open_beside(const Keeper *k, Sql **ret) {
        sqlite3 *db;

        int r = history_open_readonly(k->path, &db);
        if (r < 0)
                return r;
        sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, (void*) k);
        r = sql_new(db, ret);
        if (r < 0)
                sqlite3_close(db);
        return r;
}

int history_copy(const Keeper *k, int *ret_fd) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_free_ char *name = NULL;
        _cleanup_close_ int fd = -EBADF;

        int r = history_open_beside(k, &s);
        if (r < 0)
                return r;
        if (asprintf(&name, "%s" COPY_SUFFIX "XXXXXX", k->path) < 0)
                return name = NULL, -ENOMEM;
        fd = mkostemp(name, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* Who needs it after a power cut makes another. */
        r = sql_exec(s, "PRAGMA synchronous = OFF");
        if (r >= 0)
                r = sql_run(s, "VACUUM INTO ?", "s", name);
        close(TAKE_FD(fd));
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
