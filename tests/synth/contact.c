/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "contact.h"

void synth_contact_draw(SynthContact *c, Prng *p, double at_s, double uv, bool stays) {
        *c = (SynthContact) {
                .at_s = at_s,
                .uv = prng_below(p, 2) ? uv : -uv,
                .rise_s = prng_log_range(p, 0.0001, 0.001),
                .decay_s = stays ? INFINITY : prng_log_range(p, 0.001, 0.010),
                .smooth = prng_below(p, 2) != 0,
        };
        if (!stays && c->rise_s > c->decay_s / 3)       /* else it is no jump any more */
                c->rise_s = c->decay_s / 3;
}

double synth_contact_value(const SynthContact *c, double t_s) {
        double t = t_s - c->at_s, tail = isinf(c->decay_s) ? 1 : exp(-fmax(t, 0) / c->decay_s);

        if (c->smooth)
                return c->uv * 0.5 * erfc(-t / c->rise_s * M_SQRT2) * tail;
        return t < 0 ? 0 : c->uv * (1 - exp(-2 * t / c->rise_s)) * tail;
}
