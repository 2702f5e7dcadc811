/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hearts too faint for the band are found below it; a regular unit is no heart; what is locked to beats is of them. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/detect/ecg/beat-locked.h"
#include "random.h"
#include "recorder.h"
#include "suite.h"

#define RATE_HZ 1000.0
#define SECONDS 60.0
#define FRAMES ((size_t) (SECONDS * RATE_HZ))
#define CHANNELS_MAX 4u
#define NOISE_UV 3.0

static double bump(double t_s, double at_s, double width_s) {
        double u = (t_s - at_s) / width_s;

        return exp(-u * u / 2);
}

/* P, Q, R, S and T; about 1.2 peak to peak. */
static double beat(double t_s) {
        return 0.12 * bump(t_s, -0.16, 0.025) - 0.15 * bump(t_s, -0.025, 0.010) + bump(t_s, 0, 0.011) -
                0.3 * bump(t_s, 0.025, 0.011) + 0.3 * bump(t_s, 0.25, 0.06);
}

/* A unit's: all of it within 15 ms, or, deep under the skin, twice as long. */
static double potential(double t_s) {
        double u = t_s / 0.0024;

        return 0.6 * (-u * exp(0.5 - u * u / 2) + 0.35 * bump(t_s, 0.008, 0.003));
}

static double deep_potential(double t_s) {
        return potential(t_s / 2);
}

typedef struct Case {
        double (*waveform)(double t_s);
        unsigned n_channels;
        double uv;                      /* the next channel has two thirds of it, and the other sign */
        double period_s, uneven;        /* standard deviation of the period, to it */
} Case;

/* One waveform again and again: so many twitches are reported, of how many. */
static unsigned twitches(const Case *c, unsigned *ret_n) {
        int32_t *codes = calloc(FRAMES * c->n_channels, sizeof *codes);
        double at_s = 1, *x = calloc(FRAMES, sizeof *x);
        unsigned n = 0;

        ck_assert_ptr_nonnull(codes);
        ck_assert_ptr_nonnull(x);
        *ret_n = 0;
        for (; at_s < SECONDS - 1; at_s += c->period_s * fmax(0.45, 1 + c->uneven * gaussian())) {
                double size = 1 + 0.05 * gaussian();

                ++*ret_n;
                size_t from = (size_t) ((at_s - 0.3) * RATE_HZ), to = (size_t) ((at_s + 0.6) * RATE_HZ);
                for (size_t f = from; f < to && f < FRAMES; f++)
                        x[f] += size * c->waveform((double) f / RATE_HZ - at_s);
        }
        for (size_t f = 0; f < FRAMES; f++)
                for (unsigned i = 0; i < c->n_channels; i++)
                        codes[f * c->n_channels + i] =
                                (int32_t) lround((c->uv * pow(-2.0 / 3, i) * x[f] + NOISE_UV * gaussian()) / LSB_UV);
        Reports *r = detect(RATE_HZ, c->n_channels, codes, FRAMES, 1000);
        for (size_t i = 0; i < r->n_events; i++)
                n += event_kind_is_twitch(r->events[i].kind);
        free(codes);
        free(x);
        free(r);
        return n;
}

/* From the first beat on. */
START_TEST(faint_hearts) {
        static const Case cases[] = {
                { beat, 1, 12, 0.95, 0.03 }, { beat, 1, 20, 0.95, 0.03 }, { beat, 1, 30, 0.8, 0.05 },
                { beat, 1, 60, 1.2, 0.03 },  { beat, 1, 25, 0.8, 0.2 },   { beat, 4, 20, 0.9, 0.03 },
                { beat, 4, 60, 0.6, 0.05 },  { beat, 4, 30, 0.8, 0.2 },
        };

        seed(41);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                unsigned n_beats, n = twitches(cases + i, &n_beats);

                printf("a heart of %g uV in %u channels, every %g s, more or less by %g %%: %u of %u beats are twitches\n",
                       cases[i].uv, cases[i].n_channels, cases[i].period_s, 100 * cases[i].uneven, n, n_beats);
                ck_assert_uint_le(n, n_beats / 40);
        }
}
END_TEST

START_TEST(regular_units) {
        static const Case cases[] = {
                { potential, 1, 40, 1, 0.03 },   { potential, 1, 100, 1, 0.03 }, { potential, 1, 400, 1, 0.03 },
                { potential, 1, 100, 0.7, 0.1 }, { deep_potential, 1, 60, 1, 0.03 },
                { deep_potential, 2, 100, 1, 0.03 },
        };

        seed(42);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                unsigned n_all, n = twitches(cases + i, &n_all);

                printf("a unit of %g uV in %u channels every %g s: %u of %u are twitches\n", cases[i].uv,
                       cases[i].n_channels, cases[i].period_s, n, n_all);
                ck_assert_uint_ge(n, n_all * 19 / 20);
        }
}
END_TEST

/* Once in three beats something of one size, among twitches of another: these are not locked. */
START_TEST(locked) {
        unsigned n_locked = 0, n_events = 0, n_twitches_locked = 0;
        BeatLocked b;

        seed(43);
        beat_locked_restart(&b);
        for (unsigned i = 0; i < 300; i++) {
                n_twitches_locked += beat_locked_next(&b, -0.25 + 0.65 * uniform(), 30 + 5 * (float) gaussian());
                if (i % 3 == 0) {
                        n_locked += beat_locked_next(&b, -0.06 + 0.001 * gaussian(), 12 + (float) gaussian());
                        n_events++;
                }
        }
        printf("locked to beats: %u of %u; of 300 twitches at any time %u\n", n_locked, n_events, n_twitches_locked);
        ck_assert_uint_ge(n_locked, n_events - 10);
        ck_assert_uint_le(n_twitches_locked, 3);
}
END_TEST

SUITE("slow-beats", faint_hearts, regular_units, locked)
