/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values between samples: the cubic through four of them (Lagrange), and the vertex of the parabola through
 * three. A place is in samples; 0 is the second of the four.
 */
#pragma once

#include <math.h>

/* Weights of the four at a place from 0 to 1. */
static inline void cubic_weights(double at, float ret[static 4]) {
        ret[0] = (float) (-at * (at - 1) * (at - 2) / 6);
        ret[1] = (float) ((at + 1) * (at - 1) * (at - 2) / 2);
        ret[2] = (float) (-(at + 1) * at * (at - 2) / 2);
        ret[3] = (float) ((at + 1) * at * (at - 1) / 6);
}

/* The same in single precision, for where it is asked for at each step. */
static inline void cubic_weights_single(float at, float ret[static 4]) {
        ret[0] = -at * (at - 1) * (at - 2) / 6;
        ret[1] = (at + 1) * (at - 1) * (at - 2) / 2;
        ret[2] = -at * (at + 1) * (at - 2) / 2;
        ret[3] = at * (at + 1) * (at - 1) / 6;
}

/* Of the four x[-1] .. x[2]. */
static inline float cubic_value(const float weights[static 4], const float *x) {
        return weights[0] * x[-1] + weights[1] * x[0] + weights[2] * x[1] + weights[3] * x[2];
}

/*
 * Place of the vertex from the middle of three neighbours, -0.5 .. 0.5, and its height; 0 where they lie on
 * a line.
 */
static inline double parabola_vertex(double left, double middle, double right, double *ret_height) {
        double curve = left - 2 * middle + right, slope = (right - left) / 2;
        double x = curve != 0 ? fmax(-0.5, fmin(0.5, -slope / curve)) : 0;

        *ret_height = middle + slope * x / 2;
        return x;
}
