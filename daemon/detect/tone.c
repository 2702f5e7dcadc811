/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit that discharges 120 to 300 times a second (as in neuromyotonia) shows no single potentials any more: they
 * overlap to a tone of that frequency, with the first one in front. Is there one
 * in the signal before a step?
 */
#include <math.h>

#include "tone.h"
#include "history.h"
#include "simd.h"

#define LOW_HZ 120.0
#define APART_HZ 8.0                    /* a third of the window's resolution */

/*
 * Of a window's energy, the mean over the looks: a run keeps its rate, noise has another one in each window. Quiet noise
 * exceeds this once in some 3000 chains, with mains and heartbeats taken out of it; chosen on the
 * generator's training seeds 100001 to 100003.
 */
#define MEAN_SHARE 0.33f
#define MEAN_SHARE_FIRST 0.2f           /* more, over the number of looks */
#define LOOKS_MIN 2u
#define GOES_ON 0.5f                    /* of the mean, in one look, at the rate that the looks before tell; ... */
#define OVER_LOOKS 2u                   /* ... after so many looks without in a row it is over */
#define HUM_SHARE 0.15f                 /* a tone that was there before is no run, but the hum of something */
#define HUM_LOOKS 4u
#define HUM_APART_S 0.012

void tones_init(Tones *t, double step_rate_hz) {
        unsigned n = (unsigned) lround(TONE_WINDOW_S * step_rate_hz);

        *t = (Tones) { .step_rate_hz = step_rate_hz };
        if (step_rate_hz < 2.5 * (LOW_HZ + TONES * APART_HZ) || n > TONE_STEPS_MAX)
                return;
        t->n = n;
        for (unsigned i = 0; i < n; i++) {
                t->window[i] = 0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / n);
                t->window_sum += t->window[i];
                t->window_square += t->window[i] * t->window[i];
        }
        for (unsigned k = 0; k < TONES; k++) {
                double hz = LOW_HZ + k * APART_HZ;

                t->turn_re[k] = cos(2 * M_PI * hz / step_rate_hz);
                t->turn_im[k] = sin(2 * M_PI * hz / step_rate_hz);
        }
}

/* Of four tones: the square of each one's sum. */
static ALWAYS_INLINE void four_tones(const Tones *t, const double *y, unsigned first, double *ret) {
        QuadDouble turn_re = *(const QuadDouble*) (t->turn_re + first), turn_im = *(const QuadDouble*) (t->turn_im + first);
        QuadDouble re = { 0 }, im = { 0 }, at_re = { 1, 1, 1, 1 }, at_im = { 0 };

        for (unsigned i = 0; i < t->n; i++) {
                QuadDouble before = at_re;
                re += y[i] * at_re;
                im += y[i] * at_im;
                at_re = at_re * turn_re - at_im * turn_im;
                at_im = before * turn_im + at_im * turn_re;
        }
        *(QuadDouble*) ret = re * re + im * im;
}

static ALWAYS_INLINE void sums_any(const Tones *t, const double *y, double *ret) {
        for (unsigned k = 0; k < TONES; k += 4)
                four_tones(t, y, k, ret + k);
}

STATIC_VECTOR_FUNCTION(void, sums, (const Tones *t, const double *y, double *ret), (t, y, ret))

/* Energy of each tone as a share of all, in the window before a step; false: it cannot be told. */
static bool shares(const Tones *t, const History *h, double end, double ret[static TONES]) {
        int64_t from = (int64_t) end - (h->end - (int64_t) h->fill) - t->n;
        double total = 0, windowed[TONE_STEPS_MAX];

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
        for (unsigned k = 0; k < TONES; k++)
                ret[k] *= 2 * t->window_square / (t->window_sum * t->window_sum) / total;
        return true;
}

/* What sounds before something begins. */
void tone_begin(Tone *t, const Tones *tones, const History *h, double onset) {
        double s[TONES] = { 0 }, sums_before[TONES] = { 0 };

        for (unsigned i = 0; i < HUM_LOOKS && shares(tones, h, onset - i * HUM_APART_S * tones->step_rate_hz, s); i++)
                for (unsigned k = 0; k < TONES; k++)
                        sums_before[k] += s[k];
        *t = (Tone) { .n_looks = 0 };
        for (unsigned k = 0; k < TONES; k++)
                t->hums[k] = sums_before[k] > (double) HUM_SHARE * HUM_LOOKS;
}

/* One look more; is there a tone by now, and at this look? */
bool tone_look(Tone *t, const Tones *tones, const History *h, double end) {
        double s[TONES] = { 0 };
        unsigned best = TONES;

        if (!shares(tones, h, end, s))
                return false;
        t->n_looks++;
        for (unsigned k = 0; k < TONES; k++) {
                t->shares[k] += (float) s[k];
                if (!t->hums[k] && (best == TONES || t->shares[k] > t->shares[best]))
                        best = k;
        }
        if (t->n_looks < LOOKS_MIN || best == TONES || (t->heard > 0 && t->n_looks - t->heard > OVER_LOOKS) ||
            t->shares[best] < MEAN_SHARE * (float) t->n_looks + MEAN_SHARE_FIRST ||
            s[best] * t->n_looks < (double) (GOES_ON * t->shares[best]))
                return false;
        t->heard = t->n_looks;
        t->share = t->shares[best] / (float) t->n_looks;
        return true;
}
