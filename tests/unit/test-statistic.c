/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* High-pass, matched filters and the estimate of noise, in Gaussian noise: what theory says of each. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/template-bank.h"
#include "random.h"
#include "suite.h"

#define RATE_HZ 1000.0
#define LANES 8u

/* --- high-pass --- */

/* The amplitude of a sine behind it, whole periods of it, once the filter is full. */
static double gain_at(double hz, double *ret_delay_frames) {
        unsigned length = highpass_length(RATE_HZ);
        double re = 0, im = 0;
        Highpass h;

        ck_assert_int_eq(highpass_init(&h, length, LANES), 0);
        for (unsigned i = 0; i < LANES; i++)
                highpass_channel_init(&h, i, 1);
        for (unsigned n = 0; n < 2000; n++) {
                int32_t codes[LANES];
                float y[LANES];
                double low[LANES];

                for (unsigned i = 0; i < LANES; i++)
                        codes[i] = (int32_t) lround(1e6 + 1e5 * sin(2 * M_PI * hz * n / RATE_HZ));
                if (n == 0)
                        for (unsigned i = 0; i < LANES; i++)
                                highpass_restart(&h, i, codes[i]);
                highpass_next(&h, codes, 1, y, low);
                if (n < 1000)
                        continue;
                re += (double) y[3] * sin(2 * M_PI * hz * n / RATE_HZ) / 500;
                im -= (double) y[3] * cos(2 * M_PI * hz * n / RATE_HZ) / 500;
        }
        highpass_done(&h);
        *ret_delay_frames = atan2(im, re) / (2 * M_PI * hz) * RATE_HZ;
        return sqrt(re * re + im * im) / 1e5;
}

START_TEST(the_highpass_is_that_of_its_formula) {
        unsigned length = highpass_length(RATE_HZ);
        double delay;

        ck_assert(fabs(gain_at(20, &delay) - M_SQRT1_2) < 0.02);
        (void) gain_at(10, &delay);     /* half of its period is longer than that */
        ck_assert(fabs(delay - (length - 1)) < 0.1);
        for (double hz = 5; hz <= 400; hz *= 2)
                ck_assert(fabs(gain_at(hz, &delay) - highpass_gain(length, hz / RATE_HZ)) < 1e-3);
        ck_assert(gain_at(2, &delay) < 0.02);
}
END_TEST

/* --- the bank --- */

START_TEST(templates_are_of_unit_energy) {
        TemplateBank b;

        ck_assert_int_eq(template_bank_init(&b, RATE_HZ, highpass_length(RATE_HZ) / RATE_HZ), 0);
        ck_assert_uint_eq(b.n_lanes % 8, 0);
        for (unsigned lane = 0; lane < b.n_lanes; lane++) {
                double energy = 0;

                for (unsigned i = 0; i < b.n_taps; i++)
                        energy += pow((double) template_bank_tap(&b, b.taps, lane, i), 2);
                ck_assert(fabs(energy - 1) < 1e-4);
                ck_assert(b.weights[lane] > 0.9f && b.weights[lane] <= 1);
        }
        template_bank_done(&b);
}
END_TEST

/*
 * Rice: in white noise the largest output comes up through the threshold as often as was asked for, or more seldom,
 * as filters that are alike do so together.
 */
START_TEST(the_threshold_is_exceeded_as_often_as_asked) {
        enum { SECONDS = 2000 };
        const double per_hour = 1800;
        TemplateBank b;
        float x[64] = { 0 }, outputs[64];
        unsigned n = 0;
        bool above = false;

        ck_assert_int_eq(template_bank_init(&b, RATE_HZ, highpass_length(RATE_HZ) / RATE_HZ), 0);
        ck_assert_uint_le(b.n_taps, 64);
        double threshold = template_bank_threshold(&b, per_hour);
        ck_assert(threshold > 3.5 && threshold < 4.5);
        ck_assert(template_bank_threshold(&b, 1) > threshold + 1);
        seed(11);
        for (unsigned i = 0; i < SECONDS * (unsigned) RATE_HZ; i++) {
                for (unsigned k = 1; k < b.n_taps; k++)
                        x[k - 1] = x[k];
                x[b.n_taps - 1] = (float) gaussian();
                f32x8 by_lane;
                template_bank_outputs(b.n_taps, b.n_lanes, b.taps, x, b.weights, outputs, &by_lane);
                bool now = (double) f32x8_max(&by_lane) > threshold;
                n += now && !above;
                above = now;
        }
        double rate = n / (per_hour / 3600 * SECONDS);
        ck_assert(rate > 0.65 && rate < 1.15);
        template_bank_done(&b);
}
END_TEST

/* --- noise --- */

#define BLOCK 500u

static const float weights[LANES] = { 1, 1, 1, 1, 1, 1, 1, 1 };

/* Blocks of half a second; in some of the evaluations there is an event, or a twitch that nobody has seen. */
static void feed(Noise *n, unsigned n_blocks, double uv, double twitches, bool event, bool sustained) {
        for (unsigned i = 0; i < n_blocks * BLOCK; i++) {
                float outputs[LANES], y = (float) (uv * gaussian());
                bool now = uniform() < twitches;

                for (unsigned l = 0; l < LANES; l++)
                        outputs[l] = (float) (uv * gaussian()) * (now ? 10 : 1);
                (void) noise_feed(n, now ? 10 * y : y, outputs, now && event, sustained);
        }
}

static void start(Noise *n) {
        seed(5);
        ck_assert_int_eq(noise_init(n, RATE_HZ, 1, LANES, weights, 0.02), 0);
        noise_restart(n);
        ck_assert(!noise_known(n));
}

static double lane_sigma(const Noise *n, unsigned lane) {
        return (double) (1 / n->inverse[lane]);
}

START_TEST(noise_is_as_large_as_it_is) {
        Noise n;

        start(&n);
        feed(&n, 2, 3, 0, false, false);
        ck_assert(noise_known(&n));
        double early = lane_sigma(&n, 0);
        feed(&n, 60, 3, 0, false, false);
        ck_assert(fabs((double) n.sigma_uv / 3 - 1) < 0.02);
        ck_assert(fabs((double) n.recent_uv / 3 - 1) < 0.15);
        for (unsigned l = 0; l < LANES; l++)
                ck_assert(fabs(lane_sigma(&n, l) / 3 - 1.005) < 0.02);  /* with the margin */
        ck_assert(early / 3 > 1.08 && early / 3 < 1.25);        /* which is larger where little is known */
        noise_done(&n);
}
END_TEST

/* What twitches add: 1.3 % of the time 3 % at most, 5 % some 6 %; nothing where they are known as events. */
static const struct { double twitches; bool event; double most; } spoilt[] = {
        { 0.013, false, 1.05 }, { 0.05, false, 1.14 }, { 0.05, true, 1.075 }, { 0.3, true, 1.65 },
};

START_TEST(twitches_hardly_make_it_larger) {
        Noise n;

        start(&n);
        feed(&n, 4, 3, 0, false, false);
        feed(&n, 60, 3, spoilt[_i].twitches, spoilt[_i].event, false);
        ck_assert((double) n.sigma_uv / 3 < spoilt[_i].most && (double) n.sigma_uv / 3 > 0.98);
        ck_assert(lane_sigma(&n, 2) / 3 < (spoilt[_i].event ? 1.03 : spoilt[_i].most));
        ck_assert(lane_sigma(&n, 2) / 3 > 0.97);
        noise_done(&n);
}
END_TEST

/* Three loud seconds stay out; noise that has grown for good is known half a minute later. */
START_TEST(busy_blocks_stay_out) {
        Noise n;

        start(&n);
        feed(&n, 40, 3, 0, false, false);
        feed(&n, 6, 5, 0, false, false);
        ck_assert(fabs((double) n.sigma_uv / 3 - 1) < 0.075);
        ck_assert(fabs((double) n.limit_uv / 3 / 0.6745 - 1.3) < 0.08);
        feed(&n, 60, 5, 0, false, false);
        ck_assert(fabs((double) n.sigma_uv / 5 - 1) < 0.03);
        noise_done(&n);
}
END_TEST

/* While a muscle works one block in eight is believed: it takes eight times as long. */
START_TEST(work_is_hardly_believed) {
        Noise n;

        start(&n);
        feed(&n, 40, 3, 0, false, false);
        feed(&n, 40, 6, 0, false, true);
        ck_assert_uint_eq(n.n_blocks, 45);
        ck_assert(fabs((double) n.sigma_uv / 3 - 1) < 0.03);
        noise_done(&n);
}
END_TEST

/* Noise that rises by a tenth in five seconds is known as large as it is by now, not as it was on average. */
START_TEST(a_steady_rise_is_followed) {
        double uv = 3;
        Noise n;

        start(&n);
        for (unsigned i = 0; i < 60; i++, uv *= 1.006)
                feed(&n, 1, uv, 0, false, false);
        ck_assert(fabs((double) n.sigma_uv / uv - 1) < 0.06);
        noise_done(&n);
}
END_TEST

/* A converter's silence is no noise of zero. */
START_TEST(silence_has_a_floor) {
        Noise n;

        start(&n);
        feed(&n, 10, 0, 0, false, false);
        ck_assert(fabs((double) n.sigma_uv - 0.01) < 1e-6);
        ck_assert(isfinite(n.inverse[0]));
        noise_done(&n);
}
END_TEST

#define N(a) ((int) (sizeof (a) / sizeof (a)[0]))

int main(void) {
        Suite *s = suite_create("statistic");
        TCase *t = tcase_create("statistic");

        suite_add_tcase(s, t);
        tcase_add_test(t, the_highpass_is_that_of_its_formula);
        tcase_add_test(t, templates_are_of_unit_energy);
        tcase_add_test(t, the_threshold_is_exceeded_as_often_as_asked);
        tcase_add_test(t, noise_is_as_large_as_it_is);
        tcase_add_loop_test(t, twitches_hardly_make_it_larger, 0, N(spoilt));
        tcase_add_test(t, busy_blocks_stay_out);
        tcase_add_test(t, work_is_hardly_believed);
        tcase_add_test(t, a_steady_rise_is_followed);
        tcase_add_test(t, silence_has_a_floor);
        return suite_done(s);
}
