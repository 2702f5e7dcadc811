/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Products of vectors, eight side by side. Each adds up its terms one after the other, as vector_product()
 * does: the same bits on all machines.
 */
#pragma once

/* Three vectors: an addition need not wait for the one before. */
#define LANES_AT_A_TIME (3 * 8)
#define IN_LANES(n) (((n) + LANES_AT_A_TIME - 1) / LANES_AT_A_TIME * LANES_AT_A_TIME)

/*
 * Of b[length] with x from each of n places on: ret[i] = x[i] b[0] + x[i + 1] b[1] ... Whole vectors: up to
 * 7 places more are read and written.
 */
void products_along(const float *x, int n, const float *b, int length, float *ret);

/*
 * Of x[length] with each lane of lanes[length][n_lanes], n_lanes a multiple of LANES_AT_A_TIME:
 * ret[l] = x[0] lanes[0][l] + x[1] lanes[1][l] ...
 */
void products_of_lanes(const float *x, unsigned length, const float *lanes, unsigned n_lanes, float *ret);
