/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Did the potential of an electrode jump?
 *
 * A contact that slips, a cable that is touched, a charge that leaves the skin change the potential at once;
 * then it stays, or decays exponentially: an electrode is a resistance beside a capacitance (Huigen 2002).
 * What the high-pass makes of that is known, the sample in the middle minus a triangular mean. The potential
 * of a muscle has come through skin and fat, which spread it: it begins as gently as it ends. That is here a
 * Gaussian's first and second derivative in any mixture.
 *
 * Waveforms of both kinds are fitted around the peak by least squares, which in white noise compares their
 * likelihoods (Kay 1998). The jump has to leave next to nothing, and clearly less than the potential.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "electrode-step.h"
#include "daemon/detect/base/simd.h"

/* Half as long again each time: in between 1 % of the energy is left, as measured for 1 to 12 ms. */
static const double decay_s[ELECTRODE_DECAYS] = { 0.001,  0.0015, 0.0022, 0.0033, 0.005,
                                                  0.0075, 0.012,  0.025,  0.06,   INFINITY };
#define TAIL_DECAYS 7u                  /* shorter than the high-pass, 28 ms: a tail (see highpass.c) */

/* Standard deviations of a Gaussian: what the converter's and the own low-pass make of a jump, and more. */
static const double rise_s[ELECTRODE_RISES] = { 0.0002, 0.0004, 0.0008 };
#define TYPICAL_RISE 1u                 /* the one in the middle, by definition */

/* Of potentials in 5 to 20 mm, whose median is 105 to 41 Hz (Rosenfalck 1969), and of sharper ones. */
static const double width_s[ELECTRODE_WIDTHS] = { 0.0010, 0.0014, 0.0020, 0.0028, 0.0040, 0.0056 };

/* Below, samples are as far apart as the phases of a potential, see above. */
#define DECAY_RATE_HZ_MIN 900
#define SEARCH_S 0.01                   /* the jump is so near to the peak, as the high-pass has lobes */
/*
 * Left of the energy above noise; raised, jumps of some other shape are found, too. Counted on the labelled
 * recordings of tests/score-recordings.py: of 300 real twitches at 1 kHz one leaves 0.07, the others more.
 */
#define LEFT_MAX 0.05f
#define LEFT_DOUBT 2.0f                 /* standard deviations of the energy of noise */
/* What a potential leaves more, in sigma^2: twice the log-likelihood ratio (Kay 1998). */
#define ADVANTAGE_STAYS 12.0f           /* raised, small jumps are twitches (test-electrode-step.c) */
#define ADVANTAGE_DECAYS 30.0f          /* counted as LEFT_MAX: a real twitch of 10 sigma has 28 */

typedef double (*Waveform)(double t_s, double a_s, double b_s);

/* A jump that decays, convolved with a Gaussian. */
static double jump(double t_s, double decay, double rise) {
        double exponent = rise * rise / (2 * decay * decay) - t_s / decay;

        if (isinf(decay))
                return erfc(-t_s / rise * M_SQRT1_2) / 2;
        if (t_s < -8 * rise)            /* nothing yet, and no infinity times it */
                return 0;
        return exp(exponent) * erfc((rise / decay - t_s / rise) * M_SQRT1_2) / 2;
}

static double odd(double t_s, double width, double unused) {
        double u = t_s / width;

        (void) unused;
        return -u * exp(-u * u / 2);
}

static double even(double t_s, double width, double unused) {
        double u = t_s / width;

        (void) unused;
        return (1 - u * u) * exp(-u * u / 2);
}

/* What the high-pass leaves of a waveform that begins at a step and a fraction. */
static void pass(unsigned length, Waveform waveform, double a_s, double b_s, double fraction,
                 double step_rate_hz, float *ret) {
        double values[2 * ELECTRODE_POINTS_MAX];
        int n = (int) length, zero = 2 * n - 1;
        double energy = 0;

        /* from 2 n - 1 steps before to 2 n - 2 behind */
        for (int i = 0; i < 4 * n - 2; i++)
                values[i] = waveform((i - zero + fraction) / step_rate_hz, a_s, b_s);
        for (int t = -n; t < n; t++) {
                double mean = 0;

                for (int k = 1 - n; k < n; k++)
                        mean += (n - abs(k)) * values[zero + t + k] / n / n;
                double value = values[zero + t] - mean;
                energy += value * value;
                ret[t + n] = (float) value;
        }
        for (int i = 0; i < 2 * n; i++)
                ret[i] /= (float) sqrt(energy);
}

void electrode_steps_init(ElectrodeSteps *e, unsigned highpass_steps, double step_rate_hz) {
        *e = (ElectrodeSteps) {
                .length = highpass_steps,
                .search = (unsigned) lround(SEARCH_S * step_rate_hz),
                .first_decay = step_rate_hz < DECAY_RATE_HZ_MIN ? ELECTRODE_DECAYS - 1 : 0,
        };
        for (unsigned d = e->first_decay; d < ELECTRODE_DECAYS; d++)
                for (unsigned r = 0; r < ELECTRODE_RISES; r++)
                        for (unsigned p = 0; p < ELECTRODE_PHASES; p++)
                                pass(e->length, jump, decay_s[d], rise_s[r],
                                     (double) p / ELECTRODE_PHASES, step_rate_hz, e->jumps[d][r][p]);
        for (unsigned w = 0; w < ELECTRODE_WIDTHS; w++) {
                pass(e->length, odd, width_s[w], 0, 0, step_rate_hz, e->odd[w]);
                pass(e->length, even, width_s[w], 0, 0, step_rate_hz, e->even[w]);
        }
}

static float product(const float *a, const float *b, unsigned n) {
        f32x4 sums = { 0 };
        unsigned i = 0;

        for (; i + 4 <= n; i += 4)
                sums += *(const f32x4*) (a + i) * *(const f32x4*) (b + i);
        for (; i < n; i++)
                sums[0] += a[i] * b[i];
        return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* The most that a mixture of a Gaussian's derivatives explains of the energy. */
static float explained_by_potential(const ElectrodeSteps *e, const float *y) {
        float most = 0;

        for (unsigned w = 0; w < ELECTRODE_WIDTHS; w++) {
                float a = product(y, e->odd[w], 2 * e->length), b = product(y, e->even[w], 2 * e->length);
                most = fmaxf(most, a * a + b * b);
        }
        return most;
}

/* ... that jumps of a certain sharpness do, and which decay that has. */
static float explained_by_jump(const ElectrodeSteps *e, const float *y, unsigned rise, unsigned phase,
                               float most, unsigned *ret_decay) {
        for (unsigned d = e->first_decay; d < ELECTRODE_DECAYS; d++) {
                float a = product(y, e->jumps[d][rise][phase], 2 * e->length);

                if (a * a > most) {
                        most = a * a;
                        *ret_decay = d;
                }
        }
        return most;
}

unsigned electrode_steps_reach(const ElectrodeSteps *e) {
        return e->length + e->search;
}

ElectrodeStep electrode_steps_find(const ElectrodeSteps *e, const float *peak, float sigma_uv) {
        unsigned reach = electrode_steps_reach(e), n = 2 * reach, at = 0, decay = 0;
        float by_jump = 0, by_potential = 0, variance = sigma_uv * sigma_uv;
        const float *y = peak - reach;

        for (unsigned i = 0; i <= 2 * e->search; i++) {
                float most = explained_by_jump(e, y + i, TYPICAL_RISE, 0, by_jump, &decay);

                if (most > by_jump)
                        at = i;
                by_jump = most;
                by_potential = fmaxf(by_potential, explained_by_potential(e, y + i));
        }
        for (unsigned i = at > 0 ? at - 1 : 0; i <= at + 1 && i <= 2 * e->search; i++)
                for (unsigned r = 0; r < ELECTRODE_RISES; r++)
                        for (unsigned p = 0; p < ELECTRODE_PHASES; p++)
                                by_jump = explained_by_jump(e, y + i, r, p, by_jump, &decay);

        bool stays = decay >= TAIL_DECAYS;
        float energy = product(y, y, n), noise = (float) n * variance;
        float tolerated = LEFT_MAX * fmaxf(energy - noise, 0);
        float advantage = (stays ? ADVANTAGE_STAYS : ADVANTAGE_DECAYS) * variance + tolerated;
        if (energy - by_jump > noise + tolerated + LEFT_DOUBT * sqrtf(2 * (float) n) * variance ||
            by_jump - by_potential < advantage)
                return ELECTRODE_STEP_NONE;
        return stays ? ELECTRODE_STEP_STAYS : ELECTRODE_STEP_DECAYS;
}
