/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rhythm.c: mean and variation of intervals. */
#pragma once

typedef struct Rhythm {                 /* of intervals, steps */
        unsigned n;
        double sum, squares;
} Rhythm;

void rhythm_add(Rhythm *r, double interval);
void rhythm_split(Rhythm *r, double before, double behind);
void rhythm_join(Rhythm *r, const Rhythm *other);
double rhythm_mean(const Rhythm *r);
double rhythm_cv(const Rhythm *r);      /* coefficient of variation; INFINITY if there are fewer than two */
