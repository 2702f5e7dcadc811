/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways to judge what goes with twitching, each looking at a life every day. */
#pragma once

#include "life.h"

#define NEVER 1000u             /* no day */

typedef struct Judgement {
        unsigned day[LIFE_KINDS];       /* of the first claim, or NEVER */
        bool more[LIFE_KINDS];          /* that claim's direction */
        unsigned excluded_day;          /* judge_bets(): on which the interval first left out the truth */
        unsigned excluded_day_at_20;    /* the same with the bound 20 (95 % for one question) */
        unsigned pairs;                 /* of kind 0 in the end */
        double d[LIFE_DAYS];            /* these pairs */
} Judgement;

/* Ours: pairs and bets, the kinds asked in their order. Exclusions: of `kind`, whose log ratio is known. */
void judge_bets(const Life *life, unsigned kind, double log_ratio, Judgement *ret);

/* What others do: difference of the mean log rates, p by shuffling the days, 8 kinds by Holm. */
void judge_permutation(const Life *life, Prng *random, Judgement *ret);

/* Counts compared as if every twitch were independent of all others, 8 kinds by Holm. */
void judge_poisson(const Life *life, Judgement *ret);

/* Earliest day on which a kind other than `cause` was claimed (LIFE_KINDS: none is a cause). */
unsigned judgement_false_day(const Judgement *j, unsigned cause);
