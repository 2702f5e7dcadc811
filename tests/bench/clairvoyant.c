/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "clairvoyant.h"
#include "tests/synth/synth.h"

#define SAMPLES_MAX (SYNTH_RATE_HZ_MAX / 1000 * CLAIRVOYANT_MS)

/* Around the true time: the filter's output falls off within a few ms, and noise alone must not be taken for it. */
#define LOOK_S 0.002
#define LOOKS 17

void whitener_init(Whitener *w, const SynthNoise *noise) {
        w->model = *noise;
        for (unsigned i = 0; i < w->model.n_sections; i++)
                w->model.sections[i].in = w->model.sections[i].out = 0;
}

/* Forwards a section is out = in - zero * in' + pole * out'. */
double whitener_next(Whitener *w, double x) {
        for (unsigned i = w->model.n_sections; i-- > 0;) {
                SynthNoiseSection *s = w->model.sections + i;
                double in = x - s->pole * s->out + s->zero * s->in;

                s->out = x;
                s->in = in;
                x = in;
        }
        return x / w->model.gain;
}

size_t clairvoyant_template(const SynthNoise *noise, const Potential *p, double rate_hz, double offset_s,
                            double *ret, size_t max) {
        size_t n = (size_t) (CLAIRVOYANT_MS / 1000.0 * rate_hz);
        Whitener w;

        n = MIN(n, max);
        whitener_init(&w, noise);
        for (size_t i = 0; i < n; i++)
                ret[i] = whitener_next(&w, potential_at(p, i / rate_hz - POTENTIAL_LEAD_S + offset_s));
        return n;
}

static double dot(const double *a, const double *b, size_t n) {
        double sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += a[i] * b[i];
        return sum;
}

void clairvoyant_measure(const SynthNoise *noise, const Potential *p, double rate_hz, double *ret_d,
                         double *ret_crossings_hz) {
        double x[SAMPLES_MAX], later[SAMPLES_MAX], step_s = 0.1 / rate_hz;
        size_t n = clairvoyant_template(noise, p, rate_hz, 0, x, SAMPLES_MAX);
        double energy = dot(x, x, n);

        /* The autocorrelation's curvature at zero from a step that is small against all that the rate can carry. */
        clairvoyant_template(noise, p, rate_hz, step_s, later, SAMPLES_MAX);
        double slope = 0;
        for (size_t i = 0; i < n; i++)
                slope += pow((later[i] - x[i]) / step_s, 2);

        *ret_d = sqrt(energy);
        *ret_crossings_hz = sqrt(slope / energy) / (2 * M_PI);
}

double clairvoyant_look(const SynthNoise *noise, const Potential *p, double rate_hz, const double *white, size_t n,
                        double at_s) {
        double x[SAMPLES_MAX], best = -INFINITY;

        for (int k = -(LOOKS / 2); k <= LOOKS / 2; k++) {
                double begin = (at_s + k * LOOK_S / (LOOKS / 2) - POTENTIAL_LEAD_S) * rate_hz, first = ceil(begin);
                size_t m = clairvoyant_template(noise, p, rate_hz, (first - begin) / rate_hz, x, SAMPLES_MAX);

                if (first < 0 || first + m > n)
                        continue;
                best = fmax(best, dot(x, white + (size_t) first, m) / sqrt(dot(x, x, m)));
        }
        return best;
}
