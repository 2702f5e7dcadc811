/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What reads the history as a whole, beside the writer (store_submit_beside()). */
#pragma once

#include "keeper.h"

/*
 * What db is asked ends early, with -EINTR, when the Store is stopped. For what only reads: a transaction that
 * writes would be undone with it.
 */
void history_end_when_stopped(const Keeper *k, sqlite3 *db);

/* To read; ends early when the Store is stopped. */
int history_open_beside(const Keeper *k, Sql **ret);

/*
 * A consistent copy, as a descriptor to read from of a file that has no name any more. -ENOSPC: there is no room
 * beside the history; -ECANCELED; else as history_open().
 */
int history_copy(const Keeper *k, int *ret_fd);

/* Copies whose maker was killed. */
void history_remove_copies(const char *path);

typedef struct HistoryCheck {
        bool intact;                            /* of the file: what SQLite finds */
        char text[256];                         /* and says first */
        uint64_t n_wrong;                       /* sessions whose roll-ups are not what their minutes give */
} HistoryCheck;

int history_check(const Keeper *k, HistoryCheck *ret);
