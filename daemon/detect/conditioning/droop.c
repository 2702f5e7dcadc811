/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a sigma-delta converter with a sinc3 filter takes from the upper half of its band is given back.
 *
 * Its response (sin(pi f)/(pi f))^3, f in cycles per frame, is -3 dB at 0.262 and -9.3 dB at 0.45 (ADS1299:
 * SBAS499C, digital decimation filter), so at 250 SPS all of a potential above 65 Hz is smaller than it was.
 * The correction is a FIR filter of linear phase that fits the inverse from 0 to 0.45 by least squares;
 * above, where more of what is left has folded down than belongs there, its gain stays what it is at 0.45,
 * three. With 11 taps the band is flat within 3 %.
 *
 * Where noise is whitened, the whole signal is corrected. Below, at 500 and 250 SPS, it would get the colour
 * of its upper end: what is recorded there is looked at as it is, and only sizes are corrected. (Correcting
 * the signal wins 0.1 and 0.5 dB in the generator's noise; in real recordings of a face at 250 SPS it made
 * false alarms four times as frequent.)
 *
 * From some 4 kSPS on the droop is in none of the band that is looked at: 0.5 dB at 450 Hz, and
 * potentials have little there.
 */
#include <math.h>
#include <string.h>

#include "droop.h"
#include "daemon/detect/base/band.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/linalg.h"

#define EDGE 0.45
#define GAIN_MAX 3.0
#define GRID 200u                       /* frequencies from 0 to half the rate */
#define BEYOND_WEIGHT 0.02              /* of those above the edge: only so that nothing grows there */
#define RATE_HZ_MAX 4000.0
#define TYPICAL_S 0.0025 /* of t exp(-(t/TYPICAL_S)^2 / 2), which loses what potentials 7 to 14 mm deep do */
#define TYPICAL_STEP_S 0.0001
#define N (DROOP_TAPS / 2 + 1)          /* different taps */

static double sinc3(double f) {
        double s = f > 0 ? sin(M_PI * f) / (M_PI * f) : 1;

        return s * s * s;
}

static void fit_taps(double ret[static DROOP_TAPS]) {
        double a[N][MATRIX_COLUMNS(N)] = { { 0 } }, b[N] = { 0 };

        for (unsigned g = 0; g <= GRID; g++) {
                double f = 0.5 * g / GRID, wanted = 1 / sinc3(fmin(f, EDGE)),
                       weight = f <= EDGE ? 1 : BEYOND_WEIGHT;
                double c[N];

                for (unsigned k = 0; k < N; k++)
                        c[k] = k == 0 ? 1 : 2 * cos(2 * M_PI * f * k);
                for (unsigned i = 0; i < N; i++) {
                        for (unsigned j = 0; j < N; j++)
                                a[i][j] += weight * c[i] * c[j];
                        b[i] += weight * c[i] * wanted;
                }
        }
        matrix_invert(a[0], N);
        for (unsigned k = 0; k < N; k++) {
                double tap = 0;

                for (unsigned i = 0; i < N; i++)
                        tap += a[k][i] * b[i];
                ret[DROOP_TAPS / 2 + k] = ret[DROOP_TAPS / 2 - k] = tap;
        }
}

/*
 * By how much the converter makes a typical potential smaller, inverted: its spectrum is f exp(-(2 pi f
 * TYPICAL_S)^2 / 2).
 */
static double typical_gain(double rate_hz) {
        double before = 0, after = 0;

        for (double t = 0; t < 3 * TYPICAL_S; t += TYPICAL_STEP_S) {
                double x = 0, y = 0;

                for (double hz = 1; hz < 500; hz++) {
                        double u = 2 * M_PI * hz * TYPICAL_S,
                               s = hz * exp(-u * u / 2) * sin(2 * M_PI * hz * t);

                        x += s;
                        y += s * sinc3(hz / rate_hz);
                }
                before = fmax(before, x);
                after = fmax(after, y);
        }
        return before / after;
}

void droop_init(Droop *d, double rate_hz, bool sinc3_converter) {
        bool wanted = sinc3_converter && rate_hz < RATE_HZ_MAX;

        *d = (Droop) {
                .of_signal = wanted && rate_hz >= DETECT_FULL_BAND_RATE_HZ_MIN,
                .of_amplitudes = wanted && rate_hz < DETECT_FULL_BAND_RATE_HZ_MIN,
                .typical_gain = 1,
        };
        fit_taps(d->taps);
        if (d->of_amplitudes)
                d->typical_gain = typical_gain(rate_hz);
}

/* How much larger what lies between two steps was before the converter, peak to peak. */
float droop_gain(const Droop *d, const History *h, double from, double to) {
        int64_t begin = h->end - (int64_t) h->fill, first = (int64_t) floor(from), last = (int64_t) ceil(to);
        double low = INFINITY, high = -INFINITY, corrected_low = INFINITY, corrected_high = -INFINITY;

        if (!d->of_amplitudes)
                return 1;
        for (int64_t step = first > begin ? first : begin; step <= last && step < h->end; step++) {
                double x = (double) h->y[step - begin], y = 0;

                for (int k = 0; k < (int) DROOP_TAPS; k++) {
                        int64_t at = step - begin + k - (int) DROOP_TAPS / 2;

                        if (at >= 0 && at < (int64_t) h->fill)
                                y += d->taps[k] * (double) h->y[at];
                }
                low = fmin(low, x);
                high = fmax(high, x);
                corrected_low = fmin(corrected_low, y);
                corrected_high = fmax(corrected_high, y);
        }
        return high > low ?
                (float) fmin(fmax((corrected_high - corrected_low) / (high - low), 1), GAIN_MAX) :
                1;
}
