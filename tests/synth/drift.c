/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "drift.h"

#define OFFSET_UV 20000                 /* of Ag/AgCl pairs with gel; chip.md allows more */
#define WANDER_S 10.0                   /* time constant of the walk ... */
#define SMOOTH_S 0.5                    /* ... and of its smoothing */

void synth_drift_init(SynthDrift *d, uint64_t seed, unsigned channel, double rate_hz, double wander_uv) {
        *d = (SynthDrift) { .rate_hz = rate_hz, .walk_uv = wander_uv };
        prng_init(&d->prng, seed, PRNG_DRIFT, channel);
        d->offset_uv = prng_range(&d->prng, -OFFSET_UV, OFFSET_UV);
        d->target_uv = d->wander_uv = wander_uv * prng_normal(&d->prng);
        d->breath_uv = wander_uv * prng_range(&d->prng, 0.1, 0.4);
        d->breath_hz = prng_range(&d->prng, 0.2, 0.33);
        d->breath = 2 * M_PI * prng_uniform(&d->prng);
}

double synth_drift_next(SynthDrift *d) {
        double keep = exp(-1 / (WANDER_S * d->rate_hz));

        d->target_uv = keep * d->target_uv + d->walk_uv * sqrt(1 - keep * keep) * prng_normal(&d->prng);
        d->wander_uv += (d->target_uv - d->wander_uv) / (SMOOTH_S * d->rate_hz);
        d->breath += 2 * M_PI * d->breath_hz / d->rate_hz;
        if (d->breath >= 2 * M_PI)
                d->breath -= 2 * M_PI;
        return d->offset_uv + d->wander_uv + d->breath_uv * sin(d->breath);
}
