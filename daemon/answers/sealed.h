/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An experiment as the history has it: the order that coins decided, sealed at the start, and what became of
 * each block since.
 *
 * The text that is sealed: "twitch-experiment kind=caffeine blocks=10 order=AB,BA,... salt=<32 hexadecimal
 * digits>". A: with, B: without. Whoever has the seal (SHA-256 of that text) can check the text afterwards.
 */
#pragma once

#include "past.h"
#include "stats/trial.h"

#define SEALED_TEXT_MAX 512u
#define SEALED_DIGITS 65u       /* with the end of the string */

/* Sessions of a block: the second at least, and at most, so long after the first began. */
#define SEALED_APART_MIN_USEC (2 * 86400 * INT64_C(1000000))
#define SEALED_APART_MAX_USEC (7 * 86400 * INT64_C(1000000))

/* random: at least blocks / 8 + 1 + 16 bytes, from getrandom(). -EINVAL: it does not fit. */
int sealed_write(const char *kind, unsigned blocks, const uint8_t *random, char ret[static SEALED_TEXT_MAX]);
void sealed_digest(const char *text, char ret[static SEALED_DIGITS]);

/* 'A' or 'B': session 0 or 1 of a block from 1; 0: the text has no such block. */
char sealed_arm(const char *text, unsigned block, unsigned session);

typedef struct SealedBlock {
        bool revealed[2];               /* told what to do, session 0 and 1 */
        int64_t revealed_usec[2];
        int session[2];                 /* of the Past; -1: not yet */
        bool voided;
} SealedBlock;

typedef struct Sealed {
        const PastTrial *trial;
        unsigned n_over;                /* blocks with both sessions, or void, from the first on */
        unsigned n_void, n_void_with_first;
        bool stopped;
        SealedBlock blocks[TRIAL_BLOCKS_MAX];
} Sealed;

void sealed_read(const Past *p, const PastTrial *t, Sealed *ret);
bool sealed_is_over(const Sealed *s);

/* The last that is neither over nor stopped, or NULL. */
const PastTrial* sealed_find_open(const Past *p);

/* The first session after a block's `which` was revealed that can be it; -1: none yet. */
int sealed_find_session(const Past *p, const Sealed *s, unsigned block, unsigned which);

/* What the looks so far say. A block without a common site is void. */
TrialState sealed_state(const Past *p, const Sealed *s);
