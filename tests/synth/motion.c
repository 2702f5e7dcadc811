/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "motion.h"

void synth_motion_draw(SynthMotion *m, Prng *p, double from_s) {
        *m = (SynthMotion) {
                .from_s = from_s,
                .size_uv = prng_log_range(p, 200, 3000) * (prng_below(p, 2) ? 1 : -1),
                .rise_s = prng_log_range(p, 0.001, 0.02),
                .decay_s = prng_log_range(p, 0.05, 1),
        };
        m->to_s = from_s + 3 * m->decay_s;
        if (prng_below(p, 3) == 0) {
                m->sway_hz = prng_range(p, 1, 10);
                m->to_s = from_s + prng_range(p, 1, 5);
        }
}

double synth_motion_value(const SynthMotion *m, double t_s) {
        double t = t_s - m->from_s;

        if (t < 0)
                return 0;
        if (m->sway_hz > 0) {
                double length = m->to_s - m->from_s;
                return t > length ? 0 : m->size_uv / 3 * pow(sin(M_PI * t / length), 2) * sin(2 * M_PI * m->sway_hz * t);
        }
        return m->size_uv * (1 - exp(-t / m->rise_s)) * exp(-t / m->decay_s);
}
