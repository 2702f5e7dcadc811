/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Do two channels see the same muscle? Only the signals tell: channels are muscles, not neighbours, and
 * where one was put beside another is not known here. What one muscle does reaches two pairs of electrodes
 * at a fixed lag (it travels at 3 to 6 m/s) and with a fixed ratio, so over some hundred milliseconds of a
 * muscle at work their cross-correlation has a peak; potentials of two muscles, and a twitch amid another
 * muscle's work, only agree by chance, by as much as they do at lags that no potential has.
 */
#include <math.h>

#include "crosstalk.h"
#include "daemon/detect/base/history.h"

#define LAG_S 0.010                     /* electrodes at most 40 mm apart at 4 m/s */
#define FAR_S 0.045                     /* ... so far apart two signals agree by chance */
#define PRODUCT_HZ 500.0                /* products a second: most of a muscle at work is below 250 Hz */
#define LIKE 0.18f /* neighbours on a muscle 0.17 to 0.4, chance in 2 s up to 0.16 ... */
/*
 * ... and more in less, as other lags show. Of the seeds 104 to 143 of test-motion.c a jerk amid work is
 * another muscle's work in 7; with 2.5 in 16, with 4 in 4, but then a spoken word is known too late as one
 * muscle's work.
 */
#define LIKE_OF_CHANCE 3.0f

static float correlation_at(const float *a, const float *b, unsigned n, unsigned stride) {
        float sum[4] = { 0 };
        unsigned i = 0;

        for (; i + 3 * stride < n; i += 4 * stride)
                for (unsigned k = 0; k < 4; k++)
                        sum[k] += a[i + k * stride] * b[i + k * stride];
        for (; i < n; i += stride)
                sum[0] += a[i] * b[i];
        return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Of two channels that are running, by what they showed over CROSSTALK_WINDOW_S. */
static bool see_the_same(const History *a, const History *b, double step_rate_hz) {
        unsigned near = (unsigned) lround(LAG_S * step_rate_hz);
        unsigned far = (unsigned) lround(FAR_S * step_rate_hz);
        unsigned window = (unsigned) lround(CROSSTALK_WINDOW_S * step_rate_hz), n = window - 2 * far;
        unsigned stride = (unsigned) fmax(1, floor(step_rate_hz / PRODUCT_HZ));
        unsigned ms = (unsigned) fmax(1, round(step_rate_hz / 1000));
        const float *x = history_window(a, window) + far, *y = history_window(b, window) + far;
        float energies = correlation_at(x, x, n, stride) * correlation_at(y, y, n, stride);
        float largest = 0, squares = 0;
        unsigned n_far = 0;

        if (!(energies > 0))
                return false;
        for (int lag = -(int) near; lag <= (int) near; lag += (int) ms)
                largest = fmaxf(largest, fabsf(correlation_at(x, y + lag, n, stride)));
        for (unsigned lag = near + 3 * ms; lag <= far; lag += 4 * ms) {
                float before = correlation_at(x, y - lag, n, stride);
                float behind = correlation_at(x, y + lag, n, stride);
                squares += before * before + behind * behind;
                n_far += 2;
        }
        return largest >= LIKE * sqrtf(energies) &&
                largest >= LIKE_OF_CHANCE * sqrtf(squares / (float) n_far);
}

/* Of two channels that are running. */
bool crosstalk_between(Crosstalk *c, const History *own, unsigned other, const History *others, int64_t step,
                       double step_rate_hz) {
        CrosstalkAnswer *oldest = c->answers;

        for (unsigned i = 0; i < CROSSTALK_REMEMBERED; i++) {
                CrosstalkAnswer *a = c->answers + i;

                if (a->known && a->other == other &&
                    (double) (step - a->at) < CROSSTALK_AGAIN_S * step_rate_hz)
                        return a->shared;
                if (!a->known || a->at < oldest->at)
                        oldest = a;
        }
        *oldest = (CrosstalkAnswer) {
                .known = true, .other = other, .at = step, .shared = see_the_same(own, others, step_rate_hz),
        };
        return oldest->shared;
}
