/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes an export (`twitchctl export --sqlite`), of another machine or of this one, into the history. What
 * is there already is known by what it is, not by its number: a session by its uuid; an entry of the diary
 * by its kind, its time and when it was logged; a felt twitch by its time and site. So doing it again
 * changes nothing. On the writer's thread, as keeper.h.
 */
#pragma once

#include "keeper.h"

typedef struct ImportCounts {
        uint64_t sessions, diary, felt, others; /* new; others: questions, bets, experiments */
        uint64_t known; /* of all of these: were there already */
        uint64_t unfinished; /* sessions that went on then: left out */
        uint64_t recordings; /* files of the new sessions, which an export has not */
} ImportCounts;

#define IMPORT_BYTES_MAX (INT64_C(4) << 30)

/*
 * fd: to read, from its start. -EBADMSG: no history, or damaged; -EPROTONOSUPPORT: of a newer version;
 * -EFBIG; -ECANCELED: the Store stops; else as keeper.h.
 */
int history_import(Keeper *k, int fd, ImportCounts *ret);
