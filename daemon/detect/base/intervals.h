/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* intervals.c: mean and variation of intervals. */
#pragma once

typedef struct IntervalStats {          /* of intervals, steps */
        unsigned n;
        double sum, squares;
} IntervalStats;

void intervals_add(IntervalStats *r, double interval);
void intervals_split(IntervalStats *r, double before, double behind);
void intervals_join(IntervalStats *r, const IntervalStats *other);
double intervals_mean(const IntervalStats *r);
/* coefficient of variation; INFINITY if there are fewer than two */
double intervals_cv(const IntervalStats *r);
