/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rates, and how often their intervals hold the truth where twitches cluster. */
#include <math.h>

#include "random.h"
#include "stats/rate.h"
#include "suite.h"
#include "util.h"

static unsigned poisson(double mean) {
        double left = exp(-mean), product = uniform();
        unsigned n = 0;

        for (; product > left; n++)
                product *= uniform();
        return n;
}

/* Minutes of a sitting whose log rate wanders about the day's with a time constant of 10 minutes */
static void sitting(RateSpan *minutes, size_t n, double per_min, double sd) {
        double slow = gaussian(), keep = exp(-1 / 10.0);

        for (size_t i = 0; i < n; i++) {
                minutes[i] = (RateSpan) { poisson(per_min * exp(sd * slow - sd * sd / 2)), 1 };
                slow = keep * slow + sqrt(1 - keep * keep) * gaussian();
        }
}

static double coverage_of_sittings(size_t n, double per_min, double sd) {
        unsigned covered = 0, lives = 3000;

        for (unsigned i = 0; i < lives; i++) {
                RateSpan minutes[60];
                Rate r;

                sitting(minutes, n, per_min, sd);
                ck_assert_int_eq(rate_of_session(minutes, n, 0.95, &r), 0);
                covered += r.low_per_min <= per_min && r.high_per_min >= per_min;
        }
        return (double) covered / lives;
}

START_TEST(one_sitting) {
        seed(1);
        ck_assert_double_ge(coverage_of_sittings(30, 3, 0.5), 0.94);
        ck_assert_double_ge(coverage_of_sittings(60, 3, 0.5), 0.94);
        ck_assert_double_ge(coverage_of_sittings(30, 0.3, 0.5), 0.94);
        ck_assert_double_ge(coverage_of_sittings(30, 20, 0.5), 0.94);
        ck_assert_double_ge(coverage_of_sittings(30, 3, 0), 0.94);
        ck_assert_double_ge(coverage_of_sittings(10, 3, 0.5), 0.94);
}
END_TEST

START_TEST(sitting_without_events) {
        RateSpan minutes[30] = {};
        Rate r;

        ck_assert_int_eq(rate_of_session(minutes, 30, 0.95, &r), -ENODATA);
        ck_assert_int_eq(rate_of_session(minutes, 0, 0.95, &r), -ENODATA);
        for (size_t i = 0; i < 30; i++)
                minutes[i].exposure_min = 1;
        ck_assert_int_eq(rate_of_session(minutes, 30, 0.95, &r), 0);
        ck_assert_double_eq(r.per_min, 0);
        ck_assert_double_eq(r.low_per_min, 0);
        ck_assert_double_eq_tol(r.high_per_min, 3.69 / 30, 0.01);
        minutes[3].events = 1;
        ck_assert_int_eq(rate_of_session(minutes, 1, 0.95, &r), 0);
        ck_assert_int_eq(rate_of_session(minutes, 30, 0.95, &r), 0);
        ck_assert(r.low_per_min < 1 / 30.0 && r.high_per_min > 1 / 30.0);
}
END_TEST

/* Daily sittings of half an hour; the days' rates wander, slowly and from day to day. */
static void days(RateSpan *sessions, size_t n, double ratio, double *slow, double *ret_mean) {
        double keep = exp(-1 / 10.0);

        *ret_mean = 0;
        for (size_t i = 0; i < n; i++) {
                RateSpan minutes[30];
                double per_min = 3 * ratio * exp(0.5 * *slow + 0.3 * gaussian());

                *slow = keep * *slow + sqrt(1 - keep * keep) * gaussian();
                sitting(minutes, 30, per_min, 0.5);
                sessions[i] = (RateSpan) { .exposure_min = 30 };
                for (size_t k = 0; k < 30; k++)
                        sessions[i].events += minutes[k].events;
                *ret_mean += per_min / (double) n;
        }
}

START_TEST(a_period_and_two) {
        unsigned covered = 0, covered_ratio = 0, lives = 3000;

        seed(2);
        for (unsigned i = 0; i < lives; i++) {
                RateSpan earlier[14], later[14];
                double slow = gaussian(), mean_earlier, mean_later;
                RateRatio ratio;
                Rate r;

                days(earlier, 14, 1, &slow, &mean_earlier);
                days(later, 14, 3, &slow, &mean_later);
                ck_assert_int_eq(rate_of_sessions(earlier, 14, 0.95, &r), 0);
                covered += r.low_per_min <= mean_earlier && r.high_per_min >= mean_earlier;
                ck_assert_int_eq(rate_compare(earlier, 14, later, 14, 0.95, &ratio), 0);
                covered_ratio += ratio.low * mean_earlier <= mean_later &&
                                ratio.high * mean_earlier >= mean_later;
        }
        ck_assert_double_ge((double) covered / lives, 0.95);
        ck_assert_double_ge((double) covered_ratio / lives, 0.95);
}
END_TEST

START_TEST(few_sessions) {
        RateSpan s[] = { { 90, 30 }, { 30, 30 }, { 0, 0 } }, none[] = { { 0, 30 }, { 0, 30 } };
        RateRatio ratio;
        Rate r;

        ck_assert_int_eq(rate_of_sessions(s, 0, 0.95, &r), -ENODATA);
        ck_assert_int_eq(rate_of_sessions(s + 2, 1, 0.95, &r), -ENODATA);
        ck_assert_int_eq(rate_of_sessions(s, 1, 0.95, &r), 0);
        ck_assert_double_eq(r.per_min, 3);
        ck_assert(isnan(r.low_per_min) && isnan(r.high_per_min));
        ck_assert_int_eq(rate_of_sessions(s, 3, 0.95, &r), 0);
        ck_assert_double_eq(r.per_min, 2);
        ck_assert(r.low_per_min < 1 && r.high_per_min > 3);
        ck_assert_int_eq(rate_of_sessions(none, 2, 0.95, &r), 0);
        ck_assert_double_eq(r.low_per_min, 0);
        ck_assert_double_eq_tol(r.high_per_min, 3.69 / 60, 0.01);
        ck_assert_int_eq(rate_compare(s, 1, s, 2, 0.95, &ratio), -ENODATA);
        ck_assert_int_eq(rate_compare(none, 2, s, 2, 0.95, &ratio), -ENODATA);
        ck_assert_int_eq(rate_compare(s, 2, s, 2, 0.95, &ratio), 0);
        ck_assert_double_eq_tol(ratio.ratio, 1, 1e-12);
}
END_TEST

SUITE("stats-rate", one_sitting, sitting_without_events, a_period_and_two, few_sessions)
