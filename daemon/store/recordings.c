/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "copy.h"
#include "log.h"
#include "recording.h"
#include "recordings.h"

/* suffix: "" or RECORDING_PART */
static int path_of(const Keeper *k, const char *name, const char *suffix, char **ret) {
        const char *slash = k->path ? strrchr(k->path, '/') : NULL;
        int n = slash ? (int) (slash - k->path) : 1;

        return asprintf(ret, "%.*s/" RECORDING_FOLDER "/%s%s", n, slash ? k->path : ".", name, suffix) < 0 ? -ENOMEM :
                                                                                                   0;
}

/* Samples come in blocks: the first one may have begun a moment before the session. */
#define BLOCK_USEC ((int64_t) USEC_PER_SEC)

static int session_of(Keeper *k, const KeptRecording *f, int64_t *ret) {
        int r = sql_int(k->sql, ret,
                        "SELECT s.id FROM session s JOIN device d ON d.id = s.device"
                        " WHERE d.identity = ?1 AND s.boot = ?2 AND s.start_boottime_usec <= ?3"
                        " ORDER BY s.start_boottime_usec DESC, s.id DESC LIMIT 1",
                        "sii", f->identity, k->state.boot, (int64_t) f->boottime_usec + BLOCK_USEC);
        /* it was opened for them, and later than that */
        if (r == -ENOENT)
                r = sql_int(k->sql, ret,
                            "SELECT s.id FROM session s JOIN device d ON d.id = s.device"
                            " WHERE d.identity = ?1 AND s.boot = ?2 ORDER BY s.start_boottime_usec, s.id "
                            "LIMIT 1",
                            "si", f->identity, k->state.boot);
        return r == -ENOENT ? -ENODEV : r;
}

static int exists(Keeper *k, const char *name) {
        _cleanup_free_ char *path = NULL;

        int r = path_of(k, name, "", &path);
        return r < 0 ? r : access(path, F_OK) == 0;
}

static int add(Keeper *k, const KeptRecording *f, int64_t session) {
        bool closed = f->end_boottime_usec > 0;

        return sql_run(k->sql,
                       "INSERT INTO recording (session, path, start_boottime_usec, end_boottime_usec, state)"
                       " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5)",
                       "isiis", session, f->name, (int64_t) f->boottime_usec, (int64_t) f->end_boottime_usec,
                       closed ? "closed" : "recording");
}

int keep_recording(Keeper *k, const KeptRecording *f, int64_t *ret_session) {
        bool closed = f->end_boottime_usec > 0;

        int r = session_of(k, f, ret_session);
        if (r < 0)
                return r;
        if (closed) {
                r = sql_run(k->sql,
                            "UPDATE recording SET end_boottime_usec = ?2, state = 'closed' WHERE path = ?1",
                            "si", f->name, (int64_t) f->end_boottime_usec);
                /* One that is not known was deleted meanwhile; or the history is a new one, and the file is
                 * there. */
                if (r < 0 || sqlite3_changes(k->sql->db) > 0 || exists(k, f->name) <= 0)
                        return r;
        }
        return add(k, f, *ret_session);
}

int keep_recording_deleted(Keeper *k, const char *name) {
        return sql_run(k->sql, "UPDATE recording SET state = 'deleted' WHERE path = ?1", "s", name);
}

/* --- after a crash -------------------------------------------------------------------- */

static int mend(Keeper *k, int64_t id, const char *name) {
        _cleanup_free_ char *path = NULL, *part = NULL;
        double duration_s = 0;

        int r = path_of(k, name, "", &path);
        if (r >= 0)
                r = path_of(k, name, RECORDING_PART, &part);
        if (r < 0)
                return r;
        int mended = recording_repair(part, &duration_s);
        if (mended == -ENOENT) /* killed after the renaming and before the row */
                mended = recording_repair(path, &duration_s);
        if (mended == -EBUSY)
                return 0;
        if (mended >= 0)
                log_info("%s: a recording that was interrupted is whole again.", path);
        else if (mended != -ENOENT)
                log_warning_errno(mended, "%s: a recording that was interrupted cannot be mended: %m", part);
        return sql_run(
                k->sql,
                "UPDATE recording SET state = ?2, end_boottime_usec = start_boottime_usec + nullif(?3, 0)"
                " WHERE id = ?1",
                "isi", id,
                mended >= 0               ? "repaired" :
                        mended == -ENOENT ? "missing" :
                                            "damaged",
                (int64_t) (duration_s * USEC_PER_SEC));
}

int recordings_mend(Keeper *k) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        int r = sql_query(k->sql, &q, "SELECT id, path FROM recording WHERE state = 'recording'", "");
        while (r >= 0 && (r = sql_next(q)) > 0)
                r = mend(k, sqlite3_column_int64(q, 0), sql_text(q, 1));
        return r;
}

/* --- deletion -------------------------------------------------------------------------- */

static int delete_file(const Keeper *k, const char *name, const char *suffix) {
        _cleanup_free_ char *path = NULL;

        int r = path_of(k, name, suffix, &path);
        if (r < 0)
                return r;
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* A deletion must not come back with the power. */
static int sync_folder(const Keeper *k) {
        _cleanup_free_ char *path = NULL;

        int r = path_of(k, "", "", &path);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd >= 0 && fsync(fd) < 0 ? -errno : 0;
}

int recordings_delete(Keeper *k, int64_t from_usec, int64_t to_usec) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        bool any = false;

        int r = sql_query(k->sql, &q,
                          "SELECT path FROM recording WHERE session IN (SELECT id FROM session"
                          " WHERE start_usec >= ?1 AND start_usec < ?2 AND end_usec IS NOT NULL)",
                          "ii", from_usec, to_usec);
        while (r >= 0 && (r = sql_next(q)) > 0) {
                any = true;
                r = delete_file(k, sql_text(q, 0), "");
                if (r >= 0)
                        r = delete_file(k, sql_text(q, 0), RECORDING_PART);
        }
        return r >= 0 && any ? sync_folder(k) : r;
}

/* --- what is said of them ---------------------------------------------------------------- */

int recordings_describe(Keeper *k, int64_t session, RecordingWords *ret) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        *ret = (RecordingWords){};
        int r = sql_query(
                k->sql, &q,
                "SELECT 0, 'session' || coalesce(' ' || template, '') || coalesce(' ' || posture, '')"
                " || CASE WHEN confirmed THEN '' ELSE ' (nobody has confirmed its placement)' END"
                " FROM session WHERE id = ?1 UNION ALL SELECT channel, 'placement ' || site FROM placement"
                " WHERE session = ?1 AND site IS NOT NULL ORDER BY 1",
                "i", session);
        while (r >= 0 && ret->n < RECORDING_WORDS_MAX && (r = sql_next(q)) > 0) {
                ret->words[ret->n].channel = (unsigned) sqlite3_column_int(q, 0);
                snprintf(ret->words[ret->n].text, sizeof(ret->words[0].text), "%s", sql_text(q, 1));
                ret->n++;
        }
        return r;
}

/* --- reading ----------------------------------------------------------------------------- */

int recordings_open(const Keeper *k, int64_t id, int *ret_fd) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        _cleanup_free_ char *path = NULL, *part = NULL;

        int r = history_open_beside(k, &s);
        if (r >= 0)
                r = sql_query(s, &q, "SELECT path FROM recording WHERE id = ?1", "i", id);
        if (r >= 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        r = path_of(k, sql_text(q, 0), "", &path);
        if (r >= 0)
                r = path_of(k, sql_text(q, 0), RECORDING_PART, &part);
        if (r < 0)
                return r;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
                fd = open(part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT) /* closed in between */
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}
