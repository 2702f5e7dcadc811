/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A crossing of the threshold becomes discharges: where the peaks are, where each begins
 * and ends, how large it is. All read off the in-band signal, not the filter output.
 */
#include <math.h>

#include "discharge.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/interpolate.h"
#include "daemon/detect/base/sort.h"

#define EDGE_FRACTION 0.1f              /* of the peak: where a discharge begins and ends */
#define EDGE_SIGMA 3.0f                 /* but not in the noise */
#define QUIET_S 0.005                   /* below the edge for so long: it is over */
#define WAVEFORM_SLACK 2                /* points: alignment of the peaks */
#define FURTHER_FRACTION 0.3f           /* of the largest peak: another discharge ... */
#define FURTHER_SIGMA 5.0f              /* ... that noise does not make */

static size_t largest(const float *y, size_t from, size_t to) {
        size_t best = from;
        for (size_t i = from; i < to; i++)
                if (fabsf(y[i]) > fabsf(y[best]))
                        best = i;
        return best;
}

/* Walk away from the peak until the signal has been quiet for a while: the last loud sample. */
static size_t edge(const float *y, size_t peak, size_t limit, int direction, float level, unsigned quiet) {
        size_t last = peak;
        for (size_t i = peak; i != limit; i += (size_t) direction) {
                if (fabsf(y[i]) >= level)
                        last = i;
                else if ((i > last ? i - last : last - i) >= quiet)
                        break;
        }
        return last;
}

static void measure(const float *y, size_t n, size_t peak, size_t from, size_t to, float sigma_uv,
                    Discharge *ret) {
        float low = 0, high = 0;
        double offset = 0;

        for (size_t i = from; i <= to; i++) {
                float height = y[i];

                if (i > 0 && i + 1 < n && (y[i] >= y[i - 1]) == (y[i] >= y[i + 1])) {
                        double vertex,
                                x = parabola_vertex((double) y[i - 1], (double) y[i], (double) y[i + 1],
                                                    &vertex);

                        height = (float) vertex;
                        if (i == peak)
                                offset = x;
                }
                low = fminf(low, height);
                high = fmaxf(high, height);
        }
        ret->amplitude_uv = fmaxf(DISCHARGE_HIGHPASS * (high - low) - DISCHARGE_EXTREMES_SIGMA * sigma_uv,
                                  (high - low) / 2);
        ret->peak = (double) peak + offset;
        ret->onset = fmin((double) from, ret->peak);
        ret->end = fmax((double) to, ret->peak);
}

/* Resampled to the same number of points at any rate; linear is good enough to tell likeness. */
static void take_waveform(const History *h, double peak, double step_rate_hz, float *ret) {
        for (int i = 0; i < WAVEFORM_POINTS; i++) {
                double at = peak +
                        (i - WAVEFORM_POINTS / 2) * (double) WAVEFORM_S / (WAVEFORM_POINTS - 1) *
                                step_rate_hz;
                double whole = floor(at);
                size_t k = (size_t) whole;

                ret[i] = at >= 0 && k + 1 < h->fill
                        ? h->y[k] + (h->y[k + 1] - h->y[k]) * (float) (at - whole) : 0;
        }
}

/* The largest normalised cross-correlation over small shifts, -1 .. 1. */
float discharge_similarity(const float *a, const float *b) {
        float best = -1;

        for (int shift = -WAVEFORM_SLACK; shift <= WAVEFORM_SLACK; shift++) {
                float ab = 0, aa = 0, bb = 0;
                for (int i = WAVEFORM_SLACK; i < WAVEFORM_POINTS - WAVEFORM_SLACK; i++) {
                        ab += a[i] * b[i + shift];
                        aa += a[i] * a[i];
                        bb += b[i + shift] * b[i + shift];
                }
                if (aa > 0 && bb > 0)
                        best = fmaxf(best, ab / sqrtf(aa * bb));
        }
        return best;
}

/* Width of the main phase at half its height, as far as the waveform reaches. */
float discharge_half_width_s(const float *waveform) {
        int from = WAVEFORM_POINTS / 2, to = from;
        float half = waveform[from] / 2;

        while (from > 0 && (half > 0 ? waveform[from - 1] >= half : waveform[from - 1] <= half))
                from--;
        while (to + 1 < WAVEFORM_POINTS && (half > 0 ? waveform[to + 1] >= half : waveform[to + 1] <= half))
                to++;
        return (float) (to - from) * WAVEFORM_S / (WAVEFORM_POINTS - 1);
}

static bool is_earlier(const void *a, const void *b) {
        return ((const Discharge*) a)->peak < ((const Discharge*) b)->peak;
}

/*
 * Discharges between two steps, in order of time: the largest peak and its surroundings,
 * then the largest of what is left, as long as it stands out.
 */
size_t discharges_measure(const History *h, int64_t from, int64_t to, float sigma_uv, float snr,
                          double step_rate_hz, Discharge ret[static DISCHARGES_MAX]) {
        int64_t base = h->end - (int64_t) h->fill;
        size_t begin = from < base ? 0 : (size_t) (from - base);
        size_t end = to >= h->end ? h->fill : (size_t) (to - base + 1);
        unsigned quiet = (unsigned) lround(QUIET_S * step_rate_hz);
        struct { size_t from, to; } spans[2 * DISCHARGES_MAX + 1] = { { begin, end } };
        size_t n_spans = 1, n = 0;
        float least = 0;

        while (n < DISCHARGES_MAX) {
                size_t best = 0, peak = 0;
                bool found = false;

                for (size_t s = 0; s < n_spans; s++) {
                        if (spans[s].from >= spans[s].to)
                                continue;
                        size_t p = largest(h->y, spans[s].from, spans[s].to);
                        if (!found || fabsf(h->y[p]) > fabsf(h->y[peak])) {
                                found = true;
                                best = s;
                                peak = p;
                        }
                }
                if (!found || (n > 0 && fabsf(h->y[peak]) < least))
                        break;

                float size = fabsf(h->y[peak]);
                float level = fmaxf(EDGE_FRACTION * size, fminf(EDGE_SIGMA * sigma_uv, size / 2));
                size_t first = edge(h->y, peak, (size_t) -1, -1, level, quiet);
                size_t last = edge(h->y, peak, h->fill, 1, level, quiet);

                /* What is left has been quiet for a while on the side of an earlier one: not beyond that. */
                if (n > 0) {
                        first = first < spans[best].from || first > peak ? spans[best].from : first;
                        last = last >= spans[best].to ? spans[best].to - 1 : last;
                }
                measure(h->y, h->fill, peak, first, last, sigma_uv, ret + n);
                ret[n].snr = snr;
                take_waveform(h, ret[n].peak, step_rate_hz, ret[n].waveform);
                n++;
                if (n == 1)
                        least = fmaxf(FURTHER_FRACTION * size, FURTHER_SIGMA * sigma_uv);
                spans[n_spans].from = last + 1;
                spans[n_spans].to = spans[best].to;
                spans[best].to = first;
                if (++n_spans >= sizeof spans / sizeof spans[0])
                        break;
        }

        for (size_t i = 0; i < n; i++) {
                ret[i].peak += (double) base;
                ret[i].onset += (double) base;
                ret[i].end += (double) base;
        }
        sort_stable(ret, n, sizeof *ret, is_earlier);
        return n;
}
