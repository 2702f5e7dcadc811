/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matched filters for motor unit action potentials as two electrodes on the skin see them.
 *
 * The shapes are computed, not recorded: a current tripole (Merletti et al., IEEE Trans
 * Biomed Eng 1999;46:810) leaves the end-plate both ways, runs to the tendons and is drawn
 * in there, in a medium that conducts better along the fibres than across. Fibres of a unit
 * have their end-plates spread out. Eight combinations of depth and place of the electrodes
 * cover what depth 5 to 20 mm looks like; each is one template, normalised to unit energy, so
 * that its output is the potential's size in standard deviations of white noise.
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
#define ELECTRODE_DISTANCE_MM 20.0
#define VELOCITY_MM_PER_S 4000.0
#define ANISOTROPY 6.0                  /* conductivity along / across */
#define FIBRE_UP_MM 60.0                /* end-plate to tendon, each way */
#define FIBRE_DOWN_MM 70.0
#define ENDPLATE_SD_MM 2.5
#define ENDPLATES 7                     /* places between -2 and +2 SD */

/* Charge and dipole moment sum up to zero. */
static const struct { double current, behind_mm; } tripole[] = {
        { 1.0, 0 }, { -1.435, 0.303 * 7 }, { 0.435, 7 },
};

static const struct { double depth_mm, electrodes_mm; } places[] = {
        {  6, 18 }, {  9, 18 }, { 13, 18 }, { 18, 18 },
        {  6, 36 }, {  9, 36 }, { 13, 36 }, { 18, 36 },
};
#define N_TEMPLATES (sizeof places / sizeof places[0])

/* Potential difference of a unit current at z along the fibre. */
static double differential(double z_mm, double depth_mm, double electrodes_mm) {
        double a = z_mm - (electrodes_mm - ELECTRODE_DISTANCE_MM / 2);
        double b = z_mm - (electrodes_mm + ELECTRODE_DISTANCE_MM / 2);
        double r2 = ANISOTROPY * depth_mm * depth_mm;

        return 1 / sqrt(r2 + a * a) - 1 / sqrt(r2 + b * b);
}

static double fibre(double t_s, double endplate_mm, double depth_mm, double electrodes_mm) {
        double sum = 0;

        for (unsigned i = 0; i < 3; i++) {
                double way = fmax(0, VELOCITY_MM_PER_S * t_s - tripole[i].behind_mm);
                double up = endplate_mm + fmin(way, FIBRE_UP_MM - endplate_mm);
                double down = endplate_mm - fmin(way, FIBRE_DOWN_MM + endplate_mm);

                sum += tripole[i].current * (differential(up, depth_mm, electrodes_mm) +
                                             differential(down, depth_mm, electrodes_mm));
        }
        return sum;
}

static void unit(double *ret, double depth_mm, double electrodes_mm) {
        for (unsigned n = 0; n < FINE_SAMPLES; n++)
                ret[n] = 0;
        for (int e = -(ENDPLATES / 2); e <= ENDPLATES / 2; e++) {
                double u = 2.0 * e / (ENDPLATES / 2), weight = exp(-u * u / 2);

                for (unsigned n = FINE_SAMPLES / 3; n < FINE_SAMPLES * 2 / 3; n++)
                        ret[n] += weight * fibre((n - FINE_SAMPLES / 3.0) / FINE_RATE_HZ,
                                                 u * ENDPLATE_SD_MM, depth_mm, electrodes_mm);
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
 * in magnitude. The outputs of similar templates cross together, which makes the rate of
 * the largest smaller than the sum by OVERLAP (measured on white and on 1/f noise, see
 * test-detect.c).
 */
#define OVERLAP 0.3

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

int bank_init(Bank *b, double step_rate_hz, double highpass_s) {
        unsigned shifts = step_rate_hz >= 900 ? 1 : step_rate_hz >= 450 ? 2 : 4;

        *b = (Bank) {
                .n_templates = N_TEMPLATES,
                .n_lanes = N_TEMPLATES * shifts,
                .n_taps = (unsigned) lround(TEMPLATE_S * step_rate_hz),
        };
        b->taps = calloc((size_t) b->n_lanes * b->n_taps, sizeof *b->taps);
        b->peak_to_peak = calloc(b->n_templates, sizeof *b->peak_to_peak);
        if (!b->taps || !b->peak_to_peak)
                return -ENOMEM;

        for (unsigned t = 0; t < N_TEMPLATES; t++) {
                double x[FINE_SAMPLES], low, high, energy = 0;

                unit(x, places[t].depth_mm, places[t].electrodes_mm);
                high_pass(x, highpass_s);
                for (unsigned s = 0; s < shifts; s++)
                        set_lane(b, s * N_TEMPLATES + t, x,
                                 best_start(x) - s * FINE_RATE_HZ / step_rate_hz / shifts, step_rate_hz);

                for (unsigned n = 0; n < FINE_SAMPLES; n++)
                        energy += x[n] * x[n] * step_rate_hz / FINE_RATE_HZ;
                extremes(x, &low, &high);
                b->peak_to_peak[t] = (float) ((high - low) / sqrt(energy));
                b->crossing_rate_hz += OVERLAP * 2 * root_mean_square_hz(x);
        }
        return 0;
}

void bank_done(Bank *b) {
        free(b->taps);
        free(b->peak_to_peak);
}

void bank_run(const Bank *b, const float *window, float *ret) {
        for (unsigned lane = 0; lane < b->n_lanes; lane += 8) {
                const Quad *taps = (const Quad*) (b->taps + (size_t) lane * b->n_taps);
                Quad low = { 0 }, high = { 0 };

                for (unsigned i = 0; i < b->n_taps; i++) {
                        Quad x = { window[i], window[i], window[i], window[i] };
                        low += taps[2 * i] * x;
                        high += taps[2 * i + 1] * x;
                }
                *(Quad*) (ret + lane) = low;
                *(Quad*) (ret + lane + 4) = high;
        }
}
