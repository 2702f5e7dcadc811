/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit that discharges 120 to 300 times a second (as in neuromyotonia) shows no single potentials any
 * more: they overlap to a tone of that frequency, with the first one in front. Is there one in the signal
 * before a step?
 */
#include <math.h>

#include "high-frequency.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/simd.h"

#define LOW_HZ 120.0
#define APART_HZ 8.0                    /* a third of the window's resolution */

/*
 * Of a window's energy, the mean over the evaluations: a run keeps its rate, noise has another one in each
 * window. Quiet noise exceeds this once in some 3000 activities, with mains and heartbeats taken out of it;
 * chosen on the generator's training seeds 100001 to 100003.
 */
#define MEAN_SHARE 0.33f
#define MEAN_SHARE_FIRST 0.2f           /* more, over the number of evaluations */
#define EVALS_MIN 2u
#define GOES_ON 0.5f /* of the mean, in one evaluation, at the rate that the evaluations before tell; ... */
#define OVER_EVALS 2u                   /* ... after so many evaluations without in a row it is over */
#define PREEXISTING_SHARE 0.15f /* a tone that was there before is no run, but the hum of something */
#define PREEXISTING_EVALS 4u
#define PREEXISTING_APART_S 0.012

void high_frequency_init(HighFrequencyBank *t, double step_rate_hz) {
        unsigned n = (unsigned) lround(HIGH_FREQUENCY_WINDOW_S * step_rate_hz);

        *t = (HighFrequencyBank) { .step_rate_hz = step_rate_hz };
        if (step_rate_hz < 2.5 * (LOW_HZ + HIGH_FREQUENCIES * APART_HZ) || n > HIGH_FREQUENCY_STEPS_MAX)
                return;
        t->n = n;
        for (unsigned i = 0; i < n; i++) {
                t->window[i] = 0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / n);
                t->window_sum += t->window[i];
                t->window_square += t->window[i] * t->window[i];
        }
        for (unsigned k = 0; k < HIGH_FREQUENCIES; k++) {
                double hz = LOW_HZ + k * APART_HZ;

                t->rotation_re[k] = cos(2 * M_PI * hz / step_rate_hz);
                t->rotation_im[k] = sin(2 * M_PI * hz / step_rate_hz);
        }
}

/* Of four tones: the square of each one's sum. */
static ALWAYS_INLINE void four_frequencies(const HighFrequencyBank *t, const double *y, unsigned first,
                                           double *ret) {
        f64x4 rotation_re = *(const f64x4 *) (t->rotation_re + first),
              rotation_im = *(const f64x4 *) (t->rotation_im + first);
        f64x4 re = { 0 }, im = { 0 }, at_re = { 1, 1, 1, 1 }, at_im = { 0 };

        for (unsigned i = 0; i < t->n; i++) {
                f64x4 before = at_re;
                re += y[i] * at_re;
                im += y[i] * at_im;
                at_re = at_re * rotation_re - at_im * rotation_im;
                at_im = before * rotation_im + at_im * rotation_re;
        }
        *(f64x4*) ret = re * re + im * im;
}

static ALWAYS_INLINE void sums_any(const HighFrequencyBank *t, const double *y, double *ret) {
        for (unsigned k = 0; k < HIGH_FREQUENCIES; k += 4)
                four_frequencies(t, y, k, ret + k);
}

STATIC_VECTOR_FUNCTION(void, sums, (const HighFrequencyBank *t, const double *y, double *ret), (t, y, ret))

/* Energy of each tone as a share of all, in the window before a step; false: it cannot be told. */
static bool shares(const HighFrequencyBank *t, const History *h, double end,
                   double ret[static HIGH_FREQUENCIES]) {
        int64_t from = (int64_t) end - (h->end - (int64_t) h->fill) - t->n;
        double total = 0, windowed[HIGH_FREQUENCY_STEPS_MAX];

        if (t->n == 0 || from < 0 || from + t->n > (int64_t) h->fill)
                return false;
        const float *y = h->y + from;

        for (unsigned i = 0; i < t->n; i++) {
                double w = t->window[i];
                total += (double) y[i] * (double) y[i] * w * w;
                windowed[i] = (double) y[i] * w;
        }
        if (total <= 0)
                return false;
        sums(t, windowed, ret);
        /* A tone of amplitude a: |sum|^2 = (a/2 window_sum)^2, energy a^2/2 window_square. */
        for (unsigned k = 0; k < HIGH_FREQUENCIES; k++)
                ret[k] *= 2 * t->window_square / (t->window_sum * t->window_sum) / total;
        return true;
}

/* What sounds before something begins. */
void high_frequency_begin(HighFrequency *t, const HighFrequencyBank *high_frequency_bank, const History *h,
                          double onset) {
        double s[HIGH_FREQUENCIES] = { 0 }, sums_before[HIGH_FREQUENCIES] = { 0 };

        for (unsigned i = 0; i < PREEXISTING_EVALS &&
             shares(high_frequency_bank, h,
                    onset - i * PREEXISTING_APART_S * high_frequency_bank->step_rate_hz, s);
             i++)
                for (unsigned k = 0; k < HIGH_FREQUENCIES; k++)
                        sums_before[k] += s[k];
        *t = (HighFrequency) { .n_evals = 0 };
        for (unsigned k = 0; k < HIGH_FREQUENCIES; k++)
                t->preexisting[k] = sums_before[k] > (double) PREEXISTING_SHARE * PREEXISTING_EVALS;
}

/* One evaluation more; is there one frequency by now, and in this one? */
bool high_frequency_evaluate(HighFrequency *t, const HighFrequencyBank *high_frequency_bank,
                             const History *h, double end) {
        double s[HIGH_FREQUENCIES] = { 0 };
        unsigned best = HIGH_FREQUENCIES;

        if (!shares(high_frequency_bank, h, end, s))
                return false;
        t->n_evals++;
        for (unsigned k = 0; k < HIGH_FREQUENCIES; k++) {
                t->shares[k] += (float) s[k];
                if (!t->preexisting[k] && (best == HIGH_FREQUENCIES || t->shares[k] > t->shares[best]))
                        best = k;
        }
        if (t->n_evals < EVALS_MIN || best == HIGH_FREQUENCIES ||
            (t->detected_at > 0 && t->n_evals - t->detected_at > OVER_EVALS) ||
            t->shares[best] < MEAN_SHARE * (float) t->n_evals + MEAN_SHARE_FIRST ||
            s[best] * t->n_evals < (double) (GOES_ON * t->shares[best]))
                return false;
        t->detected_at = t->n_evals;
        t->share = t->shares[best] / (float) t->n_evals;
        return true;
}
