/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How exact the sizes of small potentials are: of the generator's, no two alike, 15 standard deviations of white noise large. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "daemon/detect/detect.h"
#include "tests/synth/band.h"
#include "tests/synth/potential.h"
#include "tests/synth/prng.h"
#include "suite.h"

#define LSB_UV 0.02235
#define SIZE_UV 15.0                    /* peak to peak in the band */
#define POTENTIALS 500u
#define LEAD_IN_S 12.0
#define APART_S 0.7

typedef struct Errors {
        double rate_hz;
        unsigned n;
        double part[POTENTIALS], magnitude[POTENTIALS];
} Errors;

static void on_event(const DetectEvent *event, void *userdata) {
        Errors *e = userdata;
        double since_s = event->peak / e->rate_hz - LEAD_IN_S;

        if (event->kind != EVENT_FASCICULATION || since_s < 0 || e->n >= POTENTIALS)
                return;
        e->part[e->n] = event->amplitude_uv / SIZE_UV - 1;
        e->magnitude[e->n] = fabs(e->part[e->n]);
        e->n++;
}

static int compare(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static double median(double *x, unsigned n) {
        qsort(x, n, sizeof *x, compare);
        return x[n / 2];
}

static void add_potential(double *x, unsigned rate_hz, unsigned i, Prng *prng) {
        double at_s = LEAD_IN_S + APART_S * i + prng_range(prng, 0, 0.1);
        static Potential p;

        potential_compute(&(MotorUnit) {
                .n_fibres = 300, .depth_mm = prng_range(prng, 7, 18), .radius_mm = 4, .endplate_mm = prng_range(prng, 5, 45),
                .velocity_mps = prng_range(prng, 3.5, 4.7), .seed = prng_u64(prng),
        }, rate_hz, &p);
        for (size_t f = (size_t) (at_s * rate_hz); f < (size_t) ((at_s + 0.1) * rate_hz); f++)
                x[f] += SIZE_UV / p.amplitude_uv * potential_at(&p, (double) f / rate_hz - at_s - POTENTIAL_LEAD_S);
}

START_TEST(at_15_sigma) {
        static const unsigned rates_hz[] = { 1000, 2000 };
        const int32_t code_min = -8388608, code_max = 8388607;
        const double lsb_uv = LSB_UV;

        for (unsigned k = 0; k < sizeof rates_hz / sizeof *rates_hz; k++) {
                size_t n = (size_t) ((LEAD_IN_S + APART_S * (POTENTIALS + 1)) * rates_hz[k]);
                double *x = calloc(n, sizeof *x);
                static Errors errors;
                Detector *d;
                Prng prng;

                errors = (Errors) { .rate_hz = rates_hz[k] };
                DetectConfig config = {
                        .rate_hz = rates_hz[k], .n_channels = 1, .lsb_uv = &lsb_uv, .code_min = &code_min, .code_max = &code_max,
                        .false_alarms_per_hour = 1, .on_event = on_event, .userdata = &errors,
                };
                seed(61 + k);
                prng_init(&prng, 100002, PRNG_UNITS, 0);
                for (size_t f = 0; f < n; f++)  /* 1 uV in the band */
                        x[f] = gaussian() * sqrt(rates_hz[k] / 2.0 / (band_high_hz(rates_hz[k]) - BAND_LOW_HZ));
                for (unsigned i = 0; i < POTENTIALS; i++)
                        add_potential(x, rates_hz[k], i, &prng);
                ck_assert_int_eq(detector_new(&config, &d), 0);
                for (size_t f = 0; f < n; f++) {
                        int32_t code = (int32_t) lround(x[f] / LSB_UV);
                        detector_push(d, &code, NULL, 1);
                }
                detector_finish(d);
                detector_free(d);
                free(x);

                double error = median(errors.magnitude, errors.n), bias = median(errors.part, errors.n);
                printf("%u SPS: %u of %u potentials of 15 sigma, size %+.1f %%, error %.1f %%\n", rates_hz[k], errors.n, POTENTIALS,
                       100 * bias, 100 * error);
                ck_assert_uint_ge(errors.n, POTENTIALS * 95 / 100);
                ck_assert(fabs(bias) < 0.015);
                ck_assert(error < 0.05);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("size");
        TCase *t = tcase_create("size");

        tcase_set_timeout(t, 120);
        tcase_add_test(t, at_15_sigma);
        suite_add_tcase(s, t);
        return suite_done(s);
}
