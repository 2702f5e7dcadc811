/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linear equations of a few unknowns. */
#pragma once

#include "simd.h"

/* Columns of a matrix of n, as wide as vectors of four. */
#define MATRIX_COLUMNS(n) (((n) + 3) / 4 * 4)

/*
 * Of a symmetric positive definite matrix, in place (Gauss and Jordan: Golub & Van Loan 3.2 and 4.2.1; it
 * needs no pivots). Rows are MATRIX_COLUMNS(n) long, what is beyond n is 0. Inlined, so that n is a
 * constant.
 */
static ALWAYS_INLINE void matrix_invert(double *a, int n) {
        int columns = MATRIX_COLUMNS(n);

        for (int k = 0; k < n; k++) {
                double *row = a + k * columns, pivot = 1 / row[k];

                row[k] = 1;
                for (int j = 0; j < columns; j += 4)
                        *(f64x4*) (row + j) *= pivot;
                for (int i = 0; i < n; i++) {
                        double *other = a + i * columns, factor = other[k];

                        if (i == k)
                                continue;
                        other[k] = 0;
                        for (int j = 0; j < columns; j += 4)
                                *(f64x4*) (other + j) -= factor * *(const f64x4*) (row + j);
                }
        }
}
