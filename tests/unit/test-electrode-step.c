/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The potential of an electrode that jumps, and stays or decays, is no twitch; a unit's, however sharp, is one. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "recorder.h"
#include "suite.h"
#include "tests/synth/contact.h"
#include "tests/synth/potential.h"

#define SECONDS 120.0
#define FROM_S 5.0
#define NOISE_UV 3.0                    /* at 1 kHz; as dense at other rates */
#define EVENTS_MAX 200u

typedef enum What {
        TAILS,
        STEPS,
        POTENTIALS,
} What;

typedef struct Scene {
        What what;
        unsigned n;
        SynthContact contacts[EVENTS_MAX];
        Potential potentials[EVENTS_MAX];
        double at_s[EVENTS_MAX], scale[EVENTS_MAX];
} Scene;

/* Between what is shallow and sharp and what is deep and slow, each unit another one. */
static void draw_potential(Scene *s, Prng *p, double rate_hz, double uv) {
        MotorUnit unit = {
                .n_fibres = 30,
                .depth_mm = prng_range(p, 5, 16),
                .radius_mm = prng_range(p, 2, 4),
                .endplate_mm = prng_range(p, -25, 25),
                .lateral_mm = prng_range(p, 0, 5),
                .velocity_mps = prng_range(p, 3.4, 4.6),
                .seed = prng_u64(p),
        };

        potential_compute(&unit, rate_hz, s->potentials + s->n);
        s->scale[s->n] = uv / s->potentials[s->n].amplitude_uv;
}

/* So uneven that no heart can be seen in it. */
static void draw(Scene *s, Prng *p, double rate_hz) {
        s->n = 0;
        for (double t = FROM_S; t < SECONDS - 2; t += prng_range(p, 1, 2.5)) {
                s->at_s[s->n] = t;
                if (s->what == POTENTIALS)
                        draw_potential(s, p, rate_hz, prng_log_range(p, 25, 400));
                else if (s->what == TAILS)
                        synth_contact_draw(s->contacts + s->n, p, t, prng_log_range(p, 40, 500), false);
                else
                        synth_contact_draw(s->contacts + s->n, p, t, prng_log_range(p, 15, 200), true);
                s->n++;
        }
}

/* The values around it; a step stays for the rest. */
static void add(const Scene *s, unsigned i, double rate_hz, double *x, size_t n_frames) {
        size_t from = (size_t) ((s->at_s[i] - 0.02) * rate_hz), to = (size_t) ((s->at_s[i] + 0.1) * rate_hz);

        for (size_t f = from; f < to; f++) {
                double t = (double) f / rate_hz;
                x[f] += s->what == POTENTIALS ? s->scale[i] * potential_at(s->potentials + i, t - s->at_s[i]) :
                                                synth_contact_value(s->contacts + i, t);
        }
        for (size_t f = to; s->what == STEPS && f < n_frames; f++)
                x[f] += s->contacts[i].uv;
}

/* How many of them are reported as twitches. */
static unsigned twitches(What what, uint64_t seed, double rate_hz, unsigned *ret_n) {
        size_t n_frames = (size_t) (SECONDS * rate_hz);
        int32_t *codes = calloc(n_frames, sizeof *codes);
        double *x = calloc(n_frames, sizeof *x);
        Scene *s = calloc(1, sizeof *s);
        unsigned n = 0;
        Prng p;

        ck_assert_ptr_nonnull(codes);
        ck_assert_ptr_nonnull(x);
        ck_assert_ptr_nonnull(s);
        prng_init(&p, seed, PRNG_SCENE, what);
        s->what = what;
        draw(s, &p, rate_hz);
        for (unsigned i = 0; i < s->n; i++)
                add(s, i, rate_hz, x, n_frames);
        for (size_t f = 0; f < n_frames; f++)
                codes[f] = (int32_t) lround((x[f] + NOISE_UV * sqrt(rate_hz / 1000) * prng_normal(&p)) / LSB_UV);
        Reports *r = detect(rate_hz, 1, codes, n_frames, 1000);
        for (unsigned i = 0; i < s->n; i++)
                for (size_t k = 0; k < r->n_events; k++)
                        if (event_kind_is_twitch(r->events[k].kind) &&
                            fabs(r->events[k].peak / rate_hz - s->at_s[i] - 0.015) < 0.04) {
                                n++;
                                break;
                        }
        *ret_n = s->n;
        free(codes);
        free(x);
        free(s);
        free(r);
        return n;
}

static const double rates_hz[] = { 1000, 1024, 2000, 4000 };

static void compare(What what, const char *name, double least, double most) {
        unsigned all = 0, found = 0;

        for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
                unsigned n, these = twitches(what, 1 + i, rates_hz[i], &n);

                printf("%g SPS: of %u %s %u are twitches\n", rates_hz[i], n, name, these);
                found += these;
                all += n;
        }
        ck_assert_double_ge((double) found, least * (double) all);
        ck_assert_double_le((double) found, most * (double) all);
}

/* Without the test of electrode-step.c 187 of 255 tails, and 74 of 259 steps, are twitches. */
START_TEST(tails) {
        compare(TAILS, "spikes with a tail", 0, 0.05);
}
END_TEST

START_TEST(steps) {
        compare(STEPS, "steps", 0, 0.05);
}
END_TEST

START_TEST(potentials) {
        compare(POTENTIALS, "potentials", 0.98, 1);
}
END_TEST

SUITE("electrode-step", tails, steps, potentials)
