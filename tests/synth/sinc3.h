/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The filter of a sigma-delta converter: three moving averages as long as the time from one output to the next, one
 * after the other, and every so manieth value. What lies above half the output rate folds down as in life.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SINC3_FACTOR_MAX 64u

typedef struct Sinc3 {
        unsigned factor;                /* input frames for each output */
        unsigned fill;                  /* of them so far */
        double rings[3][SINC3_FACTOR_MAX];
        unsigned next;
} Sinc3;

void sinc3_init(Sinc3 *s, unsigned factor);

/* Feeds a value: 1 if *ret is the next output, else 0. The output lags by sinc3_delay() input frames. */
int sinc3_next(Sinc3 *s, double x, double *ret);
double sinc3_delay(const Sinc3 *s);

/* As if so many values had been fed: moves the outputs to other input frames. */
void sinc3_shift(Sinc3 *s, unsigned n);

/* A factor for which it is as good as the chip's, whose input comes at 1 MHz. */
unsigned sinc3_factor(double rate_hz);
