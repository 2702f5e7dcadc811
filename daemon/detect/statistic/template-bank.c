/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matched filters for motor unit action potentials as two electrodes on the skin see them.
 *
 * Most of the waveforms come from the physics of a unit along which the electrodes lie, 20 mm apart: a
 * tripole leaves the end-plate both ways and is cut off at the ends of the fibres (Merletti, Lo Conte,
 * Avignone & Guglielminotti, IEEE Trans Biomed Eng 1999;46:810). What depth and place of the end-plates do
 * to the waveform is covered by five of them: chosen, with the speed, so that least of the detectability of
 * units 7 to 18 mm deep is lost, 0.5 dB on the average. A waveform that differs costs 20
 * log10(1/correlation) dB.
 *
 * Other potentials, superficial, deep or of many units at once, are left to derivatives of a Gaussian, which
 * describe them with one or two terms (Lo Conte, Merletti & Sandri, IEEE Trans Biomed Eng 1994;41:1147).
 * They have a higher threshold, 0.3 standard deviations or so, and for that cost next to no false alarms.
 * Each is normalised to unit energy: its output is in standard deviations of white noise.
 *
 * Where a step is long against a potential (below 900 steps/s), each template is
 * there several times, shifted by parts of a step.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "template-bank.h"
#include "daemon/detect/base/simd.h"

#define FINE_RATE_HZ 8000.0
#define FINE_SAMPLES 1024               /* 128 ms */
#define FINE_START_S 0.032              /* before the excitation */
#define TEMPLATE_S 0.032
#define PROBABILITY_90_SIGMA 1.2816     /* of the normal distribution */
#define WEIGHT_RARE 0.95f               /* of a filter for potentials that are not the rule */

/* One of the two: */
typedef struct Template {
        double depth_mm, endplate_mm;   /* of a unit: under the skin; from the middle of the electrodes */
        unsigned derivative;            /* of a Gaussian of that width */
        double width_s;
} Template;

static const Template templates[] = {
        { .depth_mm = 6, .endplate_mm = 20 },
        { .depth_mm = 8, .endplate_mm = 8 },
        { .depth_mm = 8, .endplate_mm = 14 },
        { .depth_mm = 10, .endplate_mm = 17 },
        { .depth_mm = 14, .endplate_mm = 45 },
        { .derivative = 1, .width_s = 0.0011 },
        { .derivative = 1, .width_s = 0.0060 },
        { .derivative = 2, .width_s = 0.0013 },
};
#define N_TEMPLATES (sizeof templates / sizeof templates[0])

static void gaussian_derivative(double *ret, const Template *t) {
        for (int n = 0; n < FINE_SAMPLES; n++) {
                double u = (n - FINE_SAMPLES / 2) / FINE_RATE_HZ / t->width_s;
                ret[n] = (t->derivative == 2 ? 1 - u * u : -u) * exp(-u * u / 2);
        }
}

#define SPEED_MM_PER_S 3500.0
#define ELECTRODE_MM 10.0               /* from the middle */
#define FIBRE_MM_1 60.0                 /* from the end-plate to the ends */
#define FIBRE_MM_2 70.0
#define ANISOTROPY 5.24                 /* conductivity of muscle along to across the fibres */
#define SPREAD_MM 4.5                   /* of end-plates, standard deviation */

/* Charges and their distances behind the front: neither monopole nor dipole. */
static const struct { double charge, behind_mm; } poles[] = { { 1, 0 }, { -1.4347, 2.121 }, { 0.4347, 7 } };

/* What the front electrode sees more than the other of a charge at that place along the fibre. */
static double seen(double at_mm, double depth_mm) {
        double across = ANISOTROPY * depth_mm * depth_mm;

        return 1 / sqrt(across + (at_mm - ELECTRODE_MM) * (at_mm - ELECTRODE_MM)) -
                1 / sqrt(across + (at_mm + ELECTRODE_MM) * (at_mm + ELECTRODE_MM));
}

/* A pole waits at the end-plate until its turn and stays at the fibre's end: there they cancel. */
static double tripole(double time_s, double endplate_mm, double depth_mm) {
        double sum = 0;

        for (unsigned i = 0; i < sizeof poles / sizeof poles[0]; i++) {
                double way = fmax(time_s * SPEED_MM_PER_S - poles[i].behind_mm, 0);

                sum += poles[i].charge * (seen(endplate_mm + fmin(way, FIBRE_MM_1), depth_mm) +
                                          seen(endplate_mm - fmin(way, FIBRE_MM_2), depth_mm));
        }
        return sum;
}

static void unit_potential(double *ret, const Template *t) {
        for (int n = 0; n < FINE_SAMPLES; n++) {
                ret[n] = 0;
                for (int i = -2; i <= 2; i++) {
                        double spread = 0.6 * i;
                        ret[n] += exp(-spread * spread / 2) *
                                tripole(n / FINE_RATE_HZ - FINE_START_S, t->endplate_mm + spread * SPREAD_MM,
                                        t->depth_mm);
                }
        }
}

static void waveform(double *ret, const Template *t) {
        if (t->derivative > 0)
                gaussian_derivative(ret, t);
        else
                unit_potential(ret, t);
}

/* What the high-pass in front makes of it. */
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

static void set_lane(TemplateBank *b, unsigned lane, const double *x, double start, double step_rate_hz) {
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
 * Rice: a Gaussian process crosses a level of lambda standard deviations upwards f exp(-lambda^2/2) times a
 * second, f the root mean square frequency of its spectrum; twice that in magnitude. The outputs of similar
 * templates cross together, and between two samples a peak may hide, which makes the rate of what is seen a
 * part of the sum: counted in noise, test-detect.c counts again.
 */
#define SEEN_SHARE 0.45

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

int template_bank_init(TemplateBank *b, double step_rate_hz, double highpass_s) {
        unsigned shifts = step_rate_hz >= 900 ? 1 : step_rate_hz >= 450 ? 2 : 4;

        *b = (TemplateBank) {
                .n_templates = N_TEMPLATES,
                .n_lanes = N_TEMPLATES * shifts,
                .n_taps = 4 * (unsigned) lround(TEMPLATE_S * step_rate_hz / 4),
        };
        b->taps = calloc((size_t) b->n_lanes * b->n_taps, sizeof *b->taps);
        b->peak_to_peak = calloc(b->n_templates, sizeof *b->peak_to_peak);
        b->crossing_hz = calloc(b->n_templates, sizeof *b->crossing_hz);
        b->weights = calloc(b->n_lanes, sizeof *b->weights);
        if (!b->taps || !b->peak_to_peak || !b->crossing_hz || !b->weights)
                return -ENOMEM;

        for (unsigned t = 0; t < N_TEMPLATES; t++) {
                double x[FINE_SAMPLES], low, high, energy = 0;

                waveform(x, templates + t);
                high_pass(x, highpass_s);
                for (unsigned s = 0; s < shifts; s++)
                        set_lane(b, s * N_TEMPLATES + t, x,
                                 best_start(x) - s * FINE_RATE_HZ / step_rate_hz / shifts, step_rate_hz);

                for (unsigned n = 0; n < FINE_SAMPLES; n++)
                        energy += x[n] * x[n] * step_rate_hz / FINE_RATE_HZ;
                extremes(x, &low, &high);
                b->peak_to_peak[t] = (float) ((high - low) / sqrt(energy));
                b->crossing_hz[t] = SEEN_SHARE * 2 * root_mean_square_hz(x);
                for (unsigned s = 0; s < shifts; s++)
                        b->weights[s * N_TEMPLATES + t] = templates[t].derivative > 0 ? WEIGHT_RARE : 1;
        }
        return 0;
}

void template_bank_done(TemplateBank *b) {
        free(b->taps);
        free(b->peak_to_peak);
        free(b->crossing_hz);
        free(b->weights);
}

/* So large is the weighted output of some filter so many times an hour. */
double template_bank_threshold(const TemplateBank *b, double per_hour) {
        double low = 0, high = 100;

        while (high - low > 1e-9) {
                double middle = (low + high) / 2, rate_hz = 0;

                for (unsigned t = 0; t < b->n_templates; t++)
                        rate_hz += b->crossing_hz[t] * exp(-pow(middle / (double) b->weights[t], 2) / 2);
                if (rate_hz * 3600 > per_hour)
                        low = middle;
                else
                        high = middle;
        }
        return high;
}

/* Output of the lane's filter for the potential it is made for, of unit energy. */
static double response(const TemplateBank *b, const float *taps, unsigned lane) {
        double sum = 0;

        for (unsigned i = 0; i < b->n_taps; i++) {
                size_t at = ((size_t) (lane / 8) * b->n_taps + i) * 8 + lane % 8;
                sum += (double) taps[at] * (double) b->taps[at];
        }
        return sum;
}

/* The smallest potential found 9 times in 10, peak to peak, averaged over those that are the rule. */
double template_bank_floor_uv(const TemplateBank *b, const float *taps, const float *inverse,
                              double threshold) {
        double sum = 0;
        unsigned n = 0;

        for (unsigned t = 0; t < b->n_templates; t++)
                if (b->weights[t] >= 1) {
                        sum += (double) (b->peak_to_peak[t] / inverse[t]) / response(b, taps, t);
                        n++;
                }
        return (threshold + PROBABILITY_90_SIGMA) * sum / n;
}
