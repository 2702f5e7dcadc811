/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>

#include "lately.h"
#include "suite.h"

#define CHANNELS 3u

static void freep_lately(Lately **l) {
        lately_free(*l);
}

/* Sample c of frame i is 10 i + c. */
static void push(Lately *l, uint64_t from, size_t n) {
        int32_t samples[64 * CHANNELS];

        for (size_t i = 0; i < n; i++)
                for (unsigned c = 0; c < CHANNELS; c++)
                        samples[i * CHANNELS + c] = (int32_t) (10 * (from + i) + c);
        lately_push(l, from, samples, n);
}

static void is_there(const Lately *l, int64_t from, size_t n) {
        int32_t got[64];

        ck_assert(lately_get(l, from, n, 2, got));
        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(got[i], 10 * (from + (int64_t) i) + 2);
}

START_TEST(keeps_the_latest) {
        _cleanup_(freep_lately) Lately *l = NULL;
        int32_t got[64];

        ck_assert_int_eq(lately_new(20, CHANNELS, &l), 0);      /* 100 frames */
        for (uint64_t i = 0; i < 50; i++)
                push(l, 7 * i, 7);
        is_there(l, 349 - 40, 41);
        is_there(l, 250, 1);
        ck_assert(!lately_get(l, 249, 1, 0, got));
        ck_assert(!lately_get(l, 340, 11, 0, got));
        ck_assert(!lately_get(l, -3, 3, 0, got));
}
END_TEST

START_TEST(a_gap_begins_anew) {
        _cleanup_(freep_lately) Lately *l = NULL;
        int32_t got[64];

        ck_assert_int_eq(lately_new(20, CHANNELS, &l), 0);
        push(l, 0, 50);
        push(l, 60, 10);
        ck_assert(!lately_get(l, 45, 2, 0, got));
        ck_assert(!lately_get(l, 55, 10, 0, got));
        is_there(l, 60, 10);
}
END_TEST

START_TEST(is_bounded) {
        _cleanup_(freep_lately) Lately *l = NULL;
        int32_t got[1];

        ck_assert_int_eq(lately_new(1e9, 32, &l), 0);
        ck_assert(!lately_get(l, 0, 1, 0, got));
}
END_TEST

int main(void) {
        Suite *s = suite_create("lately");
        TCase *t = tcase_create("lately");

        tcase_add_test(t, keeps_the_latest);
        tcase_add_test(t, a_gap_begins_anew);
        tcase_add_test(t, is_bounded);
        suite_add_tcase(s, t);
        return suite_done(s);
}
