/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a person says: the diary, felt twitches, sessions taken out; and what the client computed and is kept for ever:
 * questions, bets, experiments. On the writer's thread, as keeper.h.
 */
#pragma once

#include "keeper.h"

#define ENTRY_TEXT_MAX 1000u                    /* bytes of a note */
#define ENTRY_WORD_MAX 64u                      /* of a kind, a site, a unit */
#define ENTRY_BLOCKS_MAX 1000                   /* of an experiment */
#define KIND_WINDOW_S_MAX (30 * 86400)
#define BET_FLOOR_NV_MAX INT64_C(1000000000000) /* 1000 V: no size is larger */
#define TRIAL_SEAL_LENGTH 64u                   /* SHA-256, hexadecimal */
#define ENTRY_TIME_USEC_MAX INT64_C(4102444800000000)   /* 2100 */

typedef struct DiaryEntry {
        char kind[ENTRY_WORD_MAX];
        int64_t time_usec, end_usec;            /* UTC; end 0: none */
        bool has_amount;
        double amount;                          /* in the unit of the kind */
        char text[ENTRY_TEXT_MAX + 1];
} DiaryEntry;

/*
 * replaces: an entry that stands, or 0. -EINVAL: no such kind, or a time out of range or before its start;
 * -ENOENT: no entry of that number stands.
 */
int entry_add_diary(Keeper *k, const DiaryEntry *e, int64_t replaces, int64_t *ret);
int entry_remove_diary(Keeper *k, int64_t id);
/* -EEXIST: there is one of that name; -EINVAL: name or unit. */
int entry_add_kind(Keeper *k, const char *name, const char *unit, int64_t window_s, const char *description);

/* time: BOOTTIME. site: empty if not said; else of sites.h. */
int entry_add_felt(Keeper *k, usec_t boottime_usec, const char *site, const char *source, int64_t *ret);

/* -ENOENT: no such session. */
int entry_exclude_session(Keeper *k, int64_t session, bool excluded, const char *why);

/*
 * Really: what was measured, felt and logged from one time of day up to another. Sessions that began in it go
 * as a whole; one that goes on stays. Bets and experiments stay, they hold no time of day of the body. -ECANCELED:
 * the Store stops; then only recordings may be gone.
 */
int entry_delete(Keeper *k, int64_t from_usec, int64_t to_usec, int64_t *ret_n_sessions);

typedef struct Bet {
        char kind[ENTRY_WORD_MAX], site[ENTRY_WORD_MAX], exposed[ENTRY_WORD_MAX], other[ENTRY_WORD_MAX];
        int64_t floor_nv;
        double log_ratio, log_wealth;
} Bet;

int entry_ask(Keeper *k, const char *kind, bool asked);
/* -EEXIST: one of the sessions has been used for this kind and site; -EINVAL: a word or number that cannot be. */
int entry_add_bet(Keeper *k, const Bet *b);

typedef struct Trial {
        char kind[ENTRY_WORD_MAX], site[ENTRY_WORD_MAX];
        int64_t blocks, washout_s;
        char coins[512], seal[TRIAL_SEAL_LENGTH + 1];
} Trial;

/* -EINVAL */
int entry_add_trial(Keeper *k, const Trial *t, int64_t *ret);

typedef struct TrialAct {
        int64_t trial, block;
        char act[ENTRY_WORD_MAX], arm[ENTRY_WORD_MAX], session[ENTRY_WORD_MAX];
        char why[ENTRY_TEXT_MAX + 1];
} TrialAct;

/* -ENOENT: no such trial; -EINVAL: a block it does not have, an act or number that cannot be. */
int entry_add_trial_act(Keeper *k, const TrialAct *a);
int entry_add_look(Keeper *k, int64_t trial, int64_t blocks, double p, double log_ratio);
