/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written to standard error: how often, how much, and whose. */
#include <check.h>

#include "log.h"
#include "suite.h"

static FILE *file;
static int saved_fd;

static void set_up(void) {
        file = tmpfile();
        saved_fd = dup(STDERR_FILENO);
        ck_assert(file && saved_fd >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
        unsetenv("JOURNAL_STREAM");
}

static const char* written(void) {
        static char text[65536];

        ssize_t n = pread(fileno(file), text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = 0;
        return text;
}

static void tear_down(void) {
        dup2(saved_fd, STDERR_FILENO);
        close(saved_fd);
        fclose(file);
}

static unsigned lines(const char *s) {
        unsigned n = 0;

        for (; *s; s++)
                n += *s == '\n';
        return n;
}

START_TEST(one_message_one_line) {
        log_error("a\nb \xff %s", "<0>\x1b[2Jc");
        ck_assert_str_eq(written(), "a\xef\xbf\xbd" "b \xef\xbf\xbd <0>\xef\xbf\xbd[2Jc\n");
}
END_TEST

START_TEST(one_place_does_not_flood) {
        for (unsigned i = 0; i < 100000; i++)
                log_warning("number %u", i);
        log_warning("another");
        ck_assert_uint_eq(lines(written()), LOG_BURST + 1);
        ck_assert_ptr_nonnull(strstr(written(), "number 0\n"));
        ck_assert_ptr_nonnull(strstr(written(), "another\n"));
}
END_TEST

START_TEST(errno_is_told_and_kept) {
        errno = EIO;
        ck_assert_int_eq(log_error_errno(-ENOSPC, "disk: %m"), -ENOSPC);
        log_message(LOG_INFO, "0", "hat", "%m");
        ck_assert_str_eq(written(), "disk: No space left on device\nNo space left on device\n");
}
END_TEST

START_TEST(levels) {
        log_debug("1");
        log_set_level(LOG_DEBUG);
        log_debug("2");
        log_set_level(LOG_ERR);
        log_warning("3");
        log_error("4");
        ck_assert_str_eq(written(), "2\n4\n");
        for (int i = 0; i < 8; i++)
                ck_assert_int_eq(log_level_from_string(log_level_to_string(i)), i);
        ck_assert_int_eq(log_level_from_string("loud"), -EINVAL);
        ck_assert_ptr_null(log_level_to_string(8));
}
END_TEST

START_TEST(stderr_of_libraries) {
        FILE *before = stderr;

        log_take_over_stderr();
        fprintf(stderr, "ERROR: Unable to %s\n", "chat");
        fprintf(stderr, "something ");
        fprintf(stderr, "else\n");
        ck_assert_str_eq(written(), "something else\n");
        log_set_level(LOG_DEBUG);
        fprintf(stderr, "WARNING: more\n");
        ck_assert_str_eq(written(), "something else\nlibiio: WARNING: more\n");
        stderr = before;
}
END_TEST

int main(void) {
        Suite *s = suite_create("log");
        TCase *c = tcase_create("log");

        tcase_add_checked_fixture(c, set_up, tear_down);
        tcase_add_test(c, one_message_one_line);
        tcase_add_test(c, one_place_does_not_flood);
        tcase_add_test(c, errno_is_told_and_kept);
        tcase_add_test(c, levels);
        tcase_add_test(c, stderr_of_libraries);
        suite_add_tcase(s, c);
        return suite_done(s);
}
