/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small tools of the detector's stages, held to what can be known beforehand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/detect/base/history.h"
#include "daemon/detect/base/interpolate.h"
#include "daemon/detect/base/intervals.h"
#include "daemon/detect/base/linalg.h"
#include "daemon/detect/base/sort.h"
#include "suite.h"

static double cubic(double x) {
        return 2 - x + 3 * x * x - 0.5 * x * x * x;
}

/* Through four points of a cubic there is no other one. */
START_TEST(a_cubic_is_met) {
        float x[4], weights[4], single[4];

        for (int i = 0; i < 4; i++)
                x[i] = (float) cubic(i - 1);
        for (double at = 0; at <= 1; at += 0.125) {
                cubic_weights(at, weights);
                cubic_weights_single((float) at, single);
                ck_assert(fabs((double) cubic_value(weights, x + 1) - cubic(at)) < 1e-5);
                ck_assert(fabs((double) cubic_value(single, x + 1) - cubic(at)) < 1e-5);
        }
}
END_TEST

/* The same of the signal in a history: a cubic of the step. */
START_TEST(a_history_is_read_between_steps) {
        History h;

        ck_assert_int_eq(history_init(&h, 16), 0);
        history_restart(&h, 100);
        for (int step = 100; step < 140; step++)
                history_push(&h, (float) cubic((step - 130) / 4.0));
        ck_assert_int_eq(h.end, 140);
        for (double step = 126; step < 137; step += 0.3)
                ck_assert(fabs((double) history_at(&h, step) - cubic((step - 130) / 4)) < 1e-3);
        ck_assert(history_window_at(&h, 130, 1)[0] == (float) cubic(0));
        ck_assert(history_at(&h, 139.5) == 0);  /* behind the latest: not known */
        history_done(&h);
}
END_TEST

START_TEST(a_vertex_is_found) {
        double height;

        for (double at = -0.5; at <= 0.5; at += 0.25) {
                double left = 7 - 3 * pow(-1 - at, 2), middle = 7 - 3 * at * at, right = 7 - 3 * pow(1 - at, 2);

                ck_assert(fabs(parabola_vertex(left, middle, right, &height) - at) < 1e-12);
                ck_assert(fabs(height - 7) < 1e-12);
        }
        ck_assert(parabola_vertex(1, 2, 3, &height) == 0);      /* a line has none */
        ck_assert(height == 2);
}
END_TEST

typedef struct Item {
        int key, place;
} Item;

static bool is_less(const void *a, const void *b) {
        return ((const Item*) a)->key < ((const Item*) b)->key;
}

START_TEST(order_is_stable) {
        Item items[40];
        float floats[] = { 3, -1, 2, 2, -7 };
        double doubles[] = { 1, 0, -1 };

        for (int i = 0; i < 40; i++)
                items[i] = (Item) { .key = i * 7 % 5, .place = i };
        sort_stable(items, 40, sizeof *items, is_less);
        for (int i = 1; i < 40; i++) {
                ck_assert_int_le(items[i - 1].key, items[i].key);
                ck_assert(items[i - 1].key < items[i].key || items[i - 1].place < items[i].place);
        }
        sort_stable(floats, 5, sizeof *floats, sort_floats_up);
        sort_stable(doubles, 3, sizeof *doubles, sort_doubles_up);
        for (int i = 1; i < 5; i++)
                ck_assert(floats[i - 1] <= floats[i]);
        ck_assert(doubles[0] == -1 && doubles[2] == 1);
        sort_stable(floats, 0, sizeof *floats, sort_floats_up);
}
END_TEST

/* The covariance of noise whose neighbours are alike, times its inverse. */
START_TEST(an_inverse_inverts) {
        enum { N = 7 };
        double a[N][MATRIX_COLUMNS(N)] = { { 0 } }, inverse[N][MATRIX_COLUMNS(N)];

        for (int i = 0; i < N; i++)
                for (int k = 0; k < N; k++)
                        a[i][k] = pow(0.8, abs(i - k));
        for (int i = 0; i < N; i++)
                for (int k = 0; k < MATRIX_COLUMNS(N); k++)
                        inverse[i][k] = a[i][k];
        matrix_invert(inverse[0], N);
        for (int i = 0; i < N; i++)
                for (int k = 0; k < N; k++) {
                        double sum = 0;

                        for (int m = 0; m < N; m++)
                                sum += a[i][m] * inverse[m][k];
                        ck_assert(fabs(sum - (i == k)) < 1e-12);
                }
}
END_TEST

START_TEST(intervals_have_a_mean_and_a_spread) {
        IntervalStats s = { .n = 0 }, other = { .n = 0 };

        ck_assert(isinf(intervals_cv(&s)));
        intervals_add(&s, 90);
        intervals_add(&s, 110);
        ck_assert(fabs(intervals_mean(&s) - 100) < 1e-9);
        ck_assert(fabs(intervals_cv(&s) - sqrt(200) / 100) < 1e-9);     /* of a sample */
        intervals_add(&other, 100);
        intervals_join(&s, &other);
        ck_assert_uint_eq(s.n, 3);
        intervals_split(&s, 40, 60);    /* the one of 100 was two */
        ck_assert_uint_eq(s.n, 4);
        ck_assert(fabs(intervals_mean(&s) - 75) < 1e-9);
}
END_TEST

int main(void) {
        Suite *s = suite_create("base");
        TCase *t = tcase_create("base");

        suite_add_tcase(s, t);
        tcase_add_test(t, a_cubic_is_met);
        tcase_add_test(t, a_history_is_read_between_steps);
        tcase_add_test(t, a_vertex_is_found);
        tcase_add_test(t, order_is_stable);
        tcase_add_test(t, an_inverse_inverts);
        tcase_add_test(t, intervals_have_a_mean_and_a_spread);
        return suite_done(s);
}
