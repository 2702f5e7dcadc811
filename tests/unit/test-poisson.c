/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exact interval of a count, beside the table of Ulm (Am J Epidemiol 1990;131:373) and its own definition. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "stats/poisson.h"
#include "suite.h"

START_TEST(known_limits) {
        static const struct {
                unsigned n;
                double low, high;
        } table[] = {
                { 0, 0, 3.6889 }, { 1, 0.0253, 5.5716 }, { 3, 0.6187, 8.7673 }, { 10, 4.7954, 18.3904 }, { 50, 37.1110, 65.9188 }, { 100, 81.3639, 121.6268 },
        };

        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                PoissonInterval v = poisson_interval(table[i].n, 0.95);
                ck_assert_double_eq_tol(v.low, table[i].low, 2e-4);
                ck_assert_double_eq_tol(v.high, table[i].high, 2e-4);
        }
}
END_TEST

/* The sum of the distribution's terms up to n, at the upper limit, is what is left outside. */
START_TEST(definition) {
        for (unsigned n = 0; n < 300; n += 7) {
                double mean = poisson_interval(n, 0.9).high, term = exp(-mean), sum = term;

                for (unsigned k = 1; k <= n; k++)
                        sum += term *= mean / k;
                ck_assert_double_eq_tol(sum, 0.05, 1e-9);
        }
}
END_TEST

START_TEST(many) {
        PoissonInterval v = poisson_interval(1000000, 0.95);

        ck_assert_double_eq_tol(v.low, 1e6 - 1.96 * 1e3, 3);
        ck_assert_double_eq_tol(v.high, 1e6 + 1.96 * 1e3, 4);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("poisson");
        TCase *t = tcase_create("poisson");

        tcase_add_test(t, known_limits);
        tcase_add_test(t, definition);
        tcase_add_test(t, many);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
