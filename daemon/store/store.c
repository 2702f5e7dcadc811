/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "copy.h"
#include "history.h"
#include "log.h"
#include "store.h"
#include "twitchd.h"

/* Of 4 kB, as SQLite does by itself: a larger journal means fewer writes of the same page, and slower reads. */
#define WAL_PAGES 1000

typedef struct JobList {
        StoreJob *first, **end;
        size_t bytes;
        uint64_t n;
} JobList;

struct Store {
        char *path;
        char *boot_id;
        int fd;
        pthread_t thread;

        pthread_mutex_t lock;           /* for what follows */
        pthread_cond_t wake;            /* CLOCK_MONOTONIC */
        JobList waiting, done;
        usec_t first_usec;              /* when the first of waiting came; 0: there is none */
        usec_t write_usec;              /* what writing took lately at most */
        unsigned n_requests;            /* submitted and not yet dispatched */
        unsigned n_beside;              /* threads that read */
        bool urgent, stop, stopped;
        StoreStatus status;
        uint64_t n_lost_told;           /* of status.n_lost, what an incident in the file says */

        Keeper keeper;                  /* of the thread, and so what follows */
        int wal_pages;
};

const char* store_state_to_string(StoreState s) {
        static const char *const words[_STORE_STATE_MAX] = {
#define STORE_WORD(name, word) [STORE_##name] = word,
                STORE_STATES(STORE_WORD)
#undef STORE_WORD
        };

        return s < _STORE_STATE_MAX ? words[s] : NULL;
}

/* --- lists of jobs ----------------------------------------------------------- */

static void list_init(JobList *l) {
        *l = (JobList) {};
        l->end = &l->first;
}

static void list_append(JobList *l, StoreJob *j) {
        j->next = NULL;
        *l->end = j;
        l->end = &j->next;
        l->bytes += j->size;
        l->n++;
}

static StoreJob* list_take(JobList *l) {
        StoreJob *j = l->first;

        if (!j)
                return NULL;
        l->first = j->next;
        if (!l->first)
                l->end = &l->first;
        l->bytes -= j->size;
        l->n--;
        return j;
}

/* Before what is in l already. from is empty afterwards. */
static void list_prepend(JobList *l, JobList *from) {
        if (!from->first)
                return;
        *from->end = l->first;
        if (!l->first)
                l->end = from->end;
        l->first = from->first;
        l->bytes += from->bytes;
        l->n += from->n;
        list_init(from);
}

static void free_job(StoreJob *j) {
        if (j->release)
                j->release(j);
        free(j);
}

static void free_list(JobList *l) {
        for (StoreJob *j; (j = list_take(l));)
                free_job(j);
}

/* --- for who submits ------------------------------------------------------------- */

static void finish_locked(Store *s, StoreJob *j, int result) {
        j->result = result;
        list_append(&s->done, j);
        (void) eventfd_write(s->fd, 1);
}

void store_submit(Store *s, StoreJob *j, size_t size) {
        bool drop = false;

        j->size = size;
        pthread_mutex_lock(&s->lock);
        if (j->done && s->n_requests++ >= STORE_REQUESTS_MAX)
                finish_locked(s, j, -EBUSY);
        else if (!j->done && !j->essential && s->waiting.bytes + size > STORE_QUEUE_BYTES) {
                s->status.n_lost++;
                drop = true;
        } else {
                list_append(&s->waiting, j);
                if (s->first_usec == 0)
                        s->first_usec = now_usec();
                s->urgent = s->urgent || j->done;
                pthread_cond_signal(&s->wake);
        }
        pthread_mutex_unlock(&s->lock);
        if (drop)
                free_job(j);
}

typedef struct Beside {
        Store *store;
        StoreJob *job;
        Keeper keeper;
} Beside;

static void* run_beside(void *userdata) {
        Beside *b = userdata;
        Store *s = b->store;
        int r = b->job->run(&b->keeper, b->job);

        pthread_mutex_lock(&s->lock);
        finish_locked(s, b->job, r);
        s->n_beside--;
        pthread_cond_broadcast(&s->wake);
        pthread_mutex_unlock(&s->lock);
        free(b);
        return NULL;
}

/* No signal is for a thread of the Store. */
static int start_thread(void* (*f)(void*), void *userdata, pthread_t *ret) {
        sigset_t all, before;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int r = pthread_create(ret, NULL, f, userdata);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

void store_submit_beside(Store *s, StoreJob *j) {
        Beside *b = malloc(sizeof(*b));
        pthread_t thread;
        int r = -ENOMEM;

        pthread_mutex_lock(&s->lock);
        s->n_requests++;
        if (s->stop)
                r = -ECANCELED;
        else if (b && s->n_beside >= STORE_BESIDE_MAX)
                r = -EBUSY;
        else if (b) {
                *b = (Beside) { .store = s, .job = j, .keeper = { .path = s->path, .stopping = &s->stop } };
                r = start_thread(run_beside, b, &thread);
        }
        if (r >= 0) {
                pthread_detach(thread);
                s->n_beside++;
        } else {
                finish_locked(s, j, r);
                free(b);
        }
        pthread_mutex_unlock(&s->lock);
}

int store_fd(const Store *s) {
        return s->fd;
}

void store_dispatch(Store *s) {
        JobList done;
        eventfd_t n;

        (void) eventfd_read(s->fd, &n);
        list_init(&done);
        pthread_mutex_lock(&s->lock);
        list_prepend(&done, &s->done);
        pthread_mutex_unlock(&s->lock);

        for (StoreJob *j; (j = list_take(&done));) {
                j->done(j);
                pthread_mutex_lock(&s->lock);
                s->n_requests--;
                pthread_mutex_unlock(&s->lock);
                free_job(j);
        }
}

void store_get_status(Store *s, StoreStatus *ret) {
        pthread_mutex_lock(&s->lock);
        *ret = s->status;
        ret->n_waiting = s->waiting.n;
        pthread_mutex_unlock(&s->lock);
}

const char* store_path(const Store *s) {
        return s->path;
}

/* --- the file, on the writer's thread ------------------------------------------------ */

static void set_state(Store *s, StoreState state, int error) {
        pthread_mutex_lock(&s->lock);
        StoreState before = s->status.state;
        s->status.state = state;
        pthread_mutex_unlock(&s->lock);

        if (state == before)
                return;
        (void) eventfd_write(s->fd, 1);
        if (state == STORE_FULL)
                log_message(LOG_ERR, TWITCHD_MESSAGE_HISTORY_FULL, NULL, "%s: no room on the disk. Detection goes on and what it finds waits in memory, as much as "
                          "fits; make room, and it is written by itself.", s->path);
        else if (state == STORE_UNWRITABLE)
                log_message_errno(LOG_ERR, TWITCHD_MESSAGE_HISTORY_UNWRITABLE, NULL, error, "%s: the history cannot be written: %m. Detection goes on and what it finds "
                                "waits in memory, as much as fits; see that the directory belongs to twitchd.", s->path);
        else if (state == STORE_NEWER)
                log_error("%s: the history was written by a later version of twitchd; it is left alone and nothing is "
                          "kept until that version is installed again or the file moved away.", s->path);
        else if (before != STORE_OPENING)
                log_notice("%s: the history is written again.", s->path);
}

static StoreState state_of(int error) {
        return error == -ENOSPC ? STORE_FULL : error == -EPROTONOSUPPORT ? STORE_NEWER : STORE_UNWRITABLE;
}

/* These do not pass by dropping the job that met them. */
static bool is_of_disk(int error) {
        return error == -ENOSPC || error == -EROFS || error == -EIO || error == -EACCES || error == -EBUSY ||
               error == -ENOMEM || error == -EUCLEAN;
}

static int rollback(Store *s, const KeeperState *before, int error) {
        if (sqlite3_get_autocommit(s->keeper.sql->db) == 0)
                (void) sql_exec(s->keeper.sql, "ROLLBACK");
        s->keeper.state = *before;
        return error;
}

static void move_damaged_aside(Store *s) {
        _cleanup_free_ char *aside = NULL;

        s->keeper.sql = sql_free(s->keeper.sql);
        int r = history_move_aside(s->path, &aside);
        if (r < 0) {
                set_state(s, STORE_UNWRITABLE, r);
                return;
        }
        log_message(LOG_ERR, TWITCHD_MESSAGE_HISTORY_DAMAGED, NULL, "%s: the history was damaged. It is kept as %s, and a new one is begun; "
                  "\"sqlite3 %s .recover\" may get back what is in it.", s->path, aside, aside);
        pthread_mutex_lock(&s->lock);
        snprintf(s->status.aside, sizeof(s->status.aside), "%s", aside);
        pthread_mutex_unlock(&s->lock);
}

static int begin_file(Store *s) {
        KeeperState before = s->keeper.state;

        int r = sql_exec(s->keeper.sql, "BEGIN IMMEDIATE");
        if (r >= 0)
                r = keeper_begin(&s->keeper);
        if (r >= 0 && s->status.aside[0])
                r = keep_incident(&s->keeper, "damaged", 0, s->status.aside);
        if (r >= 0)
                r = sql_exec(s->keeper.sql, "COMMIT");
        return r < 0 ? rollback(s, &before, r) : 0;
}

static int on_wal(void *userdata, sqlite3 *db, const char *name, int n_pages) {
        Store *s = userdata;

        s->wal_pages = n_pages;
        return SQLITE_OK;
}

/*
 * After the commit and not by itself: SQLite would return an error of it as one of the commit, which has happened.
 * When it fails, the journal grows until it succeeds.
 */
static void checkpoint(Store *s) {
        int mode = s->keeper.wipe ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;

        if (s->wal_pages < WAL_PAGES && !s->keeper.wipe)
                return;
        if (sqlite3_wal_checkpoint_v2(s->keeper.sql->db, NULL, mode, NULL, NULL) != SQLITE_OK)
                return;
        s->wal_pages = 0;
        s->keeper.wipe = false;
}

/*
 * A session that has no end: the service or the machine went down in the middle. SQLite takes that well, disks do not
 * always; so then, and only then, all pages are looked at.
 */
static int look_at_pages(Sql *sql) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        int64_t one;

        int r = sql_int(sql, &one, "SELECT 1 FROM session WHERE end_boottime_usec IS NULL LIMIT 1", "");
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = sql_query(sql, &q, "PRAGMA quick_check(1)", "");
        if (r >= 0)
                r = sql_next(q);
        return r < 0 ? r : r > 0 && streq(sql_text(q, 0), "ok") ? 0 : -EUCLEAN;
}

static int open_file(Store *s) {
        if (s->keeper.sql)
                return 0;
        int r = history_open(s->path, &s->keeper.sql);
        if (r >= 0)
                r = look_at_pages(s->keeper.sql);
        if (r >= 0) {
                sqlite3_wal_hook(s->keeper.sql->db, on_wal, s);
                r = begin_file(s);
        }
        if (r < 0)
                s->keeper.sql = sql_free(s->keeper.sql);
        if (r == -EUCLEAN)
                move_damaged_aside(s);
        return r;
}

/* A job of its own that fails leaves nothing of itself. */
static int run_job(Store *s, StoreJob *j) {
        Sql *sql = s->keeper.sql;
        KeeperState before = s->keeper.state;

        int r = sql_exec(sql, "SAVEPOINT job");
        if (r < 0)
                return r;
        int result = j->run(&s->keeper, j);
        if (result < 0) {
                s->keeper.state = before;
                if (is_of_disk(result))
                        return result;
                r = sql_exec(sql, "ROLLBACK TO job");
        }
        if (r >= 0)
                r = sql_exec(sql, "RELEASE job");
        j->result = result;
        if (r >= 0 && result < 0 && !j->done)
                log_error_errno(result, "A record could not be put into the history and is lost: %m");
        return r;
}

/* In one transaction. */
static int run_all(Store *s, const JobList *jobs) {
        KeeperState before = s->keeper.state;
        uint64_t n_lost;

        pthread_mutex_lock(&s->lock);
        n_lost = s->status.n_lost;
        pthread_mutex_unlock(&s->lock);

        int r = sql_exec(s->keeper.sql, "BEGIN IMMEDIATE");
        for (StoreJob *j = jobs->first; j && r >= 0; j = j->next)
                r = run_job(s, j);
        if (r >= 0 && n_lost > s->n_lost_told)
                r = keep_incident(&s->keeper, "overflow", n_lost - s->n_lost_told, NULL);
        if (r >= 0)
                r = sql_exec(s->keeper.sql, "COMMIT");
        if (r < 0)
                return rollback(s, &before, r);
        s->n_lost_told = n_lost;
        checkpoint(s);
        return 0;
}

/* Locked. Who is told of another session looks at the status. */
static void publish_sessions(Store *s) {
        bool another = false;

        for (size_t i = 0; i < KEEPER_DEVICES_MAX; i++) {
                const KeeperDevice *d = &s->keeper.state.devices[i];
                StoreSession *to = &s->status.sessions[i], now = { .source = d->source };

                if (d->source != 0 && d->n_sessions > 0) {
                        now.id = d->sessions[0].id;
                        now.confirmed = d->sessions[0].confirmed;
                }
                another = another || to->source != now.source || to->id != now.id || to->confirmed != now.confirmed;
                *to = now;
        }
        if (another)
                (void) eventfd_write(s->fd, 1);
}

/* Done ones go to who submitted them; the others are freed, or stay when nothing could be written. */
static void settle(Store *s, JobList *jobs, int error) {
        bool any = jobs->first;
        JobList stay;

        list_init(&stay);
        pthread_mutex_lock(&s->lock);
        for (StoreJob *j; (j = list_take(jobs));)
                if (j->done)
                        finish_locked(s, j, error < 0 ? error : j->result);
                else if (error < 0)
                        list_append(&stay, j);
                else {
                        s->status.n_lost += j->result < 0;
                        free_job(j);
                }
        /* who came meanwhile keeps his time: a second of being written begins with being submitted */
        if (stay.first)
                s->first_usec = now_usec();
        list_prepend(&s->waiting, &stay);
        s->status.n_commits += any && error >= 0;
        if (error >= 0)
                publish_sessions(s);
        pthread_mutex_unlock(&s->lock);
}

/* Forgotten within some ten commits */
static void remember_duration(Store *s, usec_t took_usec) {
        s->write_usec = MAX(took_usec, s->write_usec - s->write_usec / 8);
}

static int write_jobs(Store *s, JobList *jobs) {
        usec_t began_usec = now_usec();
        int r = open_file(s);

        if (r == -EUCLEAN)
                r = open_file(s);
        if (r >= 0 && jobs->first)
                r = run_all(s, jobs);
        if (r == -EUCLEAN && s->keeper.sql) {
                move_damaged_aside(s);
                r = open_file(s);
                if (r >= 0)
                        r = run_all(s, jobs);
        }
        set_state(s, r < 0 ? state_of(r) : STORE_OK, r);
        if (r >= 0 && jobs->first)
                remember_duration(s, now_usec() - began_usec);
        settle(s, jobs, r);
        return r;
}

/* --- the thread ---------------------------------------------------------------------------- */

static void wait_until(Store *s, usec_t usec) {
        struct timespec ts = { (time_t) (usec / USEC_PER_SEC), (long) (usec % USEC_PER_SEC * NSEC_PER_USEC) };

        pthread_cond_timedwait(&s->wake, &s->lock, &ts);
}

/*
 * How long the first of those that wait may do so. Twice what writing took, because the disk may still be at what came
 * before; and never less than what a busy machine keeps the thread from running.
 */
static usec_t patience(const Store *s) {
        usec_t margin = MAX(2 * s->write_usec, STORE_MARGIN_MIN_USEC);

        return STORE_KEPT_USEC - MIN(margin, STORE_MARGIN_MAX_USEC);
}

/* Locked. What waits, or nothing at the end. */
static void wait_for_jobs(Store *s, usec_t not_before, JobList *ret) {
        for (;;) {
                usec_t now = now_usec();

                if (s->urgent || s->stop)
                        break;
                if (s->first_usec == 0) {
                        pthread_cond_wait(&s->wake, &s->lock);
                        continue;
                }
                usec_t due = MAX(s->first_usec + patience(s), not_before);
                if (now >= due)
                        break;
                wait_until(s, due);
        }
        s->urgent = false;
        list_prepend(ret, &s->waiting);
        s->first_usec = 0;
}

static void* write_history(void *userdata) {
        Store *s = userdata;
        usec_t not_before = 0;
        JobList jobs;
        bool stop;

        list_init(&jobs);
        history_remove_copies(s->path);
        /* What was left open by an interruption is closed now, and a damaged file found. */
        (void) write_jobs(s, &jobs);
        do {
                pthread_mutex_lock(&s->lock);
                wait_for_jobs(s, not_before, &jobs);
                stop = s->stop;
                pthread_mutex_unlock(&s->lock);

                not_before = jobs.first && write_jobs(s, &jobs) < 0 ? now_usec() + STORE_RETRY_USEC : 0;
        } while (!stop);

        s->keeper.sql = sql_free(s->keeper.sql);
        pthread_mutex_lock(&s->lock);
        if (s->waiting.n > 0)
                log_error("%s: %" PRIu64 " records could not be written and are lost.", s->path, s->waiting.n);
        s->stopped = true;
        pthread_cond_broadcast(&s->wake);
        pthread_mutex_unlock(&s->lock);
        return NULL;
}

static int init_lock(Store *s) {
        pthread_condattr_t attributes;

        pthread_mutex_init(&s->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        int r = pthread_cond_init(&s->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        return -r;
}

int store_new(const char *dir, const char *boot_id, const KeptClock *clock, Store **ret) {
        assert(dir);
        assert(boot_id);
        assert(ret);

        Store *s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        list_init(&s->waiting);
        list_init(&s->done);
        s->keeper.state.clock = *clock;
        s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        s->boot_id = strdup(boot_id);
        s->keeper.boot_id = s->boot_id;
        s->keeper.stopping = &s->stop;
        int r = init_lock(s);
        if (r >= 0 && (s->fd < 0 || !s->boot_id || asprintf(&s->path, "%s/" HISTORY_FILE, dir) < 0))
                r = -ENOMEM;
        s->keeper.path = s->path;
        if (r >= 0)
                r = start_thread(write_history, s, &s->thread);
        if (r < 0) {
                s->stopped = true;
                store_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

int store_stop(Store *s, usec_t timeout_usec) {
        usec_t until = now_usec() + timeout_usec;
        bool stopped;

        pthread_mutex_lock(&s->lock);
        __atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
        pthread_cond_broadcast(&s->wake);
        while ((!s->stopped || s->n_beside > 0) && now_usec() < until)
                wait_until(s, until);
        stopped = s->stopped && s->n_beside == 0;
        pthread_mutex_unlock(&s->lock);
        if (!stopped)
                return -ETIMEDOUT;
        pthread_join(s->thread, NULL);
        return 0;
}

Store* store_free(Store *s) {
        if (!s)
                return NULL;
        assert(s->stopped);
        free_list(&s->waiting);
        free_list(&s->done);
        pthread_cond_destroy(&s->wake);
        pthread_mutex_destroy(&s->lock);
        if (s->fd >= 0)
                close(s->fd);
        free(s->path);
        free(s->boot_id);
        free(s);
        return NULL;
}
