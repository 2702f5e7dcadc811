/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has all of a signal lets the detector learn from its beginning first: then the first seconds count, too. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

#define SECONDS 60.0
#define LEAD_IN_S 20.0
#define CHANNELS 2u
#define NOISE_UV 2.0
#define TWITCH_UV 40.0
#define FIRST_S 0.45
#define EVERY_S 1.37

/* Two channels with hum, whose cycles do not fit the lead-in; the first one twitches from the beginning. */
static int32_t* new_signal(double rate_hz, double hum_uv, size_t n_frames) {
        int32_t *x = calloc(n_frames * CHANNELS, sizeof *x);

        ck_assert_ptr_nonnull(x);
        for (size_t f = 0; f < n_frames; f++) {
                double t = (double) f / rate_hz, u = (fmod(t, EVERY_S) - FIRST_S) / 0.0025;

                for (unsigned c = 0; c < CHANNELS; c++) {
                        double v = NOISE_UV * sqrt(rate_hz / 1000) * gaussian() + hum_uv * sin(2 * M_PI * 49.971 * t + c);
                        if (c == 0)
                                v -= TWITCH_UV / 2 * u * exp(0.5 - u * u / 2);
                        x[f * CHANNELS + c] = (int32_t) lround(v / LSB_UV);
                }
        }
        return x;
}

static Detector* new_lead_in_detector(double rate_hz, Reports *r) {
        return recorder_detector_of(rate_hz, CHANNELS, LSB_UV, CODE_MIN, CODE_MAX, true, r);
}

static void check_start(double rate_hz, double hum_uv) {
        size_t n_frames = (size_t) (SECONDS * rate_hz), n_lead_in = (size_t) (LEAD_IN_S * rate_hz);
        int32_t *x = new_signal(rate_hz, hum_uv, n_frames);
        Reports *r = calloc(1, sizeof *r);
        unsigned n = 0, found = 0;

        ck_assert_ptr_nonnull(r);
        Detector *d = new_lead_in_detector(rate_hz, r);
        detector_push(d, x, NULL, n_lead_in);
        ck_assert_uint_eq(detector_position(d), n_lead_in);
        ck_assert_uint_eq(r->n_notices + r->n_events + r->n_artefacts + r->n_minutes, 0);
        detector_begin(d);
        ck_assert_uint_eq(detector_position(d), 0);
        detector_push(d, x, NULL, n_frames);
        detector_finish(d);

        for (double t = FIRST_S; t < SECONDS - 0.5; t += EVERY_S, n++)
                for (size_t i = 0; i < r->n_events; i++)
                        found += r->events[i].channels[0] == 0 && fabs(r->events[i].peak / rate_hz - t) < 0.01;
        printf("%g SPS, %g uV of hum: %u of %u twitches, %zu events; exposure %.2f and %.2f s\n", rate_hz, hum_uv,
               found, n, r->n_events, r->minutes[0].exposure_s, r->minutes[1].exposure_s);
        ck_assert_uint_eq(found, n);
        ck_assert_uint_eq(r->events[0].id, 1);
        ck_assert_uint_le(r->n_events, n + 1);
        ck_assert_uint_eq(r->n_minutes, CHANNELS);
        for (unsigned c = 0; c < CHANNELS; c++) {
                DetectChannelStats stats;

                ck_assert_double_eq(r->minutes[c].from, 0);
                ck_assert_double_eq(r->minutes[c].to, (double) n_frames);
                ck_assert_double_ge(r->minutes[c].exposure_s, SECONDS - 0.5);
                ck_assert_int_eq(detector_get_channel_stats(d, c, &stats), 0);
                ck_assert_uint_eq(stats.minutes, 1);
                ck_assert_double_eq_tol(stats.exposure_s, r->minutes[c].exposure_s, 1e-6);
        }
        for (size_t i = 0; i < r->n_artefacts; i++)
                ck_assert_double_le(r->artefacts[i].to, (double) n_frames);
        ck_assert_uint_eq(r->n_answered, r->n_notices);
        detector_free(d);
        free(r);
        free(x);
}

START_TEST(quiet) {
        seed(41);
        check_start(1000, 0);
        check_start(250, 0);
        check_start(4096, 0);
}
END_TEST

START_TEST(hum) {
        seed(42);
        check_start(1000, 60);
        check_start(2000, 150);
}
END_TEST

/* A signal that is shorter than what noise takes to be known has none, and that does no harm. */
START_TEST(too_short) {
        enum { N = 500 };
        Reports *r = calloc(1, sizeof *r);
        int32_t *x = new_signal(1000, 0, N);

        ck_assert_ptr_nonnull(r);
        for (size_t n_lead_in = 0; n_lead_in <= N; n_lead_in += N) {
                Detector *d = new_lead_in_detector(1000, r);

                r->n_minutes = r->n_artefacts = 0;
                detector_push(d, x, NULL, n_lead_in);
                detector_begin(d);
                detector_push(d, x, NULL, N);
                detector_finish(d);
                ck_assert_uint_eq(r->n_events, 0);
                ck_assert_uint_eq(r->n_minutes, CHANNELS);
                ck_assert_double_eq(r->minutes[0].to, N);
                detector_free(d);
        }
        free(x);
        free(r);
}
END_TEST

SUITE("lead-in", quiet, hum, too_short)
