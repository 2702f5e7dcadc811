/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Potentials through a converter with a sinc3 filter, as the generator has it: are their sizes what they were before? */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/detect/detect.h"
#include "tests/synth/potential.h"
#include "tests/synth/prng.h"
#include "tests/synth/sinc3.h"
#include "suite.h"

#define LSB_UV 0.02235                  /* ADS1299 at gain 24 */
#define SIZE_UV 100.0                   /* peak to peak in the band */
#define NOISE_UV 1.0
#define POTENTIALS 60u
#define LEAD_IN_S 4.0

typedef struct Found {
        unsigned n;
        double at_s[POTENTIALS * 2], uv[POTENTIALS * 2];
        double rate_hz;
} Found;

static void on_event(const DetectEvent *event, void *userdata) {
        Found *f = userdata;

        if (!event_kind_is_twitch(event->kind))
                return;
        ck_assert_uint_lt(f->n, POTENTIALS * 2);
        f->at_s[f->n] = event->peak / f->rate_hz;
        f->uv[f->n++] = event->amplitude_uv;
}

static int compare(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

typedef struct Errors { double bias, error, time_ms; unsigned n; } Errors;     /* medians */

static Errors errors_at(unsigned rate_hz, bool corrected) {
        static Potential potentials[POTENTIALS];
        const int32_t code_min = -8388608, code_max = 8388607;
        const double lsb_uv = LSB_UV;
        Found found = { .rate_hz = rate_hz };
        DetectConfig config = {
                .rate_hz = rate_hz, .n_channels = 1, .lsb_uv = &lsb_uv, .code_min = &code_min, .code_max = &code_max,
                .false_alarms_per_hour = 1, .sinc3 = corrected, .on_event = on_event, .userdata = &found,
        };
        unsigned factor = sinc3_factor(rate_hz);
        double fine_hz = (double) rate_hz * factor, at_s[POTENTIALS];
        Detector *d;
        Sinc3 sinc3;
        Prng prng;

        prng_init(&prng, 100001, PRNG_UNITS, 0);
        for (unsigned i = 0; i < POTENTIALS; i++) {
                MotorUnit m = {
                        .n_fibres = 300, .depth_mm = prng_range(&prng, 7, 14), .radius_mm = 4, .endplate_mm = prng_range(&prng, 10, 40),
                        .velocity_mps = prng_range(&prng, 3.7, 4.3), .seed = prng_u64(&prng),
                };

                potential_compute_for(&m, fine_hz, rate_hz, potentials + i);
                at_s[i] = LEAD_IN_S + i + prng_range(&prng, 0, 0.2);
        }

        ck_assert_int_eq(detector_new(&config, &d), 0);
        sinc3_init(&sinc3, factor);
        for (uint64_t f = 0; f < (uint64_t) ((LEAD_IN_S + POTENTIALS + 1) * fine_hz); f++) {
                double t_s = (double) f / fine_hz, uv = 0, out;
                unsigned i = t_s < LEAD_IN_S ? 0 : (unsigned) (t_s - LEAD_IN_S);

                for (unsigned k = i > 0 ? i - 1 : 0; k <= i && k < POTENTIALS; k++)
                        uv += SIZE_UV / potentials[k].amplitude_uv * potential_at(potentials + k, t_s - at_s[k]);
                /* of density NOISE_UV in half the output rate */
                uv += NOISE_UV * sqrt(factor) * prng_normal(&prng);
                if (sinc3_next(&sinc3, uv, &out)) {
                        int32_t code = (int32_t) lround(out / LSB_UV);
                        detector_push(d, &code, NULL, 1);
                }
        }
        detector_finish(d);
        detector_free(d);

        double ratios[POTENTIALS], sizes[POTENTIALS], late_ms[POTENTIALS], delay_s = (sinc3_delay(&sinc3) - (factor - 1)) / fine_hz;
        Errors e = { .n = 0 };
        for (unsigned i = 0; i < POTENTIALS; i++)
                for (unsigned k = 0; k < found.n; k++) {
                        double late_s = found.at_s[k] - delay_s - at_s[i] - potentials[i].peak_s;
                        if (fabs(late_s) > 0.025)
                                continue;
                        ratios[e.n] = found.uv[k] / SIZE_UV - 1;
                        sizes[e.n] = fabs(ratios[e.n]);
                        late_ms[e.n++] = fabs(1e3 * late_s);
                        break;
                }
        ck_assert_uint_gt(e.n, 0);
        qsort(ratios, e.n, sizeof *ratios, compare);
        qsort(sizes, e.n, sizeof *sizes, compare);
        qsort(late_ms, e.n, sizeof *late_ms, compare);
        e.bias = ratios[e.n / 2];
        e.error = sizes[e.n / 2];
        e.time_ms = late_ms[e.n / 2];
        return e;
}

START_TEST(amplitude) {
        static const struct { unsigned rate_hz; double bias_max, error_max; } cases[] = {
                { 250, 0.05, 0.08 }, { 500, 0.04, 0.04 }, { 1000, 0.03, 0.03 }, { 2000, 0.03, 0.03 },
        };

        for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
                Errors without = errors_at(cases[k].rate_hz, false), with = errors_at(cases[k].rate_hz, true);

                printf("sinc3 at %u SPS: size %+.1f %% (error %.1f %%) of %u potentials, corrected %+.1f %% (%.1f %%) of %u, "
                       "time error %.2f and %.2f ms\n", cases[k].rate_hz, 100 * without.bias, 100 * without.error, without.n,
                       100 * with.bias, 100 * with.error, with.n, without.time_ms, with.time_ms);
                ck_assert_uint_ge(with.n, POTENTIALS * 9 / 10);
                ck_assert(fabs(with.bias) <= cases[k].bias_max && with.error <= cases[k].error_max);
                ck_assert(with.bias > without.bias);
                /* beyond, what is missing is no more than the scatter */
                ck_assert(cases[k].rate_hz > 1000 || with.error < without.error);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("droop");
        TCase *t = tcase_create("droop");

        tcase_set_timeout(t, 120);
        tcase_add_test(t, amplitude);
        suite_add_tcase(s, t);
        return suite_done(s);
}
