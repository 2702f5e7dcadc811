/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The latest in-band signal of a channel: pushed behind, read anywhere. When it is full its end moves to the
 * front.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "interpolate.h"

int history_init(History *h, unsigned keep) {
        *h = (History) { .keep = keep, .size = 2 * keep };
        h->y = calloc(h->size, sizeof *h->y);
        h->fill = keep;
        return h->y ? 0 : -ENOMEM;
}

void history_done(History *h) {
        free(h->y);
}

void history_restart(History *h, int64_t step) {
        memset(h->y, 0, h->keep * sizeof *h->y);
        h->fill = h->keep;
        h->end = step;
}

void history_make_room(History *h) {
        memmove(h->y, h->y + h->size - h->keep, h->keep * sizeof *h->y);
        h->fill = h->keep;
}

/* The largest magnitude of these steps, and where. */
float history_largest(const History *h, double from, double to, double *ret_step) {
        int64_t base = h->end - (int64_t) h->fill;
        float most = 0;

        for (int64_t i = (int64_t) from < base ? base : (int64_t) from; i <= (int64_t) to && i < h->end; i++)
                if (fabsf(h->y[i - base]) > most) {
                        most = fabsf(h->y[i - base]);
                        *ret_step = (double) i;
                }
        return most;
}

/* |y| of the steps from .. to, as far as they are still there: how many. */
unsigned history_magnitudes(const History *h, double from, double to, float *ret, unsigned max) {
        int64_t base = h->end - (int64_t) h->fill;
        unsigned n = 0;

        for (int64_t i = (int64_t) from; i <= (int64_t) to && n < max; i++)
                if (i >= base && i < h->end)
                        ret[n++] = fabsf(h->y[i - base]);
        return n;
}

float history_peak_to_peak(const History *h, unsigned latest) {
        float low = 0, high = 0;

        for (size_t i = h->fill - (latest < h->keep ? latest : h->keep); i < h->fill; i++) {
                low = fminf(low, h->y[i]);
                high = fmaxf(high, h->y[i]);
        }
        return high - low;
}

/* The in-band signal between its steps: cubic through four of them. */
float history_at(const History *h, double step) {
        double at = step - (double) (h->end - (int64_t) h->fill), whole = floor(at);

        if (whole < 1 || whole + 2 >= (double) h->fill)
                return 0;
        const float *y = h->y + (size_t) whole;
        float weights[4];

        cubic_weights_single((float) (at - whole), weights);
        return cubic_value(weights, y);
}

/* n of them, so far apart. */
void history_sample(const History *h, double first_step, double steps_per_point, float *ret, int n) {
        for (int i = 0; i < n; i++)
                ret[i] = history_at(h, first_step + i * steps_per_point);
}
