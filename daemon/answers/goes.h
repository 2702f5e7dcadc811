/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes with the twitching: the questions that were asked, their pairs and what the bets say
 * (stats/bets.h).
 *
 * Only sessions that began after the question count, and only what the diary said when they began: what is
 * written, changed or removed afterwards is of no effect. Bets that are in the history stand as they are.
 */
#pragma once

#include "past.h"
#include "stats/bets.h"

/* Sessions with less rest than this are too short for a pair. */
#define GOES_REST_MIN 5.0

typedef enum Exposure {
        EXPOSURE_UNKNOWN = -1,          /* cannot be said */
        EXPOSURE_NO,
        EXPOSURE_YES,
} Exposure;

/*
 * Whether a session began within the window of an entry of the kind. For sleep, sleep-quality, stress and
 * screen, which are written down every day with a number: whether it was more (sleep: less) than the median
 * of the entries before, of which there must be GOES_USUAL_MIN.
 */
#define GOES_USUAL_MIN 5u
Exposure goes_exposure(const Past *p, unsigned kind, const PastSession *s);

/* The number of a kind is compared with what is usual: more, or for sleep less. */
bool goes_by_amount(const PastKind *k);
bool goes_less_counts(const PastKind *k);        /* sleep */

/*
 * d of a pair (stats/pairs.h): sites both have, above the higher of both floors at each. ret_floor_uv: the
 * highest of these. -ENODATA: no site in common.
 */
int goes_difference(const PastSession *exposed, const PastSession *other, double *ret_d,
                    double *ret_floor_uv);

typedef struct GoesPair {
        size_t exposed, other;          /* sessions */
        double log_ratio, log_wealth, floor_uv;
        bool stored;
} GoesPair;

typedef struct Goes {
        unsigned kind;
        size_t place;                   /* of all questions ever asked, from 0 */
        int64_t asked_usec;
        size_t n_exposed, n_other;      /* sessions since */
        size_t n_pairs, n_stored;
        GoesPair *pairs;
        double log_bound, log_wealth;
        BetsAnswer answer;
        BetsInterval interval;
        unsigned more_pairs;            /* until a doubling would show in half of the cases */
} Goes;

void goes_done(Goes *g);

/* For each question that stands, in the order of asking. The caller frees with goes_free_all(). */
int goes_all(const Past *p, Goes **ret, size_t *ret_n);
void goes_free_all(Goes *g, size_t n);
