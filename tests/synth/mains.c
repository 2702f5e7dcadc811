/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "band.h"
#include "mains.h"

#define WANDER_HZ 0.2                   /* bound of the deviation */
#define WANDER_PERIOD_S 60              /* a new target that often: a net has inertia, some 0.01 Hz/s at most */

/* Odd harmonics are the strong ones on a net full of rectifiers. */
static const unsigned orders[MAINS_HARMONICS] = { 1, 2, 3, 5 };
static const double strengths[MAINS_HARMONICS] = { 1, 0.1, 0.3, 0.15 };

void synth_mains_init(SynthMains *m, uint64_t seed, double rate_hz, double mains_hz) {
        *m = (SynthMains) {
                .rate_hz = rate_hz,
                .nominal_hz = mains_hz,
        };
        prng_init(&m->prng, seed, PRNG_MAINS, UINT64_MAX);
        m->deviation_hz = prng_range(&m->prng, -WANDER_HZ / 4, WANDER_HZ / 4);
        while (m->n_harmonics < MAINS_HARMONICS &&
               orders[m->n_harmonics] * (mains_hz + WANDER_HZ) < BAND_HIGH_OF_RATE * rate_hz)
                m->n_harmonics++;
}

void synth_mains_init_channel(SynthMainsChannel *c, uint64_t seed, unsigned channel, double amplitude_uv) {
        Prng prng;

        prng_init(&prng, seed, PRNG_MAINS, channel);
        double coupling = amplitude_uv * prng_range(&prng, 0.6, 1.4);
        for (unsigned k = 0; k < MAINS_HARMONICS; k++) {
                double phase = 2 * M_PI * prng_uniform(&prng);
                double a = coupling * strengths[k] * (k == 0 ? 1 : prng_range(&prng, 0.5, 1.5));

                c->re[k] = a * cos(phase);
                c->im[k] = a * sin(phase);
        }
}

/* Straight from deviation to deviation: slow, without a jump of phase. */
static void wander(SynthMains *m) {
        if (m->until_wander == 0) {
                double target = prng_range(&m->prng, -WANDER_HZ, WANDER_HZ);

                m->until_wander = (unsigned) (WANDER_PERIOD_S * m->rate_hz);
                m->slope_hz = (target - m->deviation_hz) / m->until_wander;
        }
        m->until_wander--;
        m->deviation_hz += m->slope_hz;
}

void synth_mains_next(SynthMains *m) {
        wander(m);
        m->phase += 2 * M_PI * (m->nominal_hz + m->deviation_hz) / m->rate_hz;
        if (m->phase >= 2 * M_PI)
                m->phase -= 2 * M_PI;
        for (unsigned k = 0; k < m->n_harmonics; k++) {
                m->re[k] = cos(orders[k] * m->phase);
                m->im[k] = sin(orders[k] * m->phase);
        }
}

double synth_mains_value(const SynthMains *m, const SynthMainsChannel *c) {
        double sum = 0;

        for (unsigned k = 0; k < m->n_harmonics; k++)
                sum += m->re[k] * c->re[k] + m->im[k] * c->im[k];
        return sum;
}
