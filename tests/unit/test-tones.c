/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tones that are no mains are found and taken out, and what comes and goes is none. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/detect/conditioning/line-finder.h"
#include "daemon/detect/conditioning/tones.h"
#include "random.h"
#include "recorder.h"
#include "suite.h"

#define RATE_HZ 1000
#define CHANNELS 8u

/* --- is there a line? --- */

/* Looks at signals that next() makes, and asks of each line whether it is a tone. Returns how many are. */
static unsigned look(unsigned n_looks, float (*next)(unsigned channel, unsigned step), LineTone *ret) {
        static float y[CHANNELS][2 * RATE_HZ];
        LineFinder f;
        unsigned n_tones = 0, step = 0;

        ck_assert_int_eq(line_finder_init(&f, RATE_HZ, CHANNELS), 0);
        for (unsigned k = 0; k < n_looks; k++) {
                const float *signals[8];

                for (unsigned c = 0; c < CHANNELS; c++) {
                        memmove(y[c], y[c] + f.n, (2 * RATE_HZ - f.n) * sizeof(float));
                        for (unsigned i = 0; i < f.n; i++)
                                y[c][2 * RATE_HZ - f.n + i] = next(c, step + i);
                        signals[c] = y[c] + 2 * RATE_HZ - f.n;
                }
                step += f.n;
                line_finder_look(&f, 0, signals);
                for (unsigned c = 0; c < CHANNELS; c++)
                        for (double hz = 0; (hz = line_finder_next(&f, c, hz)) > 0;) {
                                n_tones += line_is_tone(y[c], 2 * RATE_HZ, RATE_HZ, hz, ret);
                                line_finder_forget(&f, c, hz);
                        }
        }
        line_finder_done(&f);
        return n_tones;
}

static float noise_next(unsigned channel, unsigned step) {
        return (float) gaussian();
}

START_TEST(noise_has_none) {
        LineTone tone;

        seed(81);
        ck_assert_uint_eq(look(4000, noise_next, &tone), 0);
}
END_TEST

static float tone_next(unsigned channel, unsigned step) {
        return (float) (gaussian() + 0.4 * sin(2 * M_PI * (40.3 + 45.2 * channel) * step / RATE_HZ));
}

/* In each channel another one, of less than half of the noise: the last is found where and as large as it is. */
START_TEST(small_tones) {
        LineTone tone;

        seed(82);
        ck_assert_uint_ge(look(16, tone_next, &tone), CHANNELS - 1);
        printf("%.3f Hz, %.3f of the noise\n", tone.hz, hypot(tone.re, tone.im));
        ck_assert_double_eq_tol(remainder(tone.hz - 40.3, 45.2), 0, 0.1);
        ck_assert_double_eq_tol(hypot(tone.re, tone.im), 0.4, 0.12);
}
END_TEST

/* A unit in each channel, from 7 to 21 discharges a second, all but even, of 20 times the noise. */
static float train_next(unsigned channel, unsigned step) {
        static double next_s[CHANNELS], last_s[CHANNELS];
        double t = (double) step / RATE_HZ;

        if (step == 0)
                next_s[channel] = last_s[channel] = 0.1;
        if (t > next_s[channel] + 0.02) {
                last_s[channel] = next_s[channel];
                next_s[channel] += (1 + 0.02 * gaussian()) / (7 + 2 * channel);
        }
        double u = (t - next_s[channel]) / 0.0024, v = (t - last_s[channel]) / 0.0024;
        return (float) (gaussian() - 12 * (u * exp(0.5 - u * u / 2) + v * exp(0.5 - v * v / 2)));
}

START_TEST(units_are_none) {
        LineTone tone;

        seed(83);
        ck_assert_uint_eq(look(240, train_next, &tone), 0);
}
END_TEST

/* --- what is left of it? --- */

/* The root of the mean square of what is left, to that of the noise, from 3 s on; the frequency wanders. */
static double left_of(double uv, double hz, double hz_per_s) {
        Tones t;
        double phase = 0, energy = 0, lately = 0;
        LineTone found = { .hz = hz + 0.05, .re = uv * 0.9 };
        bool is_new;
        unsigned n = 0;

        ck_assert_int_eq(tones_init(&t, RATE_HZ, CHANNELS), 0);
        for (unsigned i = 0; i < CHANNELS; i++)
                tones_channel_expect(&t, i, 1, 1);
        ck_assert(tones_channel_add(&t, 3, &found, &is_new) && is_new);
        ck_assert(tones_channel_add(&t, 3, &(LineTone) { .hz = hz }, &is_new) && !is_new);
        for (unsigned step = 0; step < 20 * RATE_HZ; step++) {
                float x[CHANNELS], before[CHANNELS];
                double tone = uv * cos(phase += 2 * M_PI * (hz + hz_per_s * step / RATE_HZ) / RATE_HZ);

                for (unsigned i = 0; i < CHANNELS; i++)
                        before[i] = x[i] = (float) (gaussian() + (i == 3 ? tone : 0));
                tones_subtract(&t, x);
                ck_assert(memcmp(x, before, 3 * sizeof *x) == 0);       /* nothing happens to the others */
                tones_learn(&t, x);
                lately += (double) (x[3] * x[3]) / (RATE_HZ / 2);       /* as noise.c says how loud it is */
                if (step % (RATE_HZ / 2) == RATE_HZ / 2 - 1) {
                        tones_channel_expect(&t, 3, 1, (float) sqrt(lately));
                        lately = 0;
                }
                if (step >= 3 * RATE_HZ) {
                        energy += pow((double) before[3] - (double) x[3] - tone, 2);
                        n++;
                }
        }
        tones_done(&t);
        printf("%g times the noise at %g Hz, %g Hz/s: %.3f are left\n", uv, hz, hz_per_s, sqrt(energy / n));
        return sqrt(energy / n);
}

START_TEST(follows) {
        seed(84);
        ck_assert_double_le(left_of(1, 217, 0), 0.15);
        ck_assert_double_le(left_of(30, 217, 0), 0.3);
        ck_assert_double_le(left_of(30, 81.3, 0.01), 0.4);
        ck_assert_double_le(left_of(100, 81.3, 0.003), 0.5);
}
END_TEST

START_TEST(as_many_as_can_be) {
        Tones t;
        bool is_new;

        ck_assert_int_eq(tones_init(&t, RATE_HZ, CHANNELS), 0);
        for (unsigned i = 0; i < TONES_MAX; i++)
                ck_assert(tones_channel_add(&t, i, &(LineTone) { .hz = 70 + 3 * i, .re = 1 }, &is_new));
        ck_assert(!tones_channel_add(&t, 0, &(LineTone) { .hz = 200, .re = 1 }, &is_new));
        ck_assert(tones_channel_add(&t, 0, &(LineTone) { .hz = 73.2, .re = 1 }, &is_new) && is_new);
        ck_assert_uint_eq(tones_channel_has(&t, 0), 2);
        tones_done(&t);
}
END_TEST

/* --- the whole --- */

#define SECONDS 60.0
#define TWITCHES_FROM_S 6.1
#define TWITCHES_EVERY_S 0.83           /* with what is drawn, so that they are no train */

typedef struct Case {
        double rate_hz, hz[3], uv;      /* tones of that size each */
        double on_s, off_s;
        double hum_uv;
        unsigned missed, other;         /* at most, of the twitches; of other events */
} Case;

static double potential(double t_s) {
        double u = t_s / 0.0024, tail = (t_s - 0.008) / 0.003;

        return 0.6 * (-u * exp(0.5 - u * u / 2) + 0.35 * exp(-tail * tail / 2));
}

static void run(const Case *c) {
        size_t n_frames = (size_t) (SECONDS * c->rate_hz);
        int32_t *codes = calloc(n_frames, sizeof *codes);
        double at_s[100], exposure_s = 0;
        unsigned n = 0, found = 0;

        ck_assert_ptr_nonnull(codes);
        for (double t = TWITCHES_FROM_S; t < SECONDS - 2; t += TWITCHES_EVERY_S + 0.4 * uniform())
                at_s[n++] = t;
        for (size_t f = 0; f < n_frames; f++) {
                double t = (double) f / c->rate_hz, x = 3 * sqrt(c->rate_hz / 1000) * gaussian();

                for (unsigned k = 0; k < 3 && c->hz[k] > 0 && t >= c->on_s && t < c->off_s; k++)
                        x += c->uv * sin(2 * M_PI * c->hz[k] * t + k);
                x += c->hum_uv * sin(2 * M_PI * 50.02 * t);
                for (unsigned k = 0; k < n; k++)
                        if (fabs(t - at_s[k]) < 0.03)
                                x += 60 * potential(t - at_s[k]);
                codes[f] = (int32_t) lround(x / LSB_UV);
        }
        Reports *r = detect(c->rate_hz, 1, codes, n_frames, 1000);
        for (unsigned k = 0; k < n; k++)
                for (size_t i = 0; i < r->n_events; i++)
                        if (event_kind_is_twitch(r->events[i].kind) &&
                            fabs(r->events[i].peak / c->rate_hz - at_s[k]) < 0.025) {
                                found++;
                                break;
                        }
        for (size_t i = 0; i < r->n_minutes; i++)
                exposure_s += r->minutes[i].exposure_s;
        printf("%g SPS, %g uV at %g, %g, %g Hz from %g to %g s, hum of %g uV: %u of %u twitches, %zu others, "
               "exposure %.1f s\n", c->rate_hz, c->uv, c->hz[0], c->hz[1], c->hz[2], c->on_s, c->off_s,
               c->hum_uv, found, n, r->n_events - found, exposure_s);
        ck_assert_uint_ge(found + c->missed, n);
        ck_assert_uint_le(r->n_events - found, c->other);
        ck_assert_double_ge(exposure_s, SECONDS - 8);
        free(codes);
        free(r);
}

START_TEST(fixed_tones) {
        static const Case cases[] = {
                { 1000, { 217 }, 100, 0, 60, 0, 2, 1 },
                { 1000, { 80 }, 30, 0, 60, 20, 2, 1 },
                { 1000, { 33.3 }, 100, 0, 60, 0, 2, 1 },
                { 2000, { 403.1, 216.7, 130 }, 40, 0, 60, 50, 2, 1 },
                { 500, { 72.4 }, 200, 0, 60, 20, 2, 1 },
        };

        seed(85);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                run(cases + i);
}
END_TEST

/* At once on: it is heard for some seconds before it is known. At once off: it is known by its frequency. */
START_TEST(switched) {
        static const Case cases[] = {
                { 1000, { 217 }, 100, 20, 40, 0, 8, 1 },
                { 1000, { 135, 270 }, 30, 20, 40, 20, 8, 2 },
                { 2000, { 90 }, 300, 0, 30, 0, 3, 1 },
        };

        seed(86);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                run(cases + i);
}
END_TEST

SUITE("tones", noise_has_none, small_tones, units_are_none, follows, as_many_as_can_be, fixed_tones, switched)
