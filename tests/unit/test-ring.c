/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <pthread.h>
#include <sched.h>

#include "source/ring.h"
#include "suite.h"

START_TEST(refuses_nonsense) {
        Ring *r = NULL;

        ck_assert_int_eq(ring_new(0, 4, &r), -EINVAL);
        ck_assert_int_eq(ring_new(4, 0, &r), -EINVAL);
        ck_assert_int_eq(ring_new(SIZE_MAX, 8, &r), -EINVAL);
        ck_assert_ptr_null(r);
}
END_TEST

START_TEST(full_and_empty) {
        _cleanup_(ring_freep) Ring *r = NULL;
        void *p;

        ck_assert_int_eq(ring_new(5, sizeof(int), &r), 0);
        ck_assert_uint_eq(ring_filled_span(r, &p), 0);
        for (int i = 0; i < 8; i++) {
                ck_assert_uint_ge(ring_free_span(r, &p), 1);
                *(int*) p = i;
                ring_commit(r, 1);
        }
        ck_assert_uint_eq(ring_free_span(r, &p), 0);
        ck_assert_uint_eq(ring_filled_span(r, &p), 8);
        ck_assert_int_eq(((int*) p)[7], 7);
        ring_release(r, 3);

        /* free items lie before the filled ones now: spans do not wrap */
        ck_assert_uint_eq(ring_free_span(r, &p), 3);
        ck_assert_uint_eq(ring_filled_span(r, &p), 5);
        ck_assert_int_eq(*(int*) p, 3);
}
END_TEST

#define N_ITEMS 2000000u

static void* produce(void *userdata) {
        Ring *r = userdata;

        for (uint32_t next = 0; next < N_ITEMS;) {
                void *p;
                size_t n = MIN(ring_free_span(r, &p), (size_t) (1 + next % 37));

                n = MIN(n, (size_t) (N_ITEMS - next));
                for (size_t i = 0; i < n; i++)
                        ((uint32_t*) p)[i] = next++;
                ring_commit(r, n);
                if (n == 0)
                        sched_yield();
        }
        return NULL;
}

START_TEST(two_threads) {
        _cleanup_(ring_freep) Ring *r = NULL;
        uint32_t expected = 0;
        pthread_t t;

        ck_assert_int_eq(ring_new(256, sizeof(uint32_t), &r), 0);
        ck_assert_int_eq(pthread_create(&t, NULL, produce, r), 0);
        while (expected < N_ITEMS) {
                void *p;
                size_t n = ring_filled_span(r, &p);

                for (size_t i = 0; i < n; i++)
                        if (((uint32_t*) p)[i] != expected++)
                                ck_abort_msg("item %u is %u", expected - 1, ((uint32_t*) p)[i]);
                ring_release(r, n);
                if (n == 0)
                        sched_yield();
        }
        ck_assert_int_eq(pthread_join(t, NULL), 0);
}
END_TEST

int main(void) {
        Suite *s = suite_create("ring");
        TCase *t = tcase_create("ring");

        tcase_set_timeout(t, 120);
        tcase_add_test(t, refuses_nonsense);
        tcase_add_test(t, full_and_empty);
        tcase_add_test(t, two_threads);
        suite_add_tcase(s, t);
        return suite_done(s);
}
