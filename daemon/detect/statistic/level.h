/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* level.c: noise whose level fluctuates within tenths of a second. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"
#include "tail.h"

/* Around a piece: so many before it, and so many behind. */
#define LEVEL_BEFORE 4u
#define LEVEL_BEHIND 2u
#define LEVEL_PIECES (LEVEL_BEFORE + 1u + LEVEL_BEHIND)
#define LEVEL_ORDER 2

typedef struct Level {                  /* members are private to level.c, but for piece_steps */
        unsigned piece_steps;
        unsigned stride, n_values;      /* of a piece: one in so many steps; values */
        double maximum, maximum_share;  /* see level_init() */
        float sigma_uv;                 /* of the noise, by the latest piece */
        float color[LEVEL_ORDER + 1];   /* products of values so many apart */
        float predictor[LEVEL_ORDER];   /* of a value from those before it */
        float unforeseen;               /* standard deviation of what it leaves, to that of the noise */
        float pieces[LEVEL_PIECES];     /* log of the level, the oldest first; NAN: not of noise alone */
        double n_color, n;              /* pieces behind the colour and the moments */
        double mean, mean_around;       /* of the piece in the middle; of what surrounds it */
        double squares, squares_around, products;
        double products_next, products_second;  /* of the one in the middle and those 1 and 2 from it */
        Tail tail;
} Level;

/* In Gaussian noise the statistic has a maximum of that and more in such a share of pieces. */
void level_init(Level *l, double step_rate_hz, unsigned stride, double maximum, double maximum_every_s);
void level_restart(Level *l);
static inline unsigned level_window_steps(const Level *l) {
        return l->piece_steps + LEVEL_ORDER * l->stride;
}
/* A piece has gone by that is nothing but noise; raised: with such a maximum. */
void level_add(Level *l, const float *window /* [level_window_steps()] */, float sigma_uv, bool raised);
void level_skip(Level *l);              /* it is not */
/*
 * By how much the threshold, in standard deviations, has to be higher for something that fills these steps;
 * at least 1, and 1 in steady noise.
 */
float level_raise(const Level *l, const History *h, double from, double to, float threshold);
float level_raise_typical(const Level *l, float threshold);
