/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "train.h"

static double normal_within(Prng *p, double mean, double sd) {
        return mean + sd * fmax(-2.5, fmin(2.5, prng_normal(p)));
}

/* Discharges of a unit differ by some percent (detection.md 10.2). */
static int discharge(Prng *p, ImpulseList *l, double at_s, double scale) {
        return impulse_add(l, at_s, 0, scale * normal_within(p, 1, 0.05));
}

/* Kleine 2008 and 2012: 5 ms from the axon, 32 ms by way of the spinal cord, or 80 ms. */
static double draw_gap(Prng *p) {
        double u = prng_uniform(p);
        return u < 0.5 ? normal_within(p, 0.005, 0.0008) : u < 0.75 ? normal_within(p, 0.032, 0.003)
                                                                    : normal_within(p, 0.080, 0.008);
}

int synth_train_doublet(Prng *p, double at_s, ImpulseList *l) {
        int r = discharge(p, l, at_s, 1);
        return r < 0 ? r : discharge(p, l, at_s + draw_gap(p), 1);
}

int synth_train_multiplet(Prng *p, double at_s, ImpulseList *l) {
        double gap_s = prng_range(p, 0.012, 0.08);

        for (unsigned n = 3 + prng_below(p, 3); n > 0; n--) {
                int r = discharge(p, l, at_s, 1);
                if (r < 0)
                        return r;
                at_s += normal_within(p, gap_s, 0.1 * gap_s);
        }
        return 0;
}

int synth_train_unit(Prng *p, double at_s, ImpulseList *l) {
        double rate = prng_log_range(p, 4, 18), cv = prng_range(p, 0.03, 0.2), end_s = at_s + prng_range(p, 4, 10);

        while (at_s < end_s) {
                int r = discharge(p, l, at_s, 1);
                if (r < 0)
                        return r;
                at_s += normal_within(p, 1, cv) / rate;
        }
        return 0;
}

int synth_train_myokymic(Prng *p, double at_s, ImpulseList *l) {
        double rate = prng_range(p, 20, 60), period_s = prng_range(p, 0.5, 2);
        unsigned n_inside = 3 + prng_below(p, 5);

        for (unsigned group = 4 + prng_below(p, 6); group > 0; group--) {
                for (unsigned i = 0; i < n_inside; i++) {
                        int r = discharge(p, l, at_s + i * normal_within(p, 1, 0.05) / rate, 1);
                        if (r < 0)
                                return r;
                }
                at_s += normal_within(p, period_s, 0.1 * period_s);
        }
        return 0;
}

/* Waning, abrupt. */
int synth_train_high_frequency(Prng *p, double at_s, ImpulseList *l) {
        double rate = prng_range(p, 150, 280), length_s = prng_range(p, 0.08, 0.5), from_s = at_s;

        while (at_s < from_s + length_s) {
                int r = discharge(p, l, at_s, 1 - 0.5 * (at_s - from_s) / length_s);
                if (r < 0)
                        return r;
                at_s += normal_within(p, 1, 0.03) / rate;
        }
        return 0;
}
