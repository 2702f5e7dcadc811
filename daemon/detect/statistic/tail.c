/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far does noise reach further than a Gaussian?
 *
 * The statistic's maxima that are not quite as high as the threshold tell: in Gaussian noise there is one in
 * 5 s or so. In noise whose level fluctuates, the logarithm with variance v, a level z is exceeded
 * exp(-x(1 + x) / 2v) / sqrt(1 + 2x) as often as 0, where v = x exp(2x) / z^2: the largest of what the
 * normal distribution of the logarithm and the Gaussian weigh together (Laplace's method). Heavy tails do
 * the same to a filter's output as one v, to third order (Cornish & Fisher 1938: v = kurtosis / 12).
 *
 * Small potentials, too, make such maxima, and a threshold that follows them loses larger ones. They are
 * told from noise of heavy tails by the company that values far out of the whitened signal keep. In noise
 * each is by itself: those beside it are out, 2 standard deviations, as seldom as all are. In Laplace's
 * noise that ratio is 1.0 (1.4 where a low-pass is near, at 2 kHz); in recordings of muscles at rest, of
 * faces, arms, hands and heads, 2.6 to 10 was measured.
 */
#include <math.h>

#include "tail.h"

#define MEMORY_PIECES 6000.0            /* 5 minutes: longer follows later, shorter by chance; chosen */
#define PRIOR 2.0       /* maxima, as many as are foreseen: more believe that for longer; chosen */
#define FAR 3.5f        /* standard deviations: less sees more of a Gaussian, more sees less often; chosen */
#define OUT 2.0f        /* the same of those beside it; chosen */
#define FAR_SHARE 0.000465              /* of a Gaussian's values, both sides, by definition */
#define FAR_RATIO 1.5   /* to that; less is no tail. Measured: steady noise 1 to 1.4, Laplace 4 to 22 */
#define BESIDE 4u       /* values, by definition: see tail_add() */
/* Out beside a far one, to all that are: noise to the first, potentials from the second; see above */
#define APART_RATIO 1.6
#define TOGETHER_RATIO 2.4
/* noise.c takes the logarithm of sigma for more by so much times v, by Huber's clipping at 2 sigma */
#define SIGMA_RISE 0.415
#define NOTHING 1e-6                    /* of the threshold; by definition */
#define X_MAX 2.0       /* more than any noise: the level varies by a factor of 4, by definition */
#define X_COUNTED_MAX 0.6 /* beyond, sigma has risen and no more is exceeded: see log_excess() */

void tail_restart(Tail *t) {
        *t = (Tail) { .n = 0 };
}

void tail_add(Tail *t, const float *white, unsigned n, float sigma, bool raised) {
        unsigned far = 0, large = 0, beside = 0;

        for (unsigned i = 2; i + 2 < n; i++) {
                large += fabsf(white[i]) > OUT * sigma;
                if (fabsf(white[i]) <= FAR * sigma)
                        continue;
                far++;
                for (int k = -2; k <= 2; k++)
                        beside += k != 0 && fabsf(white[(int) i + k]) > OUT * sigma;
        }
        t->n = fmin(t->n + 1, MEMORY_PIECES);
        t->raised += (raised - t->raised) / t->n;
        t->outliers += (far - t->outliers) / t->n;
        t->large += (large - t->large) / t->n;
        t->beside += (beside - t->beside) / t->n;
        t->values += (n > 4 ? n - 4 - t->values : 0) / t->n;
}

static double log_excess(double x, double level) {
        double far = level * level / 2 * (1 - (1 + x) * exp(-2 * x));

        return far - log(1 + 2 * x) / 2 - SIGMA_RISE * x * exp(2 * x);
}

double tail_excess(double variance, double level) {
        double low = 0, high = X_COUNTED_MAX;

        for (int i = 0; i < 30; i++) {
                double x = (low + high) / 2;
                if (x * exp(2 * x) < variance * level * level)
                        low = x;
                else
                        high = x;
        }
        return exp(log_excess(low, level));
}

double tail_variance(double excess, double level) {
        double low = 0, high = X_COUNTED_MAX;

        for (int i = 0; i < 30; i++) {
                double x = (low + high) / 2;
                if (exp(log_excess(x, level)) < excess)
                        low = x;
                else
                        high = x;
        }
        return low * exp(2 * low) / (level * level);
}

double tail_raise(double variance, double level) {
        double low = 0, high = X_MAX;

        if (level * level * variance < NOTHING)
                return 1;
        for (int i = 0; i < 30; i++) {
                double x = (low + high) / 2;
                if ((x * x + x) / variance + log(1 + 2 * x) < level * level)
                        low = x;
                else
                        high = x;
        }
        return exp(low - SIGMA_RISE * variance) * sqrt(low / variance) / level;
}

/* Maxima that are no chance, and those foreseen, to those there are in a Gaussian. */
static double sure_excess(const Tail *t, double expected, double foreseen) {
        double seen = t->raised * t->n;

        return (fmax(seen - sqrt(seen), 0) + PRIOR * foreseen) / (expected * t->n + PRIOR);
}

double tail_measured(const Tail *t, double expected, double level, double foreseen) {
        return tail_variance(sure_excess(t, expected, tail_excess(foreseen, level)), level);
}

static double between(double x, double from, double to) {
        return fmin(fmax((x - from) / (to - from), 0), 1);
}

double tail_of_noise(const Tail *t, double expected, double level) {
        double far = t->outliers / (FAR_SHARE * t->values);

        if (!(t->outliers > 0) || !(t->large > 0))
                return 0;
        double together = t->beside / (BESIDE * t->outliers) / (t->large / t->values);
        return tail_variance(sure_excess(t, expected, 1), level) *
                between(far, FAR_RATIO, FAR_RATIO + 1) * between(together, TOGETHER_RATIO, APART_RATIO);
}
