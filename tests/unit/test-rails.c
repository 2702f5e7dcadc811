/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a rail is, and what is only the largest sample: writers of files name the extremes of the data as
 * the limits, amplifiers stop within the range of their converter.
 */
#include <string.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

#define RATE_HZ 1000.0
#define SECONDS 20u
#define N (SECONDS * 1000u)
#define TWITCHES 3u

static const double twitch_s[TWITCHES] = { 6, 10.5, 15 };
static Reports reports;
static int32_t codes[N];
static const double lsb_uv = 0.1;

static double potential(double t_s) {
        double u = t_s / 0.002;
        return -u * exp((1 - u * u) / 2);
}

/* Noise of 2 uV and three twitches of the same shape, the first the largest. In steps of lsb. */
static void make(double lsb, double peak_uv) {
        seed(1);
        for (size_t i = 0; i < N; i++) {
                double uv = 2 * gaussian();
                for (unsigned k = 0; k < TWITCHES; k++) {
                        double t = (double) i / RATE_HZ - twitch_s[k];
                        if (fabs(t) < 0.02)
                                uv += peak_uv * (1 - 0.02 * k) * potential(t);
                }
                codes[i] = (int32_t) (lround(uv / lsb) * lround(lsb / lsb_uv));
        }
}

static void clip(double uv) {
        int32_t most = (int32_t) lround(uv / lsb_uv);

        for (size_t i = 0; i < N; i++)
                codes[i] = codes[i] > most ? most : codes[i] < -most ? -most : codes[i];
}

static void extremes(int32_t *ret_min, int32_t *ret_max) {
        *ret_min = *ret_max = codes[0];
        for (size_t i = 1; i < N; i++) {
                *ret_min = codes[i] < *ret_min ? codes[i] : *ret_min;
                *ret_max = codes[i] > *ret_max ? codes[i] : *ret_max;
        }
}

static void look_for(int32_t code_min, int32_t code_max, bool limits_may_be_extremes) {
        DetectConfig config = {
                .rate_hz = RATE_HZ,
                .n_channels = 1,
                .lsb_uv = &lsb_uv,
                .code_min = &code_min,
                .code_max = &code_max,
                .limits_may_be_extremes = limits_may_be_extremes,
                .false_alarms_per_hour = 1,
                .on_event = recorder_event,
                .on_artefact = recorder_artefact,
                .userdata = &reports,
        };
        Detector *d;

        memset(&reports, 0, sizeof reports);
        reports.rate_hz = RATE_HZ;
        ck_assert_int_eq(detector_new(&config, &d), 0);
        for (size_t i = 0; i < N; i += 500)
                detector_push(d, codes + i, NULL, 500);
        detector_finish(d);
        detector_free(d);
}

static unsigned n_saturations(void) {
        unsigned n = 0;

        for (size_t i = 0; i < reports.n_artefacts; i++)
                n += reports.artefacts[i].cause == ARTEFACT_SATURATION;
        return n;
}

static void expect_twitches(unsigned n) {
        ck_assert_uint_eq(reports.n_events, n);
        for (size_t i = 0; i < n; i++)
                ck_assert_double_eq_tol(reports.events[i].peak / RATE_HZ, twitch_s[i], 0.005);
}

START_TEST(extremes_are_samples) {
        static const double lsbs[] = { 0.1, 0.8, 2.5 }; /* the last as a converter of 8 bits */
        int32_t min, max;

        for (size_t i = 0; i < sizeof lsbs / sizeof lsbs[0]; i++) {
                make(lsbs[i], 60);
                extremes(&min, &max);
                look_for(min, max, true);
                ck_assert_uint_eq(n_saturations(), 0);
                expect_twitches(TWITCHES);
        }
        /* known to be the converter's, they are rails */
        look_for(min, max, false);
        ck_assert_uint_ge(n_saturations(), 1);
        ck_assert_uint_lt(reports.n_events, TWITCHES);
}
END_TEST

START_TEST(a_run_at_the_limit_is_a_rail) {
        int32_t min, max;

        make(0.1, 60);
        for (size_t i = 0; i < 5; i++)
                codes[(size_t) (twitch_s[1] * RATE_HZ) - 4 + i] = 2000;
        extremes(&min, &max);
        look_for(min, max, true);
        ck_assert_uint_eq(n_saturations(), 1);
        ck_assert_uint_eq(reports.n_events, 2);
        ck_assert_double_eq_tol(reports.events[1].peak / RATE_HZ, twitch_s[2], 0.005);
}
END_TEST

/* Mains too large for the converter: one or two samples of each cycle lie on the limit. */
START_TEST(many_hits_are_a_rail) {
        int32_t min, max;

        make(0.1, 60);
        for (size_t i = 8000; i < 13000; i++)
                codes[i] += (int32_t) lround(5100 * sin(2 * M_PI * 50.3 * (double) i / RATE_HZ));
        clip(500);
        extremes(&min, &max);
        look_for(min, max, true);
        ck_assert_uint_ge(n_saturations(), 1);
        ck_assert_double_le(reports.artefacts[0].from / RATE_HZ, 9);
        for (size_t i = 0; i < reports.n_events; i++)
                ck_assert(reports.events[i].peak / RATE_HZ < 8 || reports.events[i].peak / RATE_HZ > 14);
}
END_TEST

/* The same far within the limits of the file */
START_TEST(an_amplifier_clips_inside) {
        make(0.1, 60);
        for (size_t i = 10000; i < 12000; i++)
                codes[i] += (int32_t) lround(9000 * sin(2 * M_PI * 7 * (double) i / RATE_HZ));
        clip(500);
        look_for(-32768, 32767, true);
        ck_assert_uint_ge(n_saturations(), 1);
        ck_assert_double_le(reports.artefacts[0].from / RATE_HZ, 10.2);
}
END_TEST

/* A slow wave in coarse steps stands still at its turning points, and is no rail there. */
START_TEST(a_slow_wave_is_no_rail) {
        make(0.1, 60);
        for (size_t i = 0; i < N; i++)
                codes[i] = (int32_t) (lround((codes[i] + 3000 * sin(2 * M_PI * 0.3 * (double) i / RATE_HZ)) /
                                             25) *
                                      25);
        look_for(-32768, 32767, true);
        ck_assert_uint_eq(n_saturations(), 0);
        expect_twitches(TWITCHES);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("rails");
        TCase *t = tcase_create("rails");

        tcase_add_test(t, extremes_are_samples);
        tcase_add_test(t, a_run_at_the_limit_is_a_rail);
        tcase_add_test(t, many_hits_are_a_rail);
        tcase_add_test(t, an_amplifier_clips_inside);
        tcase_add_test(t, a_slow_wave_is_no_rail);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
