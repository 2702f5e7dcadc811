/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hum that changes is no muscle; and an electrode that floats has no activity at all. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

#define SECONDS 60.0
#define NOISE_UV 3.0
#define TWITCH_UV 60.0
#define TWITCHES_FROM_S 6.1
#define TWITCHES_EVERY_S 0.83           /* with what is drawn, so that they are no train */

static double potential(double t_s) {
        double u = t_s / 0.0024, tail = (t_s - 0.008) / 0.003;

        return 0.6 * (-u * exp(0.5 - u * u / 2) + 0.35 * exp(-tail * tail / 2));
}

typedef struct Case {
        double rate_hz, hum_hz, hum_uv;
        double phase_step, size_step;   /* every 15 s: by so many radians; every other time larger */
        double wander_hz;               /* standard deviation, from second to second */
} Case;

typedef struct Result {
        unsigned n_twitches, found, other_events, works, mains;
        double exposure_s;
} Result;

static bool is_near(double a, double b) {
        return fabs(a - b) < 0.025;
}

static Result result_of(const Reports *r, const double *at_s, unsigned n, double rate_hz) {
        Result result = { .n_twitches = n };

        for (unsigned k = 0; k < n; k++)
                for (size_t i = 0; i < r->n_events; i++)
                        if (event_kind_is_twitch(r->events[i].kind) &&
                            is_near(r->events[i].peak / rate_hz, at_s[k])) {
                                result.found++;
                                break;
                        }
        for (size_t i = 0; i < r->n_events; i++)
                result.works += r->events[i].kind == EVENT_CONTRACTION ||
                        r->events[i].kind == EVENT_CRAMP_LIKE;
        for (size_t i = 0; i < r->n_artefacts; i++)
                result.mains += r->artefacts[i].cause == ARTEFACT_MAINS;
        for (size_t i = 0; i < r->n_minutes; i++)
                result.exposure_s += r->minutes[i].exposure_s;
        result.other_events = (unsigned) r->n_events - result.found;
        return result;
}

static Result run(const Case *c) {
        size_t n_frames = (size_t) (SECONDS * c->rate_hz);
        int32_t *codes = calloc(n_frames, sizeof *codes);
        double at_s[100], phase = 0, off_hz = 0;
        unsigned n = 0;

        ck_assert_ptr_nonnull(codes);
        for (double t = TWITCHES_FROM_S; t < SECONDS - 2; t += TWITCHES_EVERY_S + 0.4 * uniform())
                at_s[n++] = t;
        for (size_t f = 0; f < n_frames; f++) {
                double t = (double) f / c->rate_hz, x = NOISE_UV * sqrt(c->rate_hz / 1000) * gaussian();
                unsigned part = (unsigned) (t / 15);

                if (f % (size_t) c->rate_hz == 0)
                        off_hz += c->wander_hz * gaussian();
                phase += 2 * M_PI * (c->hum_hz + off_hz) / c->rate_hz;
                x += c->hum_uv * (part % 2 ? c->size_step : 1) * sin(phase + part * c->phase_step);
                for (unsigned k = 0; k < n; k++)
                        if (fabs(t - at_s[k]) < 0.03)
                                x += TWITCH_UV * potential(t - at_s[k]);
                codes[f] = (int32_t) lround(x / LSB_UV);
        }
        Reports *r = detect(c->rate_hz, 1, codes, n_frames, 1000);
        Result result = result_of(r, at_s, n, c->rate_hz);
        free(codes);
        free(r);
        printf("%g SPS, %g uV at %g Hz, steps of %g rad and times %g, wander %g Hz: %u of %u twitches, "
               "%u other events, %u contractions, %u times mains, exposure %.1f s\n", c->rate_hz, c->hum_uv,
               c->hum_hz, c->phase_step, c->size_step, c->wander_hz, result.found, result.n_twitches,
               result.other_events, result.works, result.mains, result.exposure_s);
        return result;
}

START_TEST(steps) {
        static const Case cases[] = {
                { 1000, 50, 50, 2, 1, 0 },
                { 1000, 60.3, 50, 2, 1, 0 },
                { 2000, 49.6, 50, -1, 1, 0 },
                { 1000, 50, 25, 0, 3, 0 },
                { 2000, 60, 100, 0, 0.4, 0 },
                { 1000, 50.2, 400, 3, 1.5, 0 },
        };

        seed(31);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                Result r = run(cases + i);

                ck_assert_uint_eq(r.works, 0);
                ck_assert_uint_ge(r.found + 4, r.n_twitches);
                ck_assert_uint_le(r.other_events, 1);
                ck_assert_uint_ge(r.mains, 2);
                ck_assert_double_ge(r.exposure_s, SECONDS - 3.5);
        }
}
END_TEST

START_TEST(wander) {
        static const Case cases[] = {
                { 1000, 50, 100, 0, 1, 0.012 },
                { 1000, 60, 100, 0, 1, 0.02 },
                { 2000, 50, 250, 0, 1, 0.012 },
        };

        seed(32);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                Result r = run(cases + i);

                ck_assert_uint_eq(r.works, 0);
                ck_assert_uint_ge(r.found + 2, r.n_twitches);
                ck_assert_uint_le(r.other_events, 1);
        }
}
END_TEST

/* From 20 to 32 s, and its flag does not say so. */
START_TEST(floats) {
        const double rate_hz = 1000;
        const size_t n_frames = (size_t) (SECONDS * rate_hz);
        int32_t *codes = calloc(2 * n_frames, sizeof *codes);
        double floating_s = 0, exposure_s[2] = { 0 };

        ck_assert_ptr_nonnull(codes);
        seed(33);
        for (size_t f = 0; f < n_frames; f++) {
                double t = (double) f / rate_hz, x = NOISE_UV * gaussian();

                if (t > 20 && t < 32)
                        x += 10000 * sin(2 * M_PI * 50 * t + 1) + 3000 * sin(2 * M_PI * 150 * t) +
                                5000 * (1 - exp((20 - t) / 2));
                codes[2 * f] = (int32_t) lround(x / LSB_UV);
                x = NOISE_UV * gaussian() + TWITCH_UV * potential(fmod(t, 1.37) - 0.5);
                codes[2 * f + 1] = (int32_t) lround(x / LSB_UV);
        }
        Reports *r = detect(rate_hz, 2, codes, n_frames, 1000);
        unsigned n_other = 0;
        for (size_t i = 0; i < r->n_events; i++) {
                ck_assert_uint_eq(r->events[i].n_channels, 1);
                ck_assert_uint_eq(r->events[i].channels[0], 1);
                n_other += event_kind_is_twitch(r->events[i].kind);
        }
        for (size_t i = 0; i < r->n_artefacts; i++)
                if (r->artefacts[i].cause == ARTEFACT_LEAD_OFF)
                        floating_s += (r->artefacts[i].to - r->artefacts[i].from) / rate_hz;
        for (size_t i = 0; i < r->n_minutes; i++)
                exposure_s[r->minutes[i].channel] += r->minutes[i].exposure_s;
        printf("an electrode floats for 12 s: %.1f s of lead-off, exposure %.1f s; the other channel "
               "%u twitches, %.1f s\n", floating_s, exposure_s[0], n_other, exposure_s[1]);
        ck_assert_double_ge(floating_s, 11.5);
        ck_assert_double_le(exposure_s[0], SECONDS - 14);
        ck_assert_double_ge(exposure_s[0], SECONDS - 17);
        ck_assert_uint_ge(n_other, 40);
        ck_assert_double_ge(exposure_s[1], SECONDS - 2.5);
        free(codes);
        free(r);
}
END_TEST

int main(void) {
        Suite *s = suite_create("hum");
        TCase *t = tcase_create("hum");

        tcase_add_test(t, steps);
        tcase_add_test(t, wander);
        tcase_add_test(t, floats);
        suite_add_tcase(s, t);
        return suite_done(s);
}
