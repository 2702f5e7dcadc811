/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fits the matched filters of a channel to the colour of its noise.
 *
 * In noise of covariance R the filter that tells potential s from it best is R^-1 s (Kay 1998, Detection
 * Theory, 4.4), not s: what lies where the noise is loud counts less. In real noise of surface EMG, which
 * behind the high-pass falls by some 10 dB from 40 to 400 Hz, that gains 0.35 dB. R is measured on the quiet
 * half-seconds of the channel and, being a Toeplitz matrix, solved by Levinson's recursion (Golub & Van
 * Loan, Matrix Computations, algorithm 4.7.2). The data pass no further filter: a large potential cannot
 * ring in one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "whiten.h"
#include "daemon/detect/base/band.h"
#include "daemon/detect/base/simd.h"
#include "noise.h"
#include "template-bank.h"

#define STRIDE_HZ 500.0                 /* products for each lag in a second */
#define MEMORY_BLOCKS 60u               /* 30 s */
#define FIRST_BLOCKS 16u                /* before that the estimate is too rough to be of use */
#define EVERY_BLOCKS 16u
#define LOADING 0.05                    /* on the diagonal: what is 13 dB down is no better than that */
#define ERROR_MIN 0.01 /* of the prediction: R is no covariance, as the loading does not allow less */

/*
 * Lags are known less the longer they are, and weighted so (Parzen 1961). The spectrum is smoothed by that
 * over some 40 Hz: a hole that the mains leave, when they are subtracted, is hardly seen, and shall not be
 * filled.
 */
static double lag_weight(unsigned lag, unsigned n_lags) {
        double u = (double) lag / n_lags;

        return u < 0.5 ? 1 - 6 * u * u * (1 - u) : 2 * (1 - u) * (1 - u) * (1 - u);
}

int whiten_init(Whiten *w, const TemplateBank *bank, double step_rate_hz, unsigned eval_steps) {
        size_t size = (size_t) bank->n_lanes * bank->n_taps;

        *w = (Whiten) {
                .n_lags = bank->n_taps,
                .stride = (unsigned) fmax(1, floor(step_rate_hz / eval_steps / STRIDE_HZ)),
                .wanted = step_rate_hz >= DETECT_FULL_BAND_RATE_HZ_MIN,
                .taps = calloc(size, sizeof *w->taps),
        };
        w->block = calloc(w->n_lags, sizeof *w->block);
        w->covariance = calloc(w->n_lags, sizeof *w->covariance);
        if (!w->block || !w->covariance || !w->taps)
                return -ENOMEM;
        memcpy(w->taps, bank->taps, size * sizeof *w->taps);
        return 0;
}

void whiten_done(Whiten *w) {
        free(w->block);
        free(w->covariance);
        free(w->taps);
}

void whiten_break(Whiten *w) {
        memset(w->block, 0, w->n_lags * sizeof *w->block);
        w->wait = 0;
        w->invalid = false;
}

void whiten_restart(Whiten *w, const TemplateBank *bank) {
        whiten_break(w);
        w->n_blocks = 0;
        memset(w->covariance, 0, w->n_lags * sizeof *w->covariance);
        w->n_accepted = 0;
        memcpy(w->taps, bank->taps, (size_t) bank->n_lanes * bank->n_taps * sizeof *w->taps);
}

/*
 * For several values, so many steps apart: with those before each. 32 lags at a time, four vectors that stay
 * in registers.
 */
static ALWAYS_INLINE void add_products(Whiten *w, const float *y, const float *end, size_t apart) {
        float *sums = w->block, *sums_end = w->block + w->n_lags;
        size_t oldest = w->n_lags - 1;

        for (; sums_end - sums >= 32; sums += 32, oldest -= 32) {
                f32x8 a = *(const f32x8 *) sums, b = *(const f32x8 *) (sums + 8),
                      c = *(const f32x8 *) (sums + 16), d = *(const f32x8 *) (sums + 24);

                for (const float *p = y; p < end; p += apart) {
                        const float *x = p - oldest;

                        a += *(const f32x8*) x * *p;
                        b += *(const f32x8*) (x + 8) * *p;
                        c += *(const f32x8*) (x + 16) * *p;
                        d += *(const f32x8*) (x + 24) * *p;
                }
                *(f32x8*) sums = a;
                *(f32x8*) (sums + 8) = b;
                *(f32x8*) (sums + 16) = c;
                *(f32x8*) (sums + 24) = d;
        }
        for (; sums < sums_end; sums += 4, oldest -= 4)
                for (const float *p = y; p < end; p += apart)
                        *(f32x4*) sums += *(const f32x4*) (p - oldest) * *p;
}

static ALWAYS_INLINE void whiten_feed_any(Whiten *w, const float *y, unsigned eval_steps, unsigned n_evals,
                                          bool event) {
        const float *end = y + n_evals * eval_steps;

        w->invalid |= event;
        if (w->wanted)
                add_products(w, y + w->wait * eval_steps, end, w->stride * eval_steps);
        for (; w->wait < n_evals; w->wait += w->stride)
                ;
        w->wait -= n_evals;
}

/* Products of each evaluation's value with those before it, of as many evaluations as it is the turn of. */
VECTOR_FUNCTION(void, whiten_feed,
                (Whiten *w, const float *y, unsigned eval_steps, unsigned n_evals, bool event),
                (w, y, eval_steps, n_evals, event))

/* Where a lane has its tap, in the layout of TemplateBank.taps: eight lanes side by side. */
static size_t place(unsigned n_taps, unsigned lane, unsigned i) {
        return ((size_t) (lane / 8) * n_taps + i) * 8 + lane % 8;
}

/* T x = b for the first row r[0] = 1, r[1], ... of T and all lanes' b; x and y are scratch. */
typedef struct Solver {
        unsigned n, n_lanes;
        const double *r;
        double *y;                      /* [n] */
        double *x;                      /* [n_lanes x n], in the layout of TemplateBank.taps */
} Solver;

#define FOUR(doubles) (*(f64x4*) (doubles))
#define FOUR_OF(floats) __builtin_convertvector(*(const f32x4*) (floats), f64x4)

/* Of four lanes. */
static ALWAYS_INLINE void reversed_products(const double *r, const double *x, unsigned k, f64x4 *ret) {
        f64x4 sum = { 0 };

        for (unsigned i = 0; i < k; i++)
                sum += r[i + 1] * *(const f64x4*) (x + 8 * (k - 1 - i));
        *ret = sum;
}

static ALWAYS_INLINE void add_reversed(double *x, const f64x4 *factors, const double *y, unsigned k) {
        for (unsigned i = 0; i < k; i++)
                FOUR(x + 8 * i) += *factors * y[k - 1 - i];
}

static double reversed_product(const double *r, const double *x, unsigned k) {
        double sum = 0;
        for (unsigned i = 0; i < k; i++)
                sum += r[i + 1] * x[k - 1 - i];
        return sum;
}

/* The same onto itself. */
static void add_own_reverse(double *y, double factor, unsigned k) {
        for (unsigned i = 0; i < (k + 1) / 2; i++) {
                double a = y[i], b = y[k - 1 - i];
                y[i] = a + factor * b;
                y[k - 1 - i] = b + factor * a;
        }
}

static ALWAYS_INLINE bool solve_any(const Solver *s, const float *waveforms) {
        double error = 1, alpha = -s->r[1];

        s->y[0] = alpha;
        for (unsigned l = 0; l < s->n_lanes; l += 4)
                FOUR(s->x + place(s->n, l, 0)) = FOUR_OF(waveforms + place(s->n, l, 0));

        for (unsigned k = 1; k < s->n; k++) {
                error *= 1 - alpha * alpha;
                if (!(error > ERROR_MIN))
                        return false;
                for (unsigned l = 0; l < s->n_lanes; l += 4) {
                        double *x = s->x + place(s->n, l, 0);
                        f64x4 mu;

                        reversed_products(s->r, x, k, &mu);
                        mu = (FOUR_OF(waveforms + place(s->n, l, k)) - mu) / error;
                        add_reversed(x, &mu, s->y, k);
                        FOUR(x + 8 * k) = mu;
                }
                if (k + 1 < s->n) {
                        alpha = -(s->r[k + 1] + reversed_product(s->r, s->y, k)) / error;
                        add_own_reverse(s->y, alpha, k);
                        s->y[k] = alpha;
                }
        }
        return true;
}

/* False: R is not positive definite. */
STATIC_VECTOR_FUNCTION(bool, solve, (const Solver *s, const float *waveforms), (s, waveforms))

/* w'Tw of four lanes' filters in use: the variance of their outputs in this noise of variance 1. */
static ALWAYS_INLINE void output_variances_any(const float *taps, unsigned n_taps, const double *r,
                                               unsigned lane, double ret[static 4]) {
        const float *w = taps + place(n_taps, lane, 0);
        f64x4 sum = { 0 };

        for (unsigned i = 0; i < n_taps; i++) {
                f64x4 a = FOUR_OF(w + 8 * i), row = a * r[0];

                for (unsigned j = 0; j < i; j++)
                        row += 2 * FOUR_OF(w + 8 * j) * r[i - j];
                sum += a * row;
        }
        FOUR(ret) = sum;
}

STATIC_VECTOR_FUNCTION(void, output_variances,
                       (const float *taps, unsigned n_taps, const double *r, unsigned lane,
                        double ret[static 4]),
                       (taps, n_taps, r, lane, ret))

/* Adds a cosine of that angle from lag to lag to a covariance. */
static void add_cosine(double *r, unsigned n, double angle, double factor) {
        double twice = 2 * cos(angle), now = 1, before = twice / 2;

        for (unsigned i = 0; i < n; i++) {
                double next = twice * now - before;

                r[i] += factor * now;
                before = now;
                now = next;
        }
}

/* The power of a covariance of n_lags at four frequencies: so large are the angles from step to step. */
static ALWAYS_INLINE void powers_at_any(const double *r, unsigned n_lags, const double angles[static 4],
                                        double ret[static 4]) {
        f64x4 twice = { 2 * cos(angles[0]), 2 * cos(angles[1]), 2 * cos(angles[2]), 2 * cos(angles[3]) };
        f64x4 now = { 1, 1, 1, 1 }, before = twice / 2, sum = (f64x4) { 0 } - r[0];

        for (unsigned i = 0; i < n_lags; i++) {
                f64x4 next = twice * now - before;

                sum += 2 * r[i] * now;
                before = now;
                now = next;
        }
        *(f64x4*) ret = sum;
}

STATIC_VECTOR_FUNCTION(void, powers_at,
                       (const double *r, unsigned n_lags, const double angles[static 4],
                        double ret[static 4]),
                       (r, n_lags, angles, ret))

/*
 * Where there is hardly any power, as above the low-pass, an estimate may have some below zero, by chance.
 * To a filter such frequencies are worth anything. They become zero: at 2n of them around, as many as
 * covariances of n lags can tell apart. Behind n_lags all is zero to begin with.
 */
static void make_positive(double *r, unsigned n, unsigned n_lags) {
        for (unsigned g = 0, k; g <= n; g += k) {
                double angles[4], powers[4];

                for (k = 0; k < 4; k++)
                        angles[k] = M_PI * (g + k) / n;
                powers_at(r, n_lags, angles, powers);
                for (k = 0; k < 4 && g + k <= n && !(powers[k] < 0); k++)
                        ;
                if (k == 4 || g + k > n)
                        continue;
                add_cosine(r, n, angles[k], -powers[k] / (g + k == 0 || g + k == n ? 2 * n : n));
                n_lags = n;
                k++;
        }
}

/* The first row of the covariance of noise of unit power, as it is used. */
void whiten_row(const Whiten *w, unsigned n, double *ret) {
        ret[0] = 1;
        for (unsigned i = 1; i < n; i++)
                ret[i] = i < w->n_lags ? w->covariance[i] * lag_weight(i, w->n_lags) : 0;
        make_positive(ret, n, n < w->n_lags ? n : w->n_lags);
        for (unsigned i = 1; i < n; i++)
                ret[i] /= ret[0] * (1 + LOADING);
        ret[0] = 1;
}

/*
 * Filters of a channel for other waveforms, in the layout of TemplateBank.taps, n_lanes a multiple of 8; in
 * noise of unit power their outputs have variance 1. Like those of the bank after a refit: scratch is the
 * same.
 */
bool whiten_waveforms(const Whiten *w, const float *waveforms, unsigned n_lanes, unsigned n_taps,
                      double *scratch, float *ret) {
        double *r = scratch;
        Solver s = { .n = n_taps,
                     .n_lanes = n_lanes,
                     .r = r,
                     .y = scratch + n_taps,
                     .x = scratch + 2 * (size_t) n_taps };

        whiten_row(w, n_taps, r);
        if (!solve(&s, waveforms))
                return false;
        for (unsigned l = 0; l < n_lanes; l++) {
                double power = 0;

                for (unsigned i = 0; i < n_taps; i++)
                        power += s.x[place(n_taps, l, i)] * (double) waveforms[place(n_taps, l, i)];
                for (unsigned i = 0; i < n_taps; i++)
                        ret[place(n_taps, l, i)] = power > 0 ?
                                (float) (s.x[place(n_taps, l, i)] / sqrt(power)) :
                                0;
        }
        return true;
}

static bool refit(Whiten *w, const TemplateBank *bank, double *scratch, Noise *noise) {
        unsigned n = bank->n_taps;
        double *r = scratch;
        Solver s = {
                .n = n, .n_lanes = bank->n_lanes, .r = r, .y = scratch + n, .x = scratch + 2 * (size_t) n
        };

        whiten_row(w, n, r);
        if (!solve(&s, bank->taps))
                return false;

        double before[4] = { 0 };
        for (unsigned l = 0; l < bank->n_lanes; l++) {
                double after = 0;

                if (l % 4 == 0)
                        output_variances(w->taps, n, r, l, before);
                for (unsigned i = 0; i < n; i++)        /* x'Tx = x's */
                        after += s.x[place(n, l, i)] * (double) bank->taps[place(n, l, i)];
                if (!(before[l % 4] > 0 && after > 0))
                        continue;
                for (unsigned i = 0; i < n; i++)
                        w->taps[place(n, l, i)] = (float) (s.x[place(n, l, i)] / sqrt(after));
                noise_rescale(noise, l, (float) (1 / sqrt(before[l % 4])));
        }
        noise_update(noise);
        return true;
}

/* At the end of a block of the noise estimate; quiet: there was nothing in it. True: the filters are new. */
bool whiten_block_end(Whiten *w, bool quiet, const TemplateBank *bank, double *scratch, Noise *noise) {
        double power = (double) w->block[w->n_lags - 1];
        bool fitted = false;

        if (w->wanted && quiet && !w->invalid && power > 0) {
                double share = 1.0 / (w->n_blocks < MEMORY_BLOCKS ? ++w->n_blocks : MEMORY_BLOCKS);

                w->n_accepted++;
                for (unsigned lag = 0; lag < w->n_lags; lag++)
                        w->covariance[lag] += share *
                                ((double) w->block[w->n_lags - 1 - lag] / power - w->covariance[lag]);
                if (w->n_blocks >= FIRST_BLOCKS && w->n_accepted % EVERY_BLOCKS == 0)
                        fitted = refit(w, bank, scratch, noise);
        }
        whiten_break(w);
        return fitted;
}
