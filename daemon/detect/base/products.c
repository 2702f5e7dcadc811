/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "products.h"
#include "simd.h"

static ALWAYS_INLINE void products_along_any(const float *x, int n, const float *b, int length, float *ret) {
        for (int i = 0; i < n; i += 8) {
                f32x8 sum = { 0 };

                for (int k = 0; k < length; k++)
                        sum += *(const f32x8*) (x + i + k) * b[k];
                *(f32x8*) (ret + i) = sum;
        }
}

VECTOR_FUNCTION(void, products_along, (const float *x, int n, const float *b, int length, float *ret),
                (x, n, b, length, ret))

static ALWAYS_INLINE void products_of_lanes_any(const float *x, unsigned length, const float *lanes,
                                                unsigned n_lanes, float *ret) {
        for (unsigned l = 0; l < n_lanes; l += LANES_AT_A_TIME) {
                const float *at = lanes + l;
                f32x8 sum[LANES_AT_A_TIME / 8] = { { 0 } };

                for (unsigned i = 0; i < length; i++, at += n_lanes) {
                        sum[0] += *(const f32x8*) at * x[i];
                        sum[1] += *(const f32x8*) (at + 8) * x[i];
                        sum[2] += *(const f32x8*) (at + 16) * x[i];
                }
                for (unsigned k = 0; k < LANES_AT_A_TIME / 8; k++)
                        *(f32x8*) (ret + l + 8 * k) = sum[k];
        }
}

VECTOR_FUNCTION(void, products_of_lanes,
                (const float *x, unsigned length, const float *lanes, unsigned n_lanes, float *ret),
                (x, length, lanes, n_lanes, ret))
