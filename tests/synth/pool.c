/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "pool.h"

/* Fuglevand 1993: ranges of thresholds and sizes, rates in discharges a second, gain. */
#define THRESHOLD_RANGE 30.0
#define SIZE_RANGE 100.0
#define RATE_MIN 8.0
#define RATE_PEAK_FIRST 35.0
#define RATE_PEAK_SPREAD 10.0
#define RATE_GAIN 1.2
#define INTERVAL_CV 0.2

/* Minetto 2009, abductor hallucis: 14.5 pulses a second, from 6 to 25, intervals' CV 0.45. */
#define CRAMP_UNITS_MIN 8u
#define CRAMP_UNITS_MAX 16u
#define CRAMP_RATE_MIN 6.0
#define CRAMP_RATE_MAX 25.0
#define CRAMP_CV 0.45

#define INTERVAL_MIN_S 0.004

double synth_pool_size(unsigned unit) {
        return exp(log(SIZE_RANGE) * (unit + 1) / POOL_UNITS);
}

static double threshold(unsigned unit) {
        return exp(log(THRESHOLD_RANGE) * (unit + 1) / POOL_UNITS);
}

static double peak_rate(unsigned unit) {
        return RATE_PEAK_FIRST - RATE_PEAK_SPREAD * threshold(unit) / THRESHOLD_RANGE;
}

static double drive_max(void) {
        return THRESHOLD_RANGE + (peak_rate(POOL_UNITS - 1) - RATE_MIN) / RATE_GAIN;
}

static double draw_interval(Prng *p, double rate, double cv) {
        double g = fmax(-3, fmin(3, prng_normal(p)));
        return fmax(INTERVAL_MIN_S, (1 + cv * g) / rate);
}

static double trapezoid(double t, double from, double to, double ramp) {
        return fmax(0, fmin(1, fmin(t - from, to - t) / ramp));
}

int synth_pool_contract(Prng *p, double from_s, double to_s, double ramp_s, double drive_share, ImpulseList *l) {
        for (unsigned unit = 0; unit < POOL_UNITS; unit++) {
                double t = from_s + prng_uniform(p) / RATE_MIN;

                while (t < to_s) {
                        double drive = drive_share * drive_max() * trapezoid(t, from_s, to_s, ramp_s);
                        double rate = fmin(peak_rate(unit), RATE_MIN + RATE_GAIN * (drive - threshold(unit)));

                        if (drive < threshold(unit)) {
                                t += 0.02;              /* not recruited yet, or no more */
                                continue;
                        }
                        int r = impulse_add(l, t, unit, 1);
                        if (r < 0)
                                return r;
                        t += draw_interval(p, rate, INTERVAL_CV);
                }
        }
        return 0;
}

/* Units join one by one, the rate rises and falls. */
int synth_pool_cramp(Prng *p, double from_s, double to_s, ImpulseList *l) {
        unsigned n = CRAMP_UNITS_MIN + prng_below(p, CRAMP_UNITS_MAX - CRAMP_UNITS_MIN + 1);

        for (unsigned i = 0; i < n; i++) {
                unsigned unit = POOL_UNITS / 2 + prng_below(p, POOL_UNITS / 2);
                double t = from_s + 0.1 * (to_s - from_s) * prng_uniform(p);

                while (t < to_s) {
                        double share = trapezoid(t, from_s, to_s, 0.4 * (to_s - from_s));
                        double rate = CRAMP_RATE_MIN + (CRAMP_RATE_MAX - CRAMP_RATE_MIN) * 0.7 * share;
                        int r = impulse_add(l, t, unit, 1);

                        if (r < 0)
                                return r;
                        t += draw_interval(p, rate, CRAMP_CV);
                }
        }
        return 0;
}

int synth_pool_jerk(Prng *p, double from_s, double to_s, ImpulseList *l) {
        for (unsigned unit = 0; unit < POOL_UNITS; unit += 2)
                for (unsigned i = 1 + prng_below(p, 3); i > 0; i--) {
                        /* most of it in the middle */
                        double share = (prng_uniform(p) + prng_uniform(p)) / 2;
                        int r = impulse_add(l, from_s + share * (to_s - from_s), unit, 1);

                        if (r < 0)
                                return r;
                }
        return 0;
}
