/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "band.h"
#include "noise.h"

#define FLOOR_HZ 0.2
#define INTEGRATION_STEP_HZ 0.25

/* Power density to be made, relative to white noise. */
static double density(double f_hz, double corner_hz) {
        return 1 + corner_hz / f_hz;
}

/*
 * A staircase: each section, a pole below a zero, makes the step that the density takes over two octaves,
 * from 2 f to f / 2. The steps are so soft that they run into each other.
 */
static void add_sections(SynthNoise *n, double rate_hz, double corner_hz) {
        if (corner_hz == 0)
                return;
        for (double f = 2 * FLOOR_HZ; f < rate_hz / 4 && n->n_sections < NOISE_SECTIONS_MAX; f *= 4) {
                double spread = pow(density(f / 2, corner_hz) / density(2 * f, corner_hz), 0.25);

                n->sections[n->n_sections++] = (SynthNoiseSection) {
                        .zero = exp(-2 * M_PI * f * spread / rate_hz),
                        .pole = exp(-2 * M_PI * f / spread / rate_hz),
                };
        }
}

/* |1 - r exp(-iw)|^2 */
static double root_power(double r, double cos_w) {
        return 1 - 2 * r * cos_w + r * r;
}

/* Share of unit white noise's power that leaves the sections inside the band. */
static double power_in_band(const SynthNoise *n, double rate_hz) {
        double sum = 0;

        for (double f = BAND_LOW_HZ + INTEGRATION_STEP_HZ / 2; f < band_high_hz(rate_hz); f += INTEGRATION_STEP_HZ) {
                double power = 1, cos_w = cos(2 * M_PI * f / rate_hz);

                for (unsigned i = 0; i < n->n_sections; i++)
                        power *= root_power(n->sections[i].zero, cos_w) / root_power(n->sections[i].pole, cos_w);
                sum += power;
        }
        return sum * INTEGRATION_STEP_HZ / (rate_hz / 2);
}

void synth_noise_init(SynthNoise *n, uint64_t seed, unsigned channel, double rate_hz, double rms_uv, double corner_hz) {
        *n = (SynthNoise) {};
        prng_init(&n->prng, seed, PRNG_NOISE, channel);
        add_sections(n, rate_hz, corner_hz);
        n->gain = rms_uv / sqrt(power_in_band(n, rate_hz));

        /* Let the slowest section settle. */
        for (unsigned i = 0; i < 2 * rate_hz; i++)
                synth_noise_next(n);
}

double synth_noise_next(SynthNoise *n) {
        double x = n->gain * prng_normal(&n->prng);

        for (unsigned i = 0; i < n->n_sections; i++) {
                SynthNoiseSection *s = &n->sections[i];

                s->out = x - s->zero * s->in + s->pole * s->out;
                s->in = x;
                x = s->out;
        }
        return x;
}
