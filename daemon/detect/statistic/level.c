/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Noise whose level fluctuates within tenths of a second exceeds the threshold more often than steady noise
 * does, 100 times at 20 %. Most of that is foreseen, as what surrounds a crossing is as loud.
 *
 * The logarithm of the level, in pieces of 50 ms: what surrounds a piece, the nearer the more, foretells it
 * by linear regression, whose slope and residual are learned from each channel. In steady noise pieces know
 * nothing of each other and the slope is 0. Chance makes pieces differ, too, but not those beside them with
 * them: so the variance of the level itself is the covariance of neighbours, and what regression leaves of
 * it is the uncertainty (Kay 1993, 12.3, the linear Bayesian estimator). The signal is whitened before that:
 * slow noise has pieces that resemble each other. All that can be foreseen is what the statistic feels,
 * whose maxima tell how much of it that is, see tail.c; where its tail is heavier still, and the tail is the
 * noise's, that is uncertainty as well.
 *
 * The threshold is then higher by what is foreseen and by what the uncertainty asks for.
 */
#include <math.h>
#include <string.h>

#include "daemon/detect/base/simd.h"
#include "level.h"
#include "tail.h"

/* Of the log-level: shorter follows quicker changes, longer differs less by chance (7 % at 1 kHz); chosen */
#define PIECE_S 0.05
#define VALUES_MAX 128u /* of a piece: there are 45 to 90 at 900 steps a second and more; by definition */
#define CLIP_SIGMA 3.0f /* of a value: more lets a twitch count for more than its noise (Huber 1964) */
/*
 * Of what is clipped there to the level, in logarithms: 0.976 of a Gaussian, the rest as a piece is longer
 * than a twitch and fluctuates less; counted in noise that fluctuates by 20 %, seed 70001.
 */
#define RESPONSE 0.94f
#define MEMORY_PIECES 6000.0            /* 5 minutes: chance is then 1 % of the threshold; chosen */
#define COLOR_PIECES 600.0              /* 30 s, as long as noise.c knows it; chosen */
#define COLOR_PIECES_MIN 20.0           /* 1 s: before, the predictor is chance; chosen */
#define PIECES_MIN 200.0                /* 10 s: before, chance is larger than 20 %; chosen */
#define CHANCE 1.0      /* standard errors that are not believed; less costs more in steady noise; chosen */
#define STEEPEST 1.5    /* variance of the level to the covariance of neighbours, at most; chosen */
#define UNFORESEEN_MIN 0.01f            /* of the variance: nothing is better foreseen, see whiten.c */
/*
 * Where a step is long the largest of the statistic falls between two of them: so many of the maxima are
 * seen, counted in steady noise, seed 5, at 250 and 500 steps a second.
 */
#define SEEN_SLOW 0.5
#define SEEN_HALF 0.76

/* What is near tells more: about exp(-distance/0.15 s) */
static const float weights[LEVEL_PIECES] = { 0.35f, 0.5f, 0.7f, 1, 0, 1, 0.7f };

void level_init(Level *l, double step_rate_hz, unsigned stride, double maximum, double maximum_every_s) {
        double seen = step_rate_hz < 450 ? SEEN_SLOW : step_rate_hz < 900 ? SEEN_HALF : 1;

        *l = (Level) { .stride = stride };
        l->n_values = (unsigned) fmin(lround(PIECE_S * step_rate_hz / stride), VALUES_MAX);
        l->piece_steps = l->n_values * stride;
        l->maximum = maximum;
        l->maximum_share = seen * PIECE_S / maximum_every_s;
        level_restart(l);
}

void level_restart(Level *l) {
        *l = (Level) {
                .piece_steps = l->piece_steps,
                .stride = l->stride,
                .n_values = l->n_values,
                .maximum = l->maximum,
                .maximum_share = l->maximum_share,
                .unforeseen = 1,
        };
        for (unsigned i = 0; i < LEVEL_PIECES; i++)
                l->pieces[i] = NAN;
        tail_restart(&l->tail);
}

/* What the predictor leaves of the values of a window; stride as a constant: steps are far apart or not. */
static ALWAYS_INLINE void whiten_by(const Level *l, const float *window, unsigned stride, float *ret) {
        float first = l->predictor[0], second = l->predictor[1];
        unsigned i = 0;

        for (; stride == 1 && i + 8 <= l->n_values; i += 8, window += 8)
                *(f32x8*) (ret + i) = *(const f32x8*) (window + LEVEL_ORDER) -
                        first * *(const f32x8*) (window + 1) - second * *(const f32x8*) window;
        for (; i < l->n_values; i++, window += stride)
                ret[i] = window[LEVEL_ORDER * stride] - first * window[stride] - second * window[0];
}

static void whiten(const Level *l, const float *window, float *ret) {
        if (l->stride == 1)
                whiten_by(l, window, 1, ret);
        else
                whiten_by(l, window, l->stride, ret);
}

/* The logarithm, 0 where the level is that of sigma. */
static float log_level(const float *white, unsigned n, float sigma) {
        float clip = CLIP_SIGMA * CLIP_SIGMA * sigma * sigma, sum = 0;

        for (unsigned i = 0; i < n; i++) {
                float square = white[i] * white[i];
                sum += square < clip ? square : clip;
        }
        return sum > 0 ? logf(sum / (float) n / (sigma * sigma)) / (2 * RESPONSE) : NAN;
}

/* No fminf(), which looks for NaN: values are numbers. */
static ALWAYS_INLINE float clipped(float x, float clip) {
        x = x < clip ? x : clip;
        return x > -clip ? x : -clip;
}

/* The best predictor of a value from the two before it (Yule 1927, Walker 1931). */
static void learn_color(Level *l, const float *window, float sigma_uv) {
        float clip = CLIP_SIGMA * sigma_uv, sums[LEVEL_ORDER + 1] = { 0 };
        float second = clipped(window[0], clip), before = clipped(window[l->stride], clip);

        for (unsigned i = 0; i < l->n_values; i++) {
                float now = clipped(window[(i + LEVEL_ORDER) * l->stride], clip);

                sums[0] += now * now;
                sums[1] += now * before;
                sums[2] += now * second;
                second = before;
                before = now;
        }
        l->n_color = fmin(l->n_color + 1, COLOR_PIECES);
        for (unsigned i = 0; i <= LEVEL_ORDER; i++)
                l->color[i] += (sums[i] / (sigma_uv * sigma_uv) - l->color[i]) / (float) l->n_color;
        float r1 = l->color[1] / l->color[0], r2 = l->color[2] / l->color[0], rest = 1 - r1 * r1;
        if (l->n_color < COLOR_PIECES_MIN || !(l->color[0] > 0) || !(rest > 0))
                return;
        l->predictor[0] = r1 * (1 - r2) / rest;
        l->predictor[1] = (r2 - r1 * r1) / rest;
        rest *= 1 - l->predictor[1] * l->predictor[1];
        l->unforeseen = sqrtf(fmaxf(rest, UNFORESEEN_MIN));
}

/* Mean of those that are known; NAN if there are none. */
static float around(const float *pieces) {
        float sum = 0, weight = 0;

        for (unsigned i = 0; i < LEVEL_PIECES; i++)
                if (weights[i] > 0 && !isnan(pieces[i])) {
                        sum += weights[i] * pieces[i];
                        weight += weights[i];
                }
        return weight > 0 ? sum / weight : NAN;
}

static void approach(double *mean, double share, double x) {
        *mean += share * (x - *mean);
}

static void learn(Level *l) {
        const float *middle = l->pieces + LEVEL_BEFORE;
        double x = (double) middle[0], around_x = (double) around(l->pieces);

        for (unsigned i = 0; i < LEVEL_PIECES; i++)
                if (isnan(l->pieces[i]))
                        return;
        l->n = fmin(l->n + 1, MEMORY_PIECES);
        approach(&l->mean, 1 / l->n, x);
        approach(&l->mean_around, 1 / l->n, around_x);
        approach(&l->squares, 1 / l->n, x * x);
        approach(&l->squares_around, 1 / l->n, around_x * around_x);
        approach(&l->products, 1 / l->n, x * around_x);
        approach(&l->products_next, 1 / l->n, x * (double) (middle[-1] + middle[1]) / 2);
        approach(&l->products_second, 1 / l->n, x * (double) (middle[-2] + middle[2]) / 2);
}

static void next_piece(Level *l, float log_level) {
        memmove(l->pieces, l->pieces + 1, (LEVEL_PIECES - 1) * sizeof *l->pieces);
        l->pieces[LEVEL_PIECES - 1] = log_level;
        learn(l);
}

void level_skip(Level *l) {
        next_piece(l, NAN);
}

void level_add(Level *l, const float *window, float sigma_uv, bool raised) {
        float white[VALUES_MAX], sigma = sigma_uv * l->unforeseen;

        l->sigma_uv = sigma_uv;
        whiten(l, window, white);
        tail_add(&l->tail, white, l->n_values, sigma * expf((float) l->mean), raised);
        next_piece(l, log_level(white, l->n_values, sigma));
        learn_color(l, window, sigma_uv);
}

typedef struct Fit {
        double follows;                 /* so much of what surrounds a piece is in it, 0 to about 1 */
        double rest;                    /* variance of what is not, and counts */
} Fit;

static Fit fit(const Level *l) {
        double variance = l->squares - l->mean * l->mean,
               variance_around = l->squares_around - l->mean_around * l->mean_around,
               covariance = l->products - l->mean * l->mean_around,
               next = l->products_next - l->mean * l->mean, second = l->products_second - l->mean * l->mean;
        double chance = CHANCE / sqrt(l->n), whole = 0;
        Fit f = { .follows = 0 };

        if (l->n < PIECES_MIN || !(variance_around > 0))
                return f;
        next -= chance * variance / M_SQRT2;    /* of two neighbours each */
        if (next > 0) {
                whole = second > next / STEEPEST ? next * fmax(1, next / second) : STEEPEST * next;
                double felt = fmin(tail_measured(&l->tail, l->maximum_share, l->maximum, whole) / whole, 1);
                double sure = covariance - chance * sqrt(variance * variance_around);

                f.follows = fmax(sure, 0) / variance_around;
                f.rest = felt * fmax(0, whole - f.follows * covariance);
                f.follows *= sqrt(felt);
        }
        f.rest += fmax(0, tail_of_noise(&l->tail, l->maximum_share, l->maximum) - whole);
        return f;
}

static float piece_at(const Level *l, const History *h, double from) {
        int64_t last = (int64_t) lround(from) + l->piece_steps - 1;
        float white[VALUES_MAX];

        if (last >= h->end || last - level_window_steps(l) + 1 < h->end - h->fill)
                return NAN;
        whiten(l, history_window_at(h, last, level_window_steps(l)), white);
        return log_level(white, l->n_values, l->sigma_uv * l->unforeseen);
}

float level_raise(const Level *l, const History *h, double from, double to, float threshold) {
        float pieces[LEVEL_PIECES];
        double middle = (from + to) / 2, half = l->piece_steps / 2.0;
        Fit f = fit(l);

        from = fmin(from, middle - half);
        to = fmax(to, middle + half);

        if (f.follows <= 0 && f.rest <= 0)
                return 1;
        for (unsigned i = 0; i < LEVEL_BEFORE; i++)
                pieces[i] = piece_at(l, h, from - (double) ((LEVEL_BEFORE - i) * l->piece_steps));
        pieces[LEVEL_BEFORE] = NAN;
        for (unsigned i = 0; i < LEVEL_BEHIND; i++)
                pieces[LEVEL_BEFORE + 1 + i] = piece_at(l, h, to + (double) (i * l->piece_steps));
        double now = (double) around(pieces);
        double foreseen = isnan(now) ? 0 : f.follows * (now - l->mean_around);
        return (float) fmax(1, exp(foreseen) * tail_raise(f.rest, (double) threshold));
}

/* Of x and 0 the larger, x normally distributed: 0.4 standard deviations on the average. */
float level_raise_typical(const Level *l, float threshold) {
        double variance = fmax(0, l->squares_around - l->mean_around * l->mean_around);
        Fit f = fit(l);

        return (float) (tail_raise(f.rest, (double) threshold) *
                        (1 + f.follows * sqrt(variance / (2 * M_PI))));
}
