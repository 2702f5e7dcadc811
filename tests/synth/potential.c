/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "band.h"
#include "potential.h"

#define LEAD ((unsigned) (POTENTIAL_LEAD_S * MUAP_RATE_HZ))

/* Silence around the potential for the 20 Hz high-pass, which forgets e-fold in 14 ms. */
#define PAD 1600u
#define PADDED (PAD + POTENTIAL_SAMPLES + PAD)

/* Top of the parabola through three samples around a peak, relative to the middle one. */
static double peak_offset(double before, double at, double after) {
        double curvature = before - 2 * at + after;
        return curvature == 0 ? 0 : 0.5 * (before - after) / curvature;
}

static void measure(const double in_band[static PADDED], Potential *p) {
        unsigned top = 1, bottom = 1;

        for (unsigned i = 1; i + 1 < PADDED; i++) {
                if (in_band[i] > in_band[top])
                        top = i;
                if (in_band[i] < in_band[bottom])
                        bottom = i;
        }

        bool positive = in_band[top] >= -in_band[bottom];
        unsigned i = positive ? top : bottom;
        double at = i + peak_offset(in_band[i - 1], in_band[i], in_band[i + 1]);
        p->peak_s = (at - PAD - LEAD) / MUAP_RATE_HZ;
        p->amplitude_uv = in_band[top] - in_band[bottom];
        p->peak_ratio = positive ? in_band[top] / -in_band[bottom] : -in_band[bottom] / in_band[top];
}

void potential_compute(const MotorUnit *unit, double rate_hz, Potential *ret) {
        potential_compute_for(unit, rate_hz, rate_hz, ret);
}

void potential_compute_for(const MotorUnit *unit, double rate_hz, double measured_rate_hz, Potential *ret) {
        double x[PADDED] = {};

        muap_compute(unit, x + PAD + LEAD);

        /* Instead of the converter's own filter, and without its delay and droop. */
        band_lowpass(x, PADDED, MUAP_RATE_HZ, fmin(BAND_HIGH_OF_RATE * rate_hz, MUAP_RATE_HZ / 4));
        memcpy(ret->uv, x + PAD, sizeof(ret->uv));

        band_highpass(x, PADDED, MUAP_RATE_HZ, BAND_LOW_HZ);
        band_lowpass(x, PADDED, MUAP_RATE_HZ, band_high_hz(measured_rate_hz));
        measure(x, ret);
}

double potential_at(const Potential *p, double t_s) {
        double at = (t_s + POTENTIAL_LEAD_S) * MUAP_RATE_HZ, below = floor(at), t = at - below;

        if (below < 1 || below + 2 >= POTENTIAL_SAMPLES)
                return 0;

        /* Cubic through the four neighbours: at 16 kHz an error below 1e-5 for what the skin lets through. */
        const double *x = p->uv + (unsigned) below;
        return x[-1] * (-t * (t - 1) * (t - 2) / 6) + x[0] * ((t + 1) * (t - 1) * (t - 2) / 2) +
               x[1] * (-t * (t + 1) * (t - 2) / 2) + x[2] * (t * (t + 1) * (t - 1) / 6);
}
