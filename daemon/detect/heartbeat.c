/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this the heart? One shape that comes back at an even pace of 40 to 180 a minute. Twitches
 * come at random: that four gaps in a row agree with the first to 15 % happens to
 * one in some 10000 of them. The first beats are taken for twitches.
 */
#include <math.h>
#include <string.h>

#include "detect-private.h"

#define PERIOD_MIN_S 0.33
#define PERIOD_MAX_S 1.5
#define UNEVENNESS 0.15
#define ALIKE 0.8f
#define BEATS_MIN 6u
#define SHAPE_MEMORY 0.25f

static void start(Heartbeat *h, const float *shape, double peak_s) {
        *h = (Heartbeat) { .beats = 1, .last_s = peak_s };
        memcpy(h->shape, shape, sizeof h->shape);
}

static bool even(const Heartbeat *h, double period_s) {
        return period_s >= PERIOD_MIN_S && period_s <= PERIOD_MAX_S &&
                (h->beats < 2 || fabs(period_s - h->period_s) <= UNEVENNESS * h->period_s);
}

bool heartbeat_next(Heartbeat *h, const float *shape, double peak_s) {
        double period_s = peak_s - h->last_s;

        if (h->beats == 0 || period_s > 2 * PERIOD_MAX_S) {
                start(h, shape, peak_s);
                return false;
        }
        if (discharge_similarity(h->shape, shape) < ALIKE)
                return false;           /* a twitch between two beats */
        if (h->beats >= 2 && even(h, period_s / 2)) {   /* one beat was not seen */
                h->last_s = peak_s;
                return h->beats >= BEATS_MIN;
        }
        if (!even(h, period_s)) {
                start(h, shape, peak_s);
                return false;
        }

        h->beats++;
        h->period_s = h->beats == 2 ? period_s : h->period_s + (period_s - h->period_s) / 4;
        h->last_s = peak_s;
        for (unsigned i = 0; i < SHAPE_POINTS; i++)
                h->shape[i] += SHAPE_MEMORY * (shape[i] - h->shape[i]);
        return h->beats >= BEATS_MIN;
}
