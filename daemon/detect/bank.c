/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matched filters for motor unit action potentials as two electrodes on the skin see them.
 *
 * The shapes are Hermite functions, the derivatives of a Gaussian, which describe such
 * potentials with one or two terms (Lo Conte, Merletti & Sandri, IEEE Trans Biomed Eng
 * 1994;41:1147): the first where the electrodes lie beside the end-plates, the second where
 * the potential runs past them. The four widths cover superficial to deep units and the
 * spread of their fibres. A shape that differs costs 20 log10(1/correlation) dB: 0.6 on
 * the tripole model of Merletti (1999) 6 to 18 mm deep, 1.0 on evoked twitches.
 * Each is normalised to unit energy: its output is in standard deviations of white noise.
 *
 * Where a step is long against a potential (below 900 steps/s), each template is
 * there several times, shifted by parts of a step.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect-private.h"

#define FINE_RATE_HZ 8000.0
#define FINE_SAMPLES 1024               /* 128 ms */
#define TEMPLATE_S 0.032

static const double widths_s[] = { 0.0013, 0.0023, 0.0040, 0.0060 };
#define N_WIDTHS (sizeof widths_s / sizeof widths_s[0])
#define N_TEMPLATES (2 * N_WIDTHS)

static void shape(double *ret, unsigned template) {
        double width_s = widths_s[template % N_WIDTHS];
        bool second = template >= N_WIDTHS;

        for (int n = 0; n < FINE_SAMPLES; n++) {
                double u = (n - FINE_SAMPLES / 2) / FINE_RATE_HZ / width_s;
                ret[n] = (second ? 1 - u * u : -u) * exp(-u * u / 2);
        }
}

/* What the chain's high-pass makes of it. */
static void high_pass(double *x, double length_s) {
        int length = (int) lround(length_s * FINE_RATE_HZ);
        double y[FINE_SAMPLES];

        for (int n = 0; n < FINE_SAMPLES; n++) {
                double mean = 0;
                for (int i = 1 - length; i < length; i++)
                        if (n + i >= 0 && n + i < FINE_SAMPLES)
                                mean += (length - abs(i)) * x[n + i];
                y[n] = x[n] - mean / ((double) length * length);
        }
        memcpy(x, y, sizeof y);
}

/* Where the window of the template has most energy. */
static double best_start(const double *x) {
        int width = (int) (TEMPLATE_S * FINE_RATE_HZ), best = 0;
        double energy = 0, most = 0;

        for (int n = 0; n < FINE_SAMPLES; n++) {
                energy += x[n] * x[n];
                if (n >= width)
                        energy -= x[n - width] * x[n - width];
                if (energy > most) {
                        most = energy;
                        best = n - width + 1;
                }
        }
        return best;
}

static double sample_at(const double *x, double position) {
        int i = (int) floor(position);

        if (i < 0 || i + 1 >= FINE_SAMPLES)
                return 0;
        return x[i] + (x[i + 1] - x[i]) * (position - i);
}

static void set_lane(Bank *b, unsigned lane, const double *x, double start, double step_rate_hz) {
        double energy = 0;

        for (unsigned i = 0; i < b->n_taps; i++) {
                double v = sample_at(x, start + i * FINE_RATE_HZ / step_rate_hz);
                energy += v * v;
        }
        for (unsigned i = 0; i < b->n_taps; i++) {
                double v = sample_at(x, start + i * FINE_RATE_HZ / step_rate_hz);
                b->taps[((size_t) (lane / 8) * b->n_taps + i) * 8 + lane % 8] = (float) (v / sqrt(energy));
        }
}

/*
 * Rice: a Gaussian process crosses a level of lambda standard deviations upwards
 * f exp(-lambda^2/2) times a second, f the root mean square frequency of its spectrum; twice that
 * in magnitude. The outputs of similar templates cross together, and between two samples a peak
 * may hide, which makes the rate of what is seen about half the sum: counted in some 50 hours of
 * white and 1/f noise, 0.5 to 0.7 of it at 1000 outputs a second and one false alarm an hour,
 * 0.4 to 0.5 at 2000; 0.4 and 0.6 at 30 an hour. test-detect.c counts again.
 */
#define SEEN_SHARE 0.5

static double root_mean_square_hz(const double *x) {
        double slope = 0, energy = 0;

        for (unsigned n = 1; n < FINE_SAMPLES; n++) {
                double dx = (x[n] - x[n - 1]) * FINE_RATE_HZ;
                slope += dx * dx;
                energy += x[n] * x[n];
        }
        return sqrt(slope / energy) / (2 * M_PI);
}

static void extremes(const double *x, double *ret_low, double *ret_high) {
        *ret_low = *ret_high = 0;
        for (unsigned n = 0; n < FINE_SAMPLES; n++) {
                *ret_low = fmin(*ret_low, x[n]);
                *ret_high = fmax(*ret_high, x[n]);
        }
}

/* One code for all machines: the same operations in the same order, however many of them an instruction does. */
static inline __attribute__((always_inline)) float run(const Bank *b, const float *window, const float *inverse,
                                                       float *ret) {
        const OctBits no_sign = { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX };
        Oct largest = { 0 };

        for (unsigned lane = 0; lane < b->n_lanes; lane += 8) {
                const Oct *taps = (const Oct*) (b->taps + (size_t) lane * b->n_taps);
                Oct sum[4] = { { 0 } };

                /* Four sums: an addition need not wait for the one before. */
                for (size_t i = 0; i < b->n_taps; i += 4) {
                        sum[0] += taps[i] * window[i];
                        sum[1] += taps[i + 1] * window[i + 1];
                        sum[2] += taps[i + 2] * window[i + 2];
                        sum[3] += taps[i + 3] * window[i + 3];
                }
                Oct y = (sum[0] + sum[1]) + (sum[2] + sum[3]);
                *(Oct*) (ret + lane) = y;

                Oct x = (Oct) ((OctBits) y & no_sign) * *(const Oct*) (inverse + lane);
                OctBits larger = x > largest;
                largest = (Oct) (((OctBits) x & larger) | ((OctBits) largest & ~larger));
        }

        const Quad *half = (const Quad*) &largest;
        QuadBits upper = half[1] > half[0];
        Quad four = (Quad) (((QuadBits) half[1] & upper) | ((QuadBits) half[0] & ~upper));
        float a = four[0] > four[1] ? four[0] : four[1], c = four[2] > four[3] ? four[2] : four[3];
        return a > c ? a : c;
}

static float run_portable(const Bank *b, const float *window, const float *inverse, float *ret) {
        return run(b, window, inverse, ret);
}

#ifdef __x86_64__
__attribute__((target("avx2")))
static float run_avx2(const Bank *b, const float *window, const float *inverse, float *ret) {
        return run(b, window, inverse, ret);
}
#endif

static void choose_code(Bank *b) {
        b->run = run_portable;
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx2"))
                b->run = run_avx2;
#endif
}

int bank_init(Bank *b, double step_rate_hz, double highpass_s) {
        unsigned shifts = step_rate_hz >= 900 ? 1 : step_rate_hz >= 450 ? 2 : 4;

        *b = (Bank) {
                .n_templates = N_TEMPLATES,
                .n_lanes = N_TEMPLATES * shifts,
                .n_taps = 4 * (unsigned) lround(TEMPLATE_S * step_rate_hz / 4),
        };
        choose_code(b);
        b->taps = calloc((size_t) b->n_lanes * b->n_taps, sizeof *b->taps);
        b->peak_to_peak = calloc(b->n_templates, sizeof *b->peak_to_peak);
        if (!b->taps || !b->peak_to_peak)
                return -ENOMEM;

        for (unsigned t = 0; t < N_TEMPLATES; t++) {
                double x[FINE_SAMPLES], low, high, energy = 0;

                shape(x, t);
                high_pass(x, highpass_s);
                for (unsigned s = 0; s < shifts; s++)
                        set_lane(b, s * N_TEMPLATES + t, x,
                                 best_start(x) - s * FINE_RATE_HZ / step_rate_hz / shifts, step_rate_hz);

                for (unsigned n = 0; n < FINE_SAMPLES; n++)
                        energy += x[n] * x[n] * step_rate_hz / FINE_RATE_HZ;
                extremes(x, &low, &high);
                b->peak_to_peak[t] = (float) ((high - low) / sqrt(energy));
                b->crossing_rate_hz += SEEN_SHARE * 2 * root_mean_square_hz(x);
        }
        return 0;
}

void bank_done(Bank *b) {
        free(b->taps);
        free(b->peak_to_peak);
}

/* All outputs at this step. Returns the largest magnitude of one times the lane's inverse. */
float bank_run(const Bank *b, const float *window, const float *inverse, float *ret) {
        return b->run(b, window, inverse, ret);
}
