/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of the history: a thread of its own behind a bounded queue.
 *
 * - Who submits never waits for the disk. What does not fit into the queue is dropped and counted.
 * - Jobs run in the order in which they came, on the writer's thread, all that wait in one transaction: so that
 *   they are on the disk a second after the first of them came, or at once when somebody waits for an answer.
 *   Without jobs there is no commit. A slow disk gets its commits earlier.
 * - A job that failed for want of a disk stays and is run again with what came since; one that somebody waits
 *   for is answered with the error instead.
 * - A damaged file is moved aside and a new one begun.
 */
#pragma once

#include "keeper.h"

#define STORE_QUEUE_BYTES (2u * 1024u * 1024u)
#define STORE_REQUESTS_MAX 64u                  /* jobs that are answered */
#define STORE_KEPT_USEC USEC_PER_SEC            /* after being submitted a job is on the disk: the promise */
/*
 * Of that, what is left for the writing. Larger: more commits, and so more bytes to the disk. Smaller: a busy machine
 * lets the thread wait and the promise breaks; on two cores with ten others that run, in 1 of 150 kills at 200 ms
 * (bench-kills). Events that are far between are written one by one either way.
 */
#define STORE_MARGIN_MIN_USEC (400 * USEC_PER_MSEC)
#define STORE_MARGIN_MAX_USEC (900 * USEC_PER_MSEC) /* a disk slower than half of it does not keep the promise */
#define STORE_BESIDE_MAX 4u
#define STORE_RETRY_USEC (5 * USEC_PER_SEC)

typedef struct Store Store;
typedef struct StoreJob StoreJob;

/* At the head of a block from malloc(), which the Store frees. */
struct StoreJob {
        int (*run)(Keeper *k, StoreJob *j);     /* the writer's thread; may be called again after a failure */
        /*
         * NULL: nobody waits. Else called from store_dispatch(), exactly once, with result: of run() once
         * committed, or why not; -EBUSY: too many wait.
         */
        void (*done)(StoreJob *j);
        void (*release)(StoreJob *j);           /* before free(); may be NULL */
        void *userdata;
        bool essential;                         /* not dropped when the queue is full: sessions hang on it */

        /* of the Store */
        int result;
        size_t size;
        StoreJob *next;
};

#define STORE_STATES(X)                                                                 \
        X(OPENING, "opening")                                                           \
        X(OK, "ok")                                                                     \
        X(FULL, "full")                 /* no room on the disk: records wait */         \
        X(UNWRITABLE, "unwritable")     /* directory or file: records wait */           \
        X(NEWER, "newer")               /* the file is of a later version: records wait */

typedef enum StoreState {
#define STORE_ENUM(name, word) STORE_##name,
        STORE_STATES(STORE_ENUM)
#undef STORE_ENUM
        _STORE_STATE_MAX,
} StoreState;

const char* store_state_to_string(StoreState s);

/* The session of a device that is there, as committed last */
typedef struct StoreSession {
        uint64_t source;                        /* 0: none */
        int64_t id;
        bool confirmed;                         /* a person began it */
} StoreSession;

typedef struct StoreStatus {
        StoreState state;
        uint64_t n_waiting, n_lost, n_commits;
        char aside[256];                        /* the damaged file that was moved aside last; empty: none */
        StoreSession sessions[KEEPER_DEVICES_MAX];
} StoreStatus;

/* dir: of the file. Starts the thread; never fails because of the disk. */
int store_new(const char *dir, const char *boot_id, const KeptClock *clock, Store **ret);

/* An eventfd: jobs are done, or the status is another. */
int store_fd(const Store *s);
/* Calls done() of what is done. on the thread of who submits. */
void store_dispatch(Store *s);

/* size: of the block. Takes j, also when it is dropped. */
void store_submit(Store *s, StoreJob *j, size_t size);

/*
 * Runs j, which has done(), beside the writer in a thread of its own: for what takes long and only reads. The Keeper it
 * gets has a path and nothing else. result: -EBUSY: as many as may do run already; -ECANCELED when stopped.
 */
void store_submit_beside(Store *s, StoreJob *j);

void store_get_status(Store *s, StoreStatus *ret);
const char* store_path(const Store *s);

/*
 * Writes what waits and ends the thread. -ETIMEDOUT: the disk does not answer; the Store must not be freed then.
 * What is done by then still waits for store_dispatch().
 */
int store_stop(Store *s, usec_t timeout_usec);
/* Stopped before. Jobs whose done() was not called yet are dropped. */
Store* store_free(Store *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(Store*, store_free);
