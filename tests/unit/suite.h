/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test program with one group of tests. */
#pragma once

#include <check.h>
#include <stdlib.h>

static inline int suite_run(const char *name, const TTest *const *tests, size_t n) {
        Suite *suite = suite_create(name);
        TCase *group = tcase_create(name);
        SRunner *runner;
        int failed;

        for (size_t i = 0; i < n; i++)
                tcase_add_test(group, tests[i]);
        suite_add_tcase(suite, group);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SUITE("name", test, test, ...): the main function */
#define SUITE(name, ...)                                                                \
        int main(void) {                                                                \
                const TTest *const tests[] = { __VA_ARGS__ };                           \
                return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));        \
        }
