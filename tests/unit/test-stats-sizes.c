/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes in steps of 1 dB, above a common floor. */
#include <math.h>

#include "stats/sizes.h"
#include "suite.h"

START_TEST(steps) {
        ck_assert_uint_eq(sizes_step(100), 40);
        ck_assert_uint_eq(sizes_step(99.99), 39);
        ck_assert_uint_eq(sizes_step(1), 0);
        ck_assert_uint_eq(sizes_step(0.01), 0);
        ck_assert_uint_eq(sizes_step(0), 0);
        ck_assert_uint_eq(sizes_step(-1), 0);
        ck_assert_uint_eq(sizes_step(1e9), SIZES_STEPS - 1);
        ck_assert_uint_eq(sizes_step(NAN), 0);
        for (unsigned k = 0; k < SIZES_STEPS; k++) {
                ck_assert_uint_eq(sizes_step(sizes_step_uv(k)), k);
                ck_assert_uint_eq(sizes_step_above(sizes_step_uv(k)), k);
        }
}
END_TEST

/* Nothing below the floor is ever counted, and hardly more than a step is left out */
START_TEST(above_a_floor) {
        for (double floor_uv = 2; floor_uv < 500; floor_uv *= 1.07) {
                double from = sizes_step_uv(sizes_step_above(floor_uv));

                ck_assert_double_ge(from, floor_uv * (1 - 1e-6));
                ck_assert_double_lt(from, floor_uv * pow(10, 0.05));
        }
}
END_TEST

START_TEST(counting) {
        uint32_t counts[SIZES_STEPS] = { [0] = 1, [20] = 2, [21] = 4, [SIZES_STEPS - 1] = UINT32_MAX };

        ck_assert_uint_eq(sizes_from(counts, 0), UINT64_C(7) + UINT32_MAX);
        ck_assert_uint_eq(sizes_from(counts, 21), UINT64_C(4) + UINT32_MAX);
        ck_assert_uint_eq(sizes_from(counts, SIZES_STEPS), 0);
}
END_TEST

SUITE("stats-sizes", steps, above_a_floor, counting)
