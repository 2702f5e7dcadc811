/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "judges.h"
#include "stats/bets.h"
#include "stats/pairs.h"
#include "util.h"

#define LEVEL 0.05

static void judgement_init(Judgement *j) {
        *j = (Judgement) { .excluded_day = NEVER, .excluded_day_at_20 = NEVER };
        for (unsigned k = 0; k < LIFE_KINDS; k++)
                j->day[k] = NEVER;
}

unsigned judgement_false_day(const Judgement *j, unsigned cause) {
        unsigned first = NEVER;

        for (unsigned k = 0; k < LIFE_KINDS; k++)
                if (k != cause)
                        first = MIN(first, j->day[k]);
        return first;
}

static unsigned day_of(const LifeSession *s) {
        return (unsigned) s->start_days;
}

static void claim(Judgement *j, unsigned kind, const LifeSession *s, bool more) {
        if (j->day[kind] != NEVER)
                return;
        j->day[kind] = day_of(s);
        j->more[kind] = more;
}

static double difference(const LifeSession *a, const LifeSession *b) {
        const LifeSession *with = a, *without = b;
        PairsCounts c = {
                .events = with->events, .exposure_min = LIFE_MINUTES,
                .events_other = without->events, .exposure_min_other = LIFE_MINUTES,
        };
        double d = 0;

        (void) pairs_difference(&c, 1, &d);
        return d;
}

/* The bet that the log ratio is `truth`, of which nobody may win much. */
static void doubt(Judgement *j, const BetsForecast *f, double d, double truth, double bound,
                  double *log_wealth, const LifeSession *s) {
        *log_wealth += bets_log_factor(f, d, truth);
        if (*log_wealth >= bound)
                j->excluded_day = MIN(j->excluded_day, day_of(s));
        if (*log_wealth >= log(20))
                j->excluded_day_at_20 = MIN(j->excluded_day_at_20, day_of(s));
}

static void bet_on(const Life *life, unsigned kind, bool known, double truth, Judgement *j) {
        PairsSession p[LIFE_DAYS];
        double bound = bets_log_bound(kind), doubts = 0;
        Bets b;

        bets_init(&b);
        for (unsigned i = 0; i < life->n; i++) {
                const LifeSession *s = life->sessions + i, *a, *other;
                int partner;
                double d;

                p[i] = (PairsSession) { .start_days = s->start_days, .exposed = s->exposed[kind],
                                         .sites = 1 };
                partner = pairs_partner(p, i + 1);
                if (partner < 0)
                        continue;
                p[i].used = p[partner].used = true;
                a = s->exposed[kind] ? s : life->sessions + partner;
                other = s->exposed[kind] ? life->sessions + partner : s;
                d = difference(a, other);
                if (known) {
                        doubt(j, &b.forecast, d, truth, bound, &doubts, s);
                        j->d[j->pairs++] = d;
                }
                bets_add(&b, d);
                if (b.log_wealth >= bound)
                        claim(j, kind, s, b.forecast.sum > 0);
        }
}

void judge_bets(const Life *life, unsigned kind, double log_ratio, Judgement *ret) {
        judgement_init(ret);
        for (unsigned k = 0; k < LIFE_KINDS; k++)
                bet_on(life, k, k == kind, log_ratio, ret);
}

#define SHUFFLES 1999u
#define SHUFFLES_ENOUGH 20u     /* as extreme ones: then p is known well enough (Besag & Clifford 1991) */

static double sum_of_first(double *x, unsigned n, unsigned first, Prng *random) {
        double sum = 0;

        for (unsigned i = 0; i < first; i++) {
                unsigned k = i + prng_below(random, n - i);
                double swap = x[i];

                x[i] = x[k];
                x[k] = swap;
                sum += x[i];
        }
        return sum;
}

static double permutation_p(const Life *life, unsigned n, unsigned kind, Prng *random, bool *ret_more) {
        double x[LIFE_DAYS], total = 0, with = 0, expected;
        unsigned exposed = 0, extreme = 0, shuffles = 0;

        for (unsigned i = 0; i < n; i++) {
                x[i] = log(life->sessions[i].events + 0.5);
                total += x[i];
                if (life->sessions[i].exposed[kind]) {
                        with += x[i];
                        exposed++;
                }
        }
        expected = total * exposed / n;
        *ret_more = with > expected;
        if (exposed == 0 || exposed == n)
                return 1;
        while (shuffles < SHUFFLES && extreme < SHUFFLES_ENOUGH) {
                double off = fabs(sum_of_first(x, n, exposed, random) - expected);

                extreme += off >= fabs(with - expected) - 1e-9;
                shuffles++;
        }
        return extreme < SHUFFLES_ENOUGH ? (extreme + 1.0) / (shuffles + 1.0) : (double) extreme / shuffles;
}

static double poisson_p(const Life *life, unsigned n, unsigned kind, bool *ret_more) {
        double events[2] = {}, sessions[2] = {}, z;

        for (unsigned i = 0; i < n; i++) {
                events[life->sessions[i].exposed[kind]] += life->sessions[i].events;
                sessions[life->sessions[i].exposed[kind]]++;
        }
        if (!(events[0] > 0 && events[1] > 0))
                return 1;
        z = log(events[1] / sessions[1] / (events[0] / sessions[0])) / sqrt(1 / events[0] + 1 / events[1]);
        *ret_more = z > 0;
        return erfc(fabs(z) * M_SQRT1_2);
}

/* Rejects the smallest p at LEVEL / 8, the next at LEVEL / 7 ... */
static void holm(Judgement *j, double p[LIFE_KINDS], const bool more[LIFE_KINDS], const LifeSession *s) {
        bool done[LIFE_KINDS] = {};

        for (unsigned left = LIFE_KINDS; left > 0; left--) {
                unsigned best = LIFE_KINDS;

                for (unsigned k = 0; k < LIFE_KINDS; k++)
                        if (!done[k] && (best == LIFE_KINDS || p[k] < p[best]))
                                best = k;
                if (p[best] > LEVEL / left)
                        return;
                done[best] = true;
                claim(j, best, s, more[best]);
        }
}

/* From when on a person would look */
#define SESSIONS_MIN 10u

void judge_permutation(const Life *life, Prng *random, Judgement *ret) {
        judgement_init(ret);
        for (unsigned n = SESSIONS_MIN; n <= life->n; n++) {
                double p[LIFE_KINDS];
                bool more[LIFE_KINDS];

                for (unsigned k = 0; k < LIFE_KINDS; k++)
                        p[k] = permutation_p(life, n, k, random, more + k);
                holm(ret, p, more, life->sessions + n - 1);
        }
}

void judge_poisson(const Life *life, Judgement *ret) {
        judgement_init(ret);
        for (unsigned n = SESSIONS_MIN; n <= life->n; n++) {
                double p[LIFE_KINDS];
                bool more[LIFE_KINDS];

                for (unsigned k = 0; k < LIFE_KINDS; k++)
                        p[k] = poisson_p(life, n, k, more + k);
                holm(ret, p, more, life->sessions + n - 1);
        }
}
