/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* size.c: the amplitude of a discharge, by the shapes that potentials have. */
#pragma once

#include <stdbool.h>
#include "history.h"
#include "units.h"
#include "whiten.h"

#define SIZE_SHAPES 48
#define SIZE_POINTS 33                  /* a millisecond apart */
#define SIZE_LAGS 21                    /* a quarter of a millisecond apart */
#define SIZE_RATE_HZ_MIN 900.0          /* below, much of a potential lies beyond the band */

typedef struct SizeShapes {             /* of 1 uV peak to peak in the band */
        float shapes[SIZE_SHAPES][SIZE_LAGS][SIZE_POINTS];
} SizeShapes;

typedef struct ChannelSize {
        bool fits;                      /* the noise as it is by now */
        float inverse[SIZE_POINTS][SIZE_POINTS];        /* of the covariance of noise of unit power */
        float energies[SIZE_SHAPES];    /* of the shapes in it */
} ChannelSize;

void size_shapes_init(SizeShapes *s);
void size_refit(ChannelSize *c, const SizeShapes *s, const Whiten *whiten, double step_rate_hz);
float size_uv(const ChannelSize *c, const SizeShapes *s, const Units *units, const History *h, double middle, float extremes_uv,
              float sigma_uv, double step_rate_hz);
