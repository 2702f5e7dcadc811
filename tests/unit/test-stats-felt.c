/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Felt against measured: what chance alone makes is taken off. */
#include <math.h>

#include "random.h"
#include "stats/felt.h"
#include "suite.h"
#include "util.h"

START_TEST(a_mark_means_what_came_before) {
        const double twitches[] = { 10, 50 }, marks[] = { 9.9, 11.9, 52.1 };
        Felt f = {};

        felt_add(&f, (FeltTimes) { marks, 3 }, (FeltTimes) { twitches, 2 }, 0, 100);
        ck_assert_double_eq(f.marks, 3);
        ck_assert_double_eq(f.marks_met, 1);
        ck_assert_double_eq(f.twitches, 2);
        ck_assert_double_eq(f.twitches_felt, 1);
}
END_TEST

START_TEST(chance_is_the_time_that_would_do) {
        /* overlapping windows count once: 10..13 and 50..52 of the 85 s around that are not near */
        const double twitches[] = { 10, 11, 50 }, marks[] = { 95 };
        Felt f = {};

        felt_add(&f, (FeltTimes) { marks, 1 }, (FeltTimes) { twitches, 3 }, 0, 100);
        ck_assert_double_eq_tol(f.marks_by_chance, 5 / 90.0, 1e-12);
}
END_TEST

START_TEST(nothing) {
        Felt f = {};
        StatsShare s;

        felt_add(&f, (FeltTimes) {}, (FeltTimes) {}, 0, 100);
        s = felt_share_of_marks(&f, 0.95);
        ck_assert_double_nan(s.share);
        ck_assert(s.low == 0 && s.high == 1);
}
END_TEST

static int by_size(const void *a, const void *b) {
        double x = *(const double*) a, y = *(const double*) b;

        return (x > y) - (x < y);
}

#define TWITCHES 100u
#define MARKS 30u

/* Half an hour; of MARKS marks so many mean a twitch, the others fall anywhere */
static Felt half_an_hour(unsigned meant) {
        double twitches[TWITCHES], marks[MARKS];
        Felt f = {};

        for (unsigned i = 0; i < TWITCHES; i++)
                twitches[i] = 1800 * uniform();
        for (unsigned i = 0; i < MARKS; i++)
                marks[i] = i < meant ? twitches[i] + 0.5 + uniform() : 1800 * uniform();
        qsort(twitches, TWITCHES, sizeof(double), by_size);
        qsort(marks, MARKS, sizeof(double), by_size);
        felt_add(&f, (FeltTimes) { marks, MARKS }, (FeltTimes) { twitches, TWITCHES }, 0, 1800);
        return f;
}

START_TEST(share_is_found_and_covered) {
        unsigned lives = 1000;

        seed(11);
        for (unsigned meant = 0; meant <= MARKS; meant += MARKS / 3) {
                double truth = (double) meant / MARKS, mean = 0;
                unsigned covered = 0;

                for (unsigned i = 0; i < lives; i++) {
                        Felt f = half_an_hour(meant);
                        StatsShare s = felt_share_of_marks(&f, 0.95);

                        mean += s.share / lives;
                        covered += s.low <= truth + 1e-12 && s.high >= truth - 1e-12;
                }
                /* shares below chance are set to 0, which draws the mean up there */
                ck_assert_double_eq_tol(mean, truth, meant == 0 ? 0.03 : 0.01);
                ck_assert_double_ge((double) covered / lives, 0.95);
        }
}
END_TEST

SUITE("stats-felt", a_mark_means_what_came_before, chance_is_the_time_that_would_do, nothing,
      share_is_found_and_covered)
