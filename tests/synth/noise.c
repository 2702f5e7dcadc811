/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "band.h"
#include "noise.h"

#define FLOOR_HZ 0.2
#define INTEGRATION_STEP_HZ 0.25

/*
 * Every section lifts the density by 6 dB from its zero to its pole an octave below; sections two
 * octaves apart make a staircase of 3 dB an octave, which is 1/f to within half a decibel.
 */
static void add_sections(Noise *n, double rate_hz, double corner_hz) {
        /* Midway on the topmost stair, four times the white density, lies the line corner/f. */
        double zero_hz = fmin(corner_hz * M_SQRT1_2, 0.4 * rate_hz);

        for (; zero_hz > 2 * FLOOR_HZ && n->n_sections < NOISE_SECTIONS_MAX; zero_hz /= 4)
                n->sections[n->n_sections++] = (NoiseSection) {
                        .zero = exp(-2 * M_PI * zero_hz / rate_hz),
                        .pole = exp(-M_PI * zero_hz / rate_hz),
                };
}

/* |1 - r exp(-iw)|^2 */
static double root_power(double r, double cos_w) {
        return 1 - 2 * r * cos_w + r * r;
}

/* Share of unit white noise's power that leaves the sections inside the band. */
static double power_in_band(const Noise *n, double rate_hz) {
        double sum = 0;

        for (double f = BAND_LOW_HZ + INTEGRATION_STEP_HZ / 2; f < band_high_hz(rate_hz); f += INTEGRATION_STEP_HZ) {
                double power = 1, cos_w = cos(2 * M_PI * f / rate_hz);

                for (unsigned i = 0; i < n->n_sections; i++)
                        power *= root_power(n->sections[i].zero, cos_w) / root_power(n->sections[i].pole, cos_w);
                sum += power;
        }
        return sum * INTEGRATION_STEP_HZ / (rate_hz / 2);
}

void noise_init(Noise *n, uint64_t seed, unsigned channel, double rate_hz, double rms_uv, double corner_hz) {
        *n = (Noise) {};
        prng_init(&n->prng, seed, PRNG_NOISE, channel);
        add_sections(n, rate_hz, corner_hz);
        n->gain = rms_uv / sqrt(power_in_band(n, rate_hz));

        /* Let the slowest section settle. */
        for (unsigned i = 0; i < 2 * rate_hz; i++)
                noise_next(n);
}

double noise_next(Noise *n) {
        double x = n->gain * prng_normal(&n->prng);

        for (unsigned i = 0; i < n->n_sections; i++) {
                NoiseSection *s = &n->sections[i];

                s->out = x - s->zero * s->in + s->pole * s->out;
                s->in = x;
                x = s->out;
        }
        return x;
}
