/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <ftw.h>
#include <sys/stat.h>

#include "config.h"
#include "detect/detect.h"

static char dir[] = "/tmp/test-config-XXXXXX";
static char path[64];

static void write_file(const char *file, const char *text) {
        _cleanup_fclose_ FILE *f = fopen(file, "we");

        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(fputs(text, f), 0);
}

static void drop_in(const char *name, const char *text) {
        char d[96], file[160];

        snprintf(d, sizeof(d), "%s.d", path);
        ck_assert(mkdir(d, 0755) == 0 || errno == EEXIST);
        snprintf(file, sizeof(file), "%s/%s", d, name);
        write_file(file, text);
}

static void set_up(void) {
        strcpy(dir + strlen(dir) - 6, "XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/twitchd.conf", dir);
}

static int remove_one(const char *p, const struct stat *st, int type, struct FTW *ftw) {
        return remove(p);
}

static void tear_down(void) {
        nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

START_TEST(no_file_is_the_default) {
        Config c;

        config_default(&c);
        ck_assert_int_eq(config_load(&c, path), 0);
        ck_assert_uint_eq(c.rate_hz, 1000);
        ck_assert_uint_eq(c.gain[0], 24);
        ck_assert_uint_eq(c.gain[7], 24);
        ck_assert_double_eq(c.false_alarms_per_hour, DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT);
}
END_TEST

START_TEST(all_settings) {
        Config c;

        config_default(&c);
        write_file(path, "# comment\n[channel 2]\ngain = 12\n[device]\nrate_hz = 2000\ngain = 6 ; note\n"
                         "[detector]\nfalse_alarms_per_hour = 0.5\n");
        ck_assert_int_eq(config_load(&c, path), 0);
        ck_assert_uint_eq(c.rate_hz, 2000);
        ck_assert_uint_eq(c.gain[0], 6);
        ck_assert_uint_eq(c.gain[2], 12);
        ck_assert_double_eq(c.false_alarms_per_hour, 0.5);
}
END_TEST

START_TEST(drop_ins_in_order) {
        Config c;

        config_default(&c);
        write_file(path, "[device]\nrate_hz = 500\ngain=1\n");
        drop_in("20-b.conf", "[device]\nrate_hz = 4000\n");
        drop_in("10-a.conf", "[device]\nrate_hz = 250\ngain=2\n");
        drop_in("30-c.conf.bak", "[device]\nrate_hz = 8000\n");
        ck_assert_int_eq(config_load(&c, path), 0);
        ck_assert_uint_eq(c.rate_hz, 4000);
        ck_assert_uint_eq(c.gain[3], 2);
}
END_TEST

static const char *const bad_lines[] = {
        "[device]\nrate_hz = 999\n",
        "[device]\nrate_hz =\n",
        "[device]\nrate_hz = 1000Hz\n",
        "[device]\nrate_hz = -1000\n",
        "[device]\nrate_hz = 4294968296\n",     /* 2^32 + 1000 */
        "[device]\nrate_hz = 99999999999999999999999\n",
        "[device]\ngain = 3\n",
        "[device]\ngain = 24.0\n",
        "[device]\nsmell = 1\n",
        "[channel 32]\ngain = 1\n",
        "[channel -1]\ngain = 1\n",
        "[channel ]\ngain = 1\n",
        "[channel 1]\ngain = 5\n",
        "[detector]\nfalse_alarms_per_hour = 0\n",
        "[detector]\nfalse_alarms_per_hour = nan\n",
        "[detector]\nfalse_alarms_per_hour = 1,5\n",
        "[detector]\nfalse_alarms_per_hour = inf\n",
        "rate_hz = 1000\n",
        "no equals sign\n",
        "[device\n",
};

START_TEST(bad_line) {
        Config c, d;

        config_default(&c);
        d = c;
        write_file(path, bad_lines[_i]);
        ck_assert_int_eq(config_load(&c, path), 1);
        ck_assert_mem_eq(&c, &d, sizeof(c));
}
END_TEST

START_TEST(long_line) {
        char text[2000];
        Config c;

        memset(text, 'x', sizeof(text));
        memcpy(text, "[device]\n#", 10);
        strcpy(text + sizeof(text) - 30, "rate_hz = 500\ngain = 4\n");
        config_default(&c);
        write_file(path, text);
        ck_assert_int_eq(config_load(&c, path), 0);
        ck_assert_uint_eq(c.rate_hz, 1000);
        ck_assert_uint_eq(c.gain[0], 4);
}
END_TEST

START_TEST(a_folder_is_no_file) {
        Config c;

        config_default(&c);
        ck_assert_int_lt(config_load(&c, dir), 0);
}
END_TEST

int main(void) {
        Suite *s = suite_create("config");
        TCase *t = tcase_create("config");
        SRunner *sr = srunner_create(s);

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, no_file_is_the_default);
        tcase_add_test(t, all_settings);
        tcase_add_test(t, drop_ins_in_order);
        tcase_add_loop_test(t, bad_line, 0, ELEMENTSOF(bad_lines));
        tcase_add_test(t, long_line);
        tcase_add_test(t, a_folder_is_no_file);
        suite_add_tcase(s, t);
        srunner_run_all(sr, CK_NORMAL);
        int failed = srunner_ntests_failed(sr);
        srunner_free(sr);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
