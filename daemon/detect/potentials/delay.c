/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much later one channel sees a potential than another. It travels at 3 to 6 m/s along the fibres: 3.3
 * to 6.7 ms over 20 mm. What comes everywhere at once does not travel, and is no potential of a unit.
 *
 * The lag is where the cross-correlation of the two views is largest in magnitude (electrodes beyond the
 * end-plates see the potential turned over), between the points by a parabola.
 */
#include <math.h>

#include "delay.h"
#include "daemon/detect/base/interpolate.h"
#include "discharge.h"

#define TOGETHER_S 0.016                /* largest main phases further apart are not of one potential */
#define SLACK (WAVEFORM_POINTS / 2)
#define OVERLAP_MIN (WAVEFORM_POINTS / 2)

static const double point_s = (double) WAVEFORM_S / (WAVEFORM_POINTS - 1);

/* Normalised over what overlaps, times the root of its share: little overlap is alike by chance. */
static double correlation(const float *a, const float *b, int shift) {
        double ab = 0, aa = 0, bb = 0, all = 0;

        for (int i = 0; i < WAVEFORM_POINTS; i++) {
                int k = i + shift;
                all += (double) a[i] * (double) a[i];
                if (k < 0 || k >= WAVEFORM_POINTS)
                        continue;
                ab += (double) a[i] * (double) b[k];
                aa += (double) a[i] * (double) a[i];
                bb += (double) b[k] * (double) b[k];
        }
        return aa > 0 && bb > 0 ? fabs(ab) / sqrt(bb * all) : 0;
}

/*
 * Steps from `a`'s view of a discharge to `b`'s; each is its waveform around its own largest peak. NAN if
 * the peaks are too far apart to be of one discharge.
 */
double inter_channel_delay_steps(const float *a, double a_peak, const float *b, double b_peak,
                                 double step_rate_hz) {
        double apart = (b_peak - a_peak) / step_rate_hz, here[2 * SLACK + 1];
        int best = SLACK;

        if (!(fabs(apart) <= TOGETHER_S))
                return NAN;
        for (int shift = -SLACK; shift <= SLACK; shift++) {
                int overlap = WAVEFORM_POINTS - (shift < 0 ? -shift : shift);
                here[shift + SLACK] = overlap >= OVERLAP_MIN ? correlation(a, b, shift) : 0;
        }
        for (int i = 0; i <= 2 * SLACK; i++)
                if (here[i] > here[best])
                        best = i;

        double part = 0, height;
        if (best > 0 && best < 2 * SLACK)
                part = parabola_vertex(here[best - 1], here[best], here[best + 1], &height);
        return (apart + (best - SLACK + part) * point_s) * step_rate_hz;
}
