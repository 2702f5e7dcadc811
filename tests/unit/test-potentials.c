/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Potentials made by hand, put into a history: how discharges are measured, told apart, known again, and how a heart
 * is told from them. No noise unless it says so: what comes out can be known beforehand.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/detect/ecg/qrs-detector.h"
#include "daemon/detect/potentials/delay.h"
#include "daemon/detect/potentials/discharge.h"
#include "daemon/detect/potentials/high-frequency.h"
#include "daemon/detect/potentials/missed-discharges.h"
#include "daemon/detect/potentials/superposition.h"
#include "daemon/detect/potentials/units.h"
#include "suite.h"

#define RATE_HZ 2000.0                  /* a step is half a millisecond, as long as a point of a unit's waveform */
#define LENGTH 4000u
#define SIGMA_UV 1.0f

static History h;
static float signal[LENGTH];

/* A potential of two phases: a Gaussian's first derivative; of three: its second. Largest at its peak, with 1. */
static double potential(double t_s, double width_s, unsigned phases) {
        double u = t_s / width_s;

        return phases == 2 ? (1 - u) * exp((1 - (1 - u) * (1 - u)) / 2) : (1 - u * u) * exp(-u * u / 2);
}

static void clear(void) {
        for (unsigned i = 0; i < LENGTH; i++)
                signal[i] = 0;
}

static void put(double at_step, double uv, double width_s, unsigned phases) {
        for (unsigned i = 0; i < LENGTH; i++)
                signal[i] += (float) (uv * potential((i - at_step) / RATE_HZ, width_s, phases));
}

static void take_in(void) {
        history_done(&h);
        ck_assert_int_eq(history_init(&h, LENGTH), 0);
        history_restart(&h, 0);
        for (unsigned i = 0; i < LENGTH; i++)
                history_push(&h, signal[i]);
}

static size_t measure(double from, double to, Discharge *ret) {
        return discharges_measure(&h, (int64_t) from, (int64_t) to, SIGMA_UV, 20, RATE_HZ, ret);
}

static Discharge one(double at_step, double uv, double width_s, unsigned phases) {
        Discharge found[DISCHARGES_MAX];

        clear();
        put(at_step, uv, width_s, phases);
        take_in();
        ck_assert_uint_eq(measure(at_step - 40, at_step + 40, found), 1);
        return found[0];
}

/* --- what stands out --- */

START_TEST(a_discharge_is_measured) {
        Discharge x = one(2000.3, 100, 0.003, 3);
        /* its troughs are -2 exp(-3/2) of the peak */
        float pp = 100 * (float) (1 + 2 * exp(-1.5));

        ck_assert(fabs(x.peak - 2000.3) < 0.05);
        ck_assert(fabsf(x.amplitude_uv - (DISCHARGE_HIGHPASS * pp - DISCHARGE_EXTREMES_SIGMA * SIGMA_UV)) < 0.7f);
        /* a tenth of the peak is left at 2.94 widths */
        ck_assert(x.peak - x.onset > 16.5 && x.peak - x.onset < 18.5);
        ck_assert(fabs(x.end - x.peak - (x.peak - x.onset)) < 2);
        ck_assert(fabsf(x.waveform[WAVEFORM_POINTS / 2] - 100) < 3);
}
END_TEST

/* A second one counts from 0.3 of the first on, and from 5 sigma. */
static const struct { double uv, other_uv; size_t n; } seconds[] = {
        { 100, 33, 2 }, { 100, 27, 1 }, { 10, 5.5, 2 }, { 10, 4.5, 1 },
};

START_TEST(a_second_one_has_to_stand_out) {
        Discharge x[DISCHARGES_MAX];

        clear();
        put(2000, seconds[_i].uv, 0.002, 3);
        put(1900, seconds[_i].other_uv, 0.002, 3);
        take_in();
        ck_assert_uint_eq(measure(1850, 2050, x), seconds[_i].n);
        if (seconds[_i].n == 2) {       /* in order of time */
                ck_assert(fabs(x[0].peak - 1900) < 0.1);
                ck_assert(fabs(x[1].peak - 2000) < 0.1);
        }
}
END_TEST

/* A Gaussian's second derivative is 1.31 widths wide at half its height, here in whole points; so is its mirror image. */
START_TEST(a_width_is_that_of_the_main_phase) {
        Discharge x = one(2000, 100, 0.003, 3), y = one(2000, -100, 0.003, 3);

        float width_s = discharge_half_width_s(x.waveform);

        ck_assert(width_s > 0.0029f && width_s < 0.0040f);
        ck_assert(fabsf(discharge_half_width_s(y.waveform) - width_s) < 1e-6f);
        ck_assert(discharge_similarity(x.waveform, x.waveform) > 0.999f);
        ck_assert(discharge_similarity(x.waveform, y.waveform) < 0.7f);
}
END_TEST

/* --- lags --- */

static const double lags_ms[] = { 0, 3.3, -5.2, 7 };

START_TEST(a_lag_is_found) {
        double lag = lags_ms[_i] * RATE_HZ / 1000;
        Discharge a = one(2000, 100, 0.003, 3), b = one(2000 + lag, -40, 0.003, 3);

        ck_assert(fabs(inter_channel_delay_steps(a.waveform, a.peak, b.waveform, b.peak, RATE_HZ) - lag) < 0.1);
}
END_TEST

START_TEST(peaks_too_far_apart_have_none) {
        Discharge a = one(2000, 100, 0.003, 3);

        ck_assert(!isnan(inter_channel_delay_steps(a.waveform, 2000, a.waveform, 2031, RATE_HZ)));
        ck_assert(isnan(inter_channel_delay_steps(a.waveform, 2000, a.waveform, 2033, RATE_HZ)));
        ck_assert(isnan(inter_channel_delay_steps(a.waveform, 2000, a.waveform, 1967, RATE_HZ)));
}
END_TEST

/* --- units --- */

static unsigned assign(Units *u, double uv, double width_s, unsigned phases) {
        Discharge x = one(2000, uv, width_s, phases);

        return units_assign(u, &h, &x, true, 0, SIGMA_UV, RATE_HZ);
}

START_TEST(units_are_known_again) {
        Units u = { .n = 0 };

        ck_assert_uint_eq(assign(&u, 100, 0.003, 3), 1);
        ck_assert_uint_eq(assign(&u, 100, 0.003, 2), 2);
        ck_assert_uint_eq(assign(&u, 100, 0.0012, 3), 3);
        for (unsigned i = 0; i < 4; i++) {
                ck_assert_uint_eq(assign(&u, 100 + 5 * i, 0.003, 3), 1);
                ck_assert_uint_eq(assign(&u, 100 - 5 * i, 0.003, 2), 2);
        }
        ck_assert_uint_eq(u.n, 3);
        ck_assert_uint_eq(u.units[0].n, 5);
}
END_TEST

/* Half as large again, or two thirds as large, and as far beyond as it varies, it is still the same unit. */
static const struct { double uv; unsigned unit; } scales[] = {
        { 200, 1 }, { 240, 2 }, { 55, 1 }, { 45, 2 },
};

START_TEST(a_unit_has_its_size) {
        Units u = { .n = 0 };

        for (unsigned i = 0; i < 3; i++)
                ck_assert_uint_eq(assign(&u, 100, 0.003, 3), 1);
        ck_assert_uint_eq(assign(&u, scales[_i].uv, 0.003, 3), scales[_i].unit);
}
END_TEST

/* Once all places are taken the one goes that was seen once, longest ago. */
START_TEST(units_make_room) {
        Units u = { .n = 0 };
        double now = 100;

        for (unsigned i = 0; i < UNITS_MAX; i++) {
                unsigned seen = i == 3 || i == 5 ? 1 : 3;

                for (unsigned k = 0; k < seen; k++)
                        (void) assign(&u, 60 * pow(2.6, i), 0.003, 3);
        }
        ck_assert_uint_eq(u.n, UNITS_MAX);
        for (unsigned i = 0; i < UNITS_MAX; i++)
                u.units[i].last = now + i;
        ck_assert_uint_eq(assign(&u, 60 / 2.6, 0.003, 3), UNITS_MAX + 1);
        ck_assert_uint_eq(u.units[3].id, UNITS_MAX + 1);
}
END_TEST

/* --- one upon the other --- */

static Units learned_unit(double uv, unsigned n) {
        Units u = { .n = 0 };

        for (unsigned i = 0; i < n; i++)
                (void) assign(&u, uv, 0.003, 3);
        return u;
}

/* Two of a known unit, so far apart: told apart from 3.5 ms on. */
static const struct { double apart_ms; unsigned n; } pairs[] = { { 5, 2 }, { 8, 2 }, { 2.5, 0 } };

START_TEST(a_doublet_is_taken_apart) {
        Units u = learned_unit(100, 4);
        double apart = pairs[_i].apart_ms * RATE_HZ / 1000, peaks[DISCHARGES_MAX];
        Discharge x[DISCHARGES_MAX];
        unsigned unit = 0;

        clear();
        put(2000, 100, 0.003, 3);
        put(2000 + apart, 95, 0.003, 3);
        take_in();
        ck_assert_uint_ge(measure(1950, 2060, x), 1);
        x[0].onset = 1975;
        x[0].end = 2025 + apart;
        unsigned n = resolve_superposition(&u, &h, x, SIGMA_UV, RATE_HZ, peaks, &unit);
        if (pairs[_i].n < 2) {
                ck_assert_uint_lt(n, 2);
                return;
        }
        ck_assert_uint_eq(n, 2);
        ck_assert_uint_eq(unit, 1);
        ck_assert(fabs(peaks[0] - 2000) < 0.6);
        ck_assert(fabs(peaks[1] - 2000 - apart) < 0.6);
}
END_TEST

START_TEST(one_alone_is_one) {
        Units u = learned_unit(100, 4);
        double peaks[DISCHARGES_MAX];
        unsigned unit = 0;
        Discharge x = one(2000, 102, 0.003, 3);

        ck_assert_uint_eq(resolve_superposition(&u, &h, &x, SIGMA_UV, RATE_HZ, peaks, &unit), 1);
        x = one(2000, 100, 0.006, 2);   /* of no unit that is known */
        ck_assert_uint_eq(resolve_superposition(&u, &h, &x, SIGMA_UV, RATE_HZ, peaks, &unit), 0);
}
END_TEST

/* What looks like a doublet at the same distance every time is another unit's potential. */
START_TEST(doublets_are_not_always_the_same) {
        Units u = learned_unit(100, 4);
        double peaks[DISCHARGES_MAX];
        unsigned unit = 0, n = 2;

        for (unsigned i = 0; i < 5; i++) {
                Discharge x[DISCHARGES_MAX];

                clear();
                put(500 + 500 * i, 100, 0.003, 3);
                put(510 + 500 * i, 95, 0.003, 3);
                take_in();
                ck_assert_uint_ge(measure(450 + 500 * i, 560 + 500 * i, x), 1);
                x[0].onset = 475 + 500 * i;
                x[0].end = 535 + 500 * i;
                n = resolve_superposition(&u, &h, x, SIGMA_UV, RATE_HZ, peaks, &unit);
                ck_assert_uint_eq(n, i < 2 ? 2 : 0);
        }
}
END_TEST

/* --- below the threshold --- */

/* Its matched filter would see the unit at 6.3 standard deviations; once more, smaller, larger, too near, too far. */
static const struct { double uv, apart; float sigma_uv; bool found; } missed[] = {
        { 9, 100, 4.5f, true }, { 5.5, 100, 4.5f, false }, { 16, 100, 4.5f, false }, { 9, 20, 4.5f, false },
        { 9, 260, 4.5f, false }, { 9, -100, 4.5f, true }, { 7.5, 100, 4.5f, true },
        { 7.5, 100, 5.5f, false },      /* noise may have made it */
};

START_TEST(a_missed_discharge_is_found) {
        Units u = learned_unit(10, 4);
        Activity activity = { .units = { { .unit = 1 } }, .n_discharges = 1, .peak_before = 1000, .last_peak = 2000 };
        MissedSearch search = {
                .step_rate_hz = RATE_HZ, .gap = 200, .until = 2300, .threshold = 5.4f, .sigma_uv = missed[_i].sigma_uv,
        };
        double peak = 0;

        for (unsigned i = 0; i < ACTIVITY_PEAKS; i++)
                activity.peaks[i] = i == 0 ? 2000 : -INFINITY;
        clear();
        put(2000, 10, 0.003, 3);
        put(2000 + missed[_i].apart, missed[_i].uv, 0.003, 3);
        take_in();
        ck_assert(find_missed_discharge(&u, &activity, &h, &search, &peak) == missed[_i].found);
        if (missed[_i].found)
                ck_assert(fabs(peak - 2000 - missed[_i].apart) < 1.1);
        activity.units[0].unit = 7;     /* not known */
        ck_assert(!find_missed_discharge(&u, &activity, &h, &search, &peak));
}
END_TEST

/* --- high-frequency discharges --- */

static void add_run(double from, double to, double hz, double uv) {
        for (unsigned i = (unsigned) from; i < to; i++)
                signal[i] += (float) (uv * sin(2 * M_PI * hz * i / RATE_HZ));
}

static void add_noise(float uv) {
        uint32_t x = 1;

        for (unsigned i = 0; i < LENGTH; i++) {
                x = x * 1664525 + 1013904223;
                signal[i] += uv * ((float) (x >> 8) / (1 << 23) - 1);
        }
}

static const struct { double hz, uv, from; bool found; } tones[] = {
        { 200, 10, 2000, true }, { 290, 10, 2000, true }, { 60, 10, 2000, false }, { 200, 0, 2000, false },
        { 200, 10, 1000, false },       /* was there before */
        { 200, 2.2, 2000, false },      /* is less than a third of all */
};

START_TEST(a_run_is_heard) {
        HighFrequencyBank bank;
        HighFrequency run;
        bool found = false;

        high_frequency_init(&bank, RATE_HZ);
        clear();
        add_noise(5);
        add_run(tones[_i].from, 2600, tones[_i].hz, tones[_i].uv);
        take_in();
        high_frequency_begin(&run, &bank, &h, 2000);
        ck_assert(!high_frequency_evaluate(&run, &bank, &h, 2096)); /* one evaluation is not enough */
        for (unsigned i = 1; i < 5; i++)
                found = high_frequency_evaluate(&run, &bank, &h, 2096 + 96 * i) || found;
        ck_assert(found == tones[_i].found);
        ck_assert((run.detected_at > 0) == found);
}
END_TEST

/* --- the heart --- */

/* Beats at an even pace, or not; as wide as a beat, or as a unit's potential; how many until it is known. */
static const struct { double width_s, period_s, uneven; unsigned known_at; } hearts[] = {
        { 0.010, 0.8, 0, 4 }, { 0.0075, 0.8, 0, 6 }, { 0.003, 0.8, 0, 0 }, { 0.010, 0.30, 0, 0 }, { 0.010, 1.6, 0, 6 },
        { 0.010, 0.8, 0.12, 4 }, { 0.010, 0.8, 0.4, 6 }, { 0.010, 3.2, 0, 0 },
};

START_TEST(a_heart_is_slow_and_even) {
        Discharge x = one(2000, 100, hearts[_i].width_s, 3);
        QrsDetector q = { .beats = 0 };
        unsigned known_at = 0;
        double at_s = 10;

        for (unsigned i = 1; i <= 12 && known_at == 0; i++) {
                if (qrs_detect(&q, x.waveform, at_s))
                        known_at = i;
                at_s += hearts[_i].period_s * (1 + (i % 2 ? hearts[_i].uneven : -hearts[_i].uneven) / 2);
        }
        ck_assert_uint_eq(known_at, hearts[_i].known_at);
}
END_TEST

START_TEST(a_twitch_between_beats_does_not_matter) {
        Discharge beat = one(2000, 100, 0.010, 3), twitch = one(2000, 100, 0.0015, 2);
        QrsDetector q = { .beats = 0 };

        for (unsigned i = 1; i <= 3; i++) {
                ck_assert(!qrs_detect(&q, beat.waveform, i * 0.8));
                ck_assert(!qrs_detect(&q, twitch.waveform, i * 0.8 + 0.35));
        }
        ck_assert(qrs_detect(&q, beat.waveform, 4 * 0.8));
        ck_assert(qrs_detect(&q, beat.waveform, 6 * 0.8));      /* one was not seen */
        ck_assert_uint_eq(q.beats, 4);
}
END_TEST

#define N(a) ((int) (sizeof (a) / sizeof (a)[0]))

int main(void) {
        Suite *s = suite_create("potentials");
        TCase *t = tcase_create("potentials");

        suite_add_tcase(s, t);
        tcase_add_test(t, a_discharge_is_measured);
        tcase_add_loop_test(t, a_second_one_has_to_stand_out, 0, N(seconds));
        tcase_add_test(t, a_width_is_that_of_the_main_phase);
        tcase_add_loop_test(t, a_lag_is_found, 0, N(lags_ms));
        tcase_add_test(t, peaks_too_far_apart_have_none);
        tcase_add_test(t, units_are_known_again);
        tcase_add_loop_test(t, a_unit_has_its_size, 0, N(scales));
        tcase_add_test(t, units_make_room);
        tcase_add_loop_test(t, a_doublet_is_taken_apart, 0, N(pairs));
        tcase_add_test(t, one_alone_is_one);
        tcase_add_test(t, doublets_are_not_always_the_same);
        tcase_add_loop_test(t, a_missed_discharge_is_found, 0, N(missed));
        tcase_add_loop_test(t, a_run_is_heard, 0, N(tones));
        tcase_add_loop_test(t, a_heart_is_slow_and_even, 0, N(hearts));
        tcase_add_test(t, a_twitch_between_beats_does_not_matter);
        history_done(&h);
        return suite_done(s);
}
