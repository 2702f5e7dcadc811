/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of every test program, and the whole main function of those with one group of tests. */
#pragma once

#include <check.h>
#include <stdlib.h>

/* Runs and frees it; what main() returns. */
static inline int suite_done(Suite *suite) {
        SRunner *runner = srunner_create(suite);

        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int suite_run(const char *name, const TTest *const *tests, size_t n) {
        Suite *suite = suite_create(name);
        TCase *group = tcase_create(name);

        for (size_t i = 0; i < n; i++)
                tcase_add_test(group, tests[i]);
        suite_add_tcase(suite, group);
        return suite_done(suite);
}

/* SUITE("name", test, test, ...): the main function */
#define SUITE(name, ...)                                                                \
        int main(void) {                                                                \
                const TTest *const tests[] = { __VA_ARGS__ };                           \
                return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));        \
        }
