/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What experiments by coin find, and how often they find what is not there: four planned looks, beside one
 * look at the end and beside a t test that is looked at after every block. bench-experiment [RUNS]
 */
#include <math.h>

#include "life.h"
#include "stats/pairs.h"
#include "stats/quantiles.h"
#include "stats/trial.h"
#include "util.h"

#define RUNS 10000u
#define RUNS_OF_INTERVALS 1000u         /* some milliseconds each */
#define BLOCKS (LIFE_DAYS / LIFE_BLOCK_DAYS)

/* As those of bench-triggers */
static const LifeWorld worlds[] = {
        { .name = "independent days", .fast_sd = 0.57, .habit = HABIT_BLOCKS },
        { .name = "waxing, 10 days", .slow_sd = 0.5, .slow_days = 10, .fast_sd = 0.3,
          .habit = HABIT_BLOCKS },
};

static const double ratios[] = { 1, 1.5, 2, 3 };

typedef struct Tally {
        unsigned runs, looks, end, t_test, void_runs;
        double blocks;
        unsigned intervals, covered;
} Tally;

static bool found(TrialAnswer a) {
        return a == TRIAL_MORE || a == TRIAL_LESS;
}

/* Student's t of the blocks' differences, tried from the fifth block on after each. */
static bool t_test_ever(const TrialBlock *blocks, unsigned n, const double *t_critical) {
        double sum = 0, squares = 0;

        for (unsigned k = 0; k < n; k++) {
                double m = k + 1, variance;

                sum += blocks[k].d;
                squares += blocks[k].d * blocks[k].d;
                if (k < 4)
                        continue;
                variance = (squares - sum * sum / m) / (m - 1);
                if (fabs(sum / m) > t_critical[k] * sqrt(variance / m))
                        return true;
        }
        return false;
}

/* leaving: who has a bad first session of a block leaves it, with this probability. */
static void make_blocks(const Life *life, unsigned n, double leaving, Prng *r, TrialBlock *ret) {
        double usual = 0;

        for (unsigned k = 0; k < n; k++) {
                const LifeSession *a = life->sessions + k * LIFE_BLOCK_DAYS, *b = a + LIFE_BLOCK_DAYS / 2;
                const LifeSession *with = a->exposed[0] ? a : b, *without = a->exposed[0] ? b : a;
                PairsCounts c = { with->events, LIFE_MINUTES, without->events, LIFE_MINUTES };
                double seen = log(a->events + 0.5);

                ret[k] = (TrialBlock) {};
                (void) pairs_difference(&c, 1, &ret[k].d);
                ret[k].voided = leaving > 0 && k > 0 && seen > usual && prng_uniform(r) < leaving;
                usual += (seen - usual) / (k + 1);
        }
}

static unsigned blocks_used(const TrialBlock *blocks, unsigned n) {
        for (unsigned look = 0; look < TRIAL_LOOKS; look++)
                if (found(trial_answer(n, blocks, trial_look_blocks(n, look))))
                        return trial_look_blocks(n, look);
        return n;
}

static Tally run(const LifeWorld *world, double ratio, unsigned n, double leaving, unsigned runs,
                 uint64_t seed) {
        double t_critical[BLOCKS];
        Tally t = { .runs = runs };
        LifeWorld w = *world;
        Prng r;

        w.log_ratio = log(ratio);
        prng_init(&r, seed, PRNG_SCENE, n);
        for (unsigned k = 1; k < BLOCKS; k++)
                t_critical[k] = stats_t_quantile(0.975, k);
        for (unsigned i = 0; i < runs; i++) {
                TrialBlock blocks[BLOCKS];
                double d[BLOCKS];
                Life life;

                life_live(&life, &w, &r);
                make_blocks(&life, n, leaving, &r, blocks);
                for (unsigned k = 0; k < n; k++)
                        d[k] = blocks[k].d;
                t.looks += found(trial_answer(n, blocks, n));
                t.void_runs += trial_answer(n, blocks, n) == TRIAL_VOID;
                t.blocks += blocks_used(blocks, n) / (double) runs;
                t.end += trial_p(d, n) <= 0.05;
                t.t_test += t_test_ever(blocks, n, t_critical);
                if (i < RUNS_OF_INTERVALS && leaving <= 0) {
                        TrialInterval in = trial_state(n, blocks, n).interval;

                        t.intervals++;
                        t.covered += in.low <= ratio && in.high >= ratio;
                }
        }
        return t;
}

static double percent(unsigned part, unsigned whole) {
        return 100.0 * part / whole;
}

static bool kept(const Tally *t, double ratio, bool waxing, unsigned n) {
        bool ok = true;

        if (ratio == 1 && n == BLOCKS)
                ok = percent(t->looks, t->runs) >= 4 && percent(t->looks, t->runs) <= 5.5;
        if (ratio == 1 && n != BLOCKS)
                ok = percent(t->looks, t->runs) <= 5.5;
        if (ratio == 2 && n == BLOCKS)
                ok = percent(t->looks, t->runs) >= (waxing ? 95 : 80) && t->blocks <= 17;
        return ok;
}

static unsigned table(unsigned n, unsigned runs) {
        unsigned failed = 0;

        printf("%u blocks, two sessions each, %u runs: effects found, percent\n\n"
               "  %-18s ratio | four looks | blocks | once at the end | t after each block | %s\n",
               n, runs, "", "truth in interval");
        for (size_t i = 0; i < ELEMENTSOF(worlds); i++)
                for (size_t k = 0; k < ELEMENTSOF(ratios); k++) {
                        Tally t = run(worlds + i, ratios[k], n, 0, runs, 1 + i * ELEMENTSOF(ratios) + k);
                        bool ok = kept(&t, ratios[k], worlds[i].slow_days > 0, n);

                        printf("  %-18s %5.1f | %10.1f | %6.1f | %15.1f | %18.1f | %.1f%s\n", worlds[i].name,
                               ratios[k],
                               percent(t.looks, t.runs), t.blocks, percent(t.end, t.runs),
                               percent(t.t_test, t.runs),
                               percent(t.covered, t.intervals), ok ? "" : "   NOT KEPT");
                        fflush(stdout);
                        failed += !ok;
                }
        printf("\n");
        return failed;
}

static unsigned leavers(unsigned runs) {
        unsigned failed = 0;

        printf("Blocks left because the first session was a bad one, %u blocks, nothing to find, percent\n\n"
               "  %-18s leaving | four looks | void: no claim\n", BLOCKS, "");
        for (size_t i = 0; i < ELEMENTSOF(worlds); i++)
                for (unsigned k = 1; k <= 3; k++) {
                        Tally t = run(worlds + i, 1, BLOCKS, 0.15 * k, runs, 100 + i);
                        bool ok = percent(t.looks, t.runs) <= 5.5;

                        printf("  %-18s %6.0f%% | %10.1f | %.1f%s\n", worlds[i].name, 15.0 * k,
                               percent(t.looks, t.runs), percent(t.void_runs, t.runs),
                               ok ? "" : "   NOT KEPT");
                        failed += !ok;
                }
        printf("\n");
        return failed;
}

int main(int argc, char **argv) {
        unsigned runs = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : RUNS, failed;

        if (runs == 0) {
                fprintf(stderr, "bench-experiment [RUNS]: a number above 0\n");
                return 2;
        }
        failed = table(BLOCKS, runs) + table(BLOCKS / 2, runs) + leavers(runs);
        printf("%s\n", failed ? "Not all measures are kept." : "All measures are kept.");
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
