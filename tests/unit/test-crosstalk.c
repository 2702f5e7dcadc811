/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels are muscles: one changes another only where the signals show that both see the same one. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

#define RATE_HZ 1000.0
#define SECONDS 40u
#define FRAMES ((size_t) (SECONDS * RATE_HZ))
#define N_CHANNELS 4u
#define NOISE_UV 3.0
#define WORK_FROM_S 12.0
#define WORK_TO_S 22.0
#define LAG_FRAMES 5                    /* 20 mm at 4 m/s */

/* Two lobes and a tail, 10 ms together; 1 from peak to peak. */
static double potential(double t_s, double width_s) {
        double u = t_s / width_s;

        double tail = (t_s - 3.2 * width_s) / (1.2 * width_s);

        return 0.6 * (-u * exp(0.5 - u * u / 2) + 0.35 * exp(-tail * tail / 2));
}

static void add(double *x, unsigned channel, double at_s, double uv, double width_s) {
        size_t from = (size_t) ((at_s - 0.02) * RATE_HZ), to = (size_t) ((at_s + 0.03) * RATE_HZ);

        for (size_t f = from; f < to && f < FRAMES; f++)
                x[f * N_CHANNELS + channel] += uv * potential((double) f / RATE_HZ - at_s, width_s);
}

/* 400 potentials a second, of all sizes */
static void add_work(double *x, unsigned channel, double uv) {
        for (double t = WORK_FROM_S; t < WORK_TO_S; t -= log(uniform()) / 400)
                add(x, channel, t, uv * exp(0.5 * gaussian()) * (uniform() < 0.5 ? -1 : 1),
                    0.0015 + 0.0015 * uniform());
}

static double* quiet(void) {
        double *x = calloc(FRAMES * N_CHANNELS, sizeof *x);

        ck_assert_ptr_nonnull(x);
        for (size_t i = 0; i < FRAMES * N_CHANNELS; i++)
                x[i] = NOISE_UV * gaussian();
        return x;
}

static Reports* recorder_in(double *x) {
        int32_t *codes = calloc(FRAMES * N_CHANNELS, sizeof *codes);

        ck_assert_ptr_nonnull(codes);
        for (size_t i = 0; i < FRAMES * N_CHANNELS; i++)
                codes[i] = (int32_t) lround(x[i] / LSB_UV);
        Reports *r = detect(RATE_HZ, N_CHANNELS, codes, FRAMES, 1000);
        free(codes);
        free(x);
        return r;
}

static unsigned count(const Reports *r, EventKind kind) {
        unsigned n = 0;

        for (size_t i = 0; i < r->n_events; i++)
                n += r->events[i].kind == kind;
        return n;
}

static unsigned twitches_of(const Reports *r, unsigned channel, double from_s, double to_s) {
        unsigned n = 0;

        for (size_t i = 0; i < r->n_events; i++)
                n += event_kind_is_twitch(r->events[i].kind) && r->events[i].channels[0] == channel &&
                        r->events[i].peak >= from_s * RATE_HZ && r->events[i].peak <= to_s * RATE_HZ;
        return n;
}

static double exposure_of(const Reports *r, unsigned channel) {
        double sum_s = 0;

        for (size_t i = 0; i < r->n_minutes; i++)
                sum_s += r->minutes[i].channel == channel ? r->minutes[i].exposure_s : 0;
        return sum_s;
}

/* One muscle works; the others go on twitching, whatever their channels' numbers are. */
START_TEST(work_elsewhere_hides_nothing) {
        seed(11);
        double *x = quiet();
        unsigned n = 0;

        add_work(x, 0, 300);
        for (double t = 5; t < 38; t += 1.1, n++) {
                add(x, 1, t, 60, 0.0024);
                add(x, 3, t + 0.37, 60, 0.0024);
        }
        Reports *r = recorder_in(x);
        unsigned near = twitches_of(r, 1, 0, SECONDS), far = twitches_of(r, 3, 0, SECONDS);
        printf("of %u twitches beside work %u are found, further away %u; exposure %.1f and %.1f of %u s\n",
               n, near, far, exposure_of(r, 1), exposure_of(r, 3), SECONDS);
        ck_assert_uint_ge(near, n - 1);
        ck_assert_uint_ge(far, n - 1);
        ck_assert_double_ge(exposure_of(r, 1), SECONDS - 3);
        ck_assert_double_le(exposure_of(r, 0), SECONDS - 2 - (WORK_TO_S - WORK_FROM_S));
        free(r);
}
END_TEST

/* Electrodes beside the muscle see it smaller and later: no twitches, and no rest either. */
START_TEST(crosstalk_is_no_twitch) {
        for (unsigned seen_by = 1; seen_by < N_CHANNELS; seen_by += 2) {
                seed(12 + seen_by);
                double *x = quiet();

                add_work(x, 0, 300);
                for (size_t f = FRAMES - 1; f >= LAG_FRAMES; f--)
                        x[f * N_CHANNELS + seen_by] += 0.02 * x[(f - LAG_FRAMES) * N_CHANNELS];
                Reports *r = recorder_in(x);
                unsigned wrong = twitches_of(r, seen_by, 0, SECONDS);
                printf("crosstalk of 2 %% on channel %u: %u twitches, exposure %.1f of %u s\n", seen_by,
                       wrong, exposure_of(r, seen_by), SECONDS);
                ck_assert_uint_eq(wrong, 0);
                free(r);
        }
}
END_TEST

/* Of one muscle, seen by two pairs of electrodes: one contraction. Of two muscles: two. */
START_TEST(works_are_told_apart) {
        for (unsigned shared = 0; shared <= 1; shared++) {
                seed(20);
                double *x = quiet();

                add_work(x, 0, 300);
                if (shared)
                        for (size_t f = FRAMES - 1; f >= LAG_FRAMES; f--)
                                x[f * N_CHANNELS + 2] += 0.4 * x[(f - LAG_FRAMES) * N_CHANNELS];
                else
                        add_work(x, 2, 200);
                Reports *r = recorder_in(x);
                ck_assert_uint_eq(count(r, EVENT_CONTRACTION), shared ? 1 : 2);
                ck_assert_uint_eq(r->n_events, shared ? 1 : 2);
                ck_assert_uint_eq(r->events[0].n_channels, shared ? 2 : 1);
                free(r);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("crosstalk");
        TCase *t = tcase_create("crosstalk");

        tcase_add_test(t, work_elsewhere_hides_nothing);
        tcase_add_test(t, crosstalk_is_no_twitch);
        tcase_add_test(t, works_are_told_apart);
        suite_add_tcase(s, t);
        return suite_done(s);
}
