/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "pop.h"

void synth_pop_draw(SynthPop *pop, Prng *p, double at_s) {
        double size_uv = prng_log_range(p, 50, 2000);

        *pop = (SynthPop) { .at_s = at_s, .n_samples = 1 + prng_below(p, POP_SAMPLES_MAX) };
        for (unsigned i = 0; i < pop->n_samples; i++)
                pop->uv[i] = size_uv * prng_range(p, 0.3, 1) * (prng_below(p, 2) ? 1 : -1);
}

double synth_pop_value(const SynthPop *pop, double t_s, double rate_hz) {
        double i = floor((t_s - pop->at_s) * rate_hz);
        return i >= 0 && i < pop->n_samples ? pop->uv[(unsigned) i] : 0;
}
