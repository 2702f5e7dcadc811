/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mean and spread of intervals, however many. */
#include <math.h>

#include "intervals.h"

void intervals_add(IntervalStats *r, double interval) {
        r->n++;
        r->sum += interval;
        r->squares += interval * interval;
}

/* One of the intervals is two. */
void intervals_split(IntervalStats *r, double before, double behind) {
        double whole = before + behind;

        r->n++;
        r->squares = fmax(0, r->squares - whole * whole) + before * before + behind * behind;
}

void intervals_join(IntervalStats *r, const IntervalStats *other) {
        r->n += other->n;
        r->sum += other->sum;
        r->squares += other->squares;
}

double intervals_mean(const IntervalStats *r) {
        return r->n > 0 ? r->sum / r->n : 0;
}

double intervals_cv(const IntervalStats *r) {
        if (r->n < 2 || r->sum <= 0)
                return INFINITY;
        double mean = r->sum / r->n;
        return sqrt(fmax(0, (r->squares - r->sum * mean) / (r->n - 1))) / mean;
}
