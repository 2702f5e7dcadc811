/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <ftw.h>
#include <sys/stat.h>

#include "config-files.h"
#include "detect/detect.h"
#include "suite.h"

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
        write_file(path,
                   "# comment\n[channel 3]\ngain = 12\nlabel = linke Wade \xc2\xb5\n"
                   "[device]\nrate_hz = 2000\ngain = 6 ; note\n"
                         "[detector]\nfalse_alarms_per_hour = 0.5\n");
        ck_assert_int_eq(config_load(&c, path), 0);
        ck_assert_uint_eq(c.rate_hz, 2000);
        ck_assert_uint_eq(c.gain[0], 6);
        ck_assert_uint_eq(c.gain[2], 12);
        ck_assert_str_eq(c.label[2], "linke Wade \xc2\xb5");
        ck_assert_str_eq(c.label[1], "");
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
        "[channel 33]\ngain = 1\n",
        "[channel 0]\ngain = 1\n",
        "[channel -1]\ngain = 1\n",
        "[channel 4294967297]\ngain = 1\n",
        "[channel]\ngain = 1\n",
        "[channels 1]\ngain = 1\n",
        "[channel 1 ]\ngain = 1\n",
        "[channel 1]\nlabel = a\xff\n",
        "[channel 1]\nlabel = a\x1b[2J\n",
        "[channel 1]\nlabel = 0123456789012345678901234567890123456789012345678901234567890123\n",
        "[nothing]\ngain = 1\n",
        "[channel ]\ngain = 1\n",
        "[channel 1]\ngain = 5\n",
        "[detector]\nfalse_alarms_per_hour = 0\n",
        "[detector]\nfalse_alarms_per_hour = nan\n",
        "[detector]\nfalse_alarms_per_hour = 1,5\n",
        "[detector]\nfalse_alarms_per_hour = inf\n",
        "rate_hz = 1000\n",
        "no equals sign\n",
        "[device\n",
        "[device\nrate_hz = 500\n",
        "[device]\n[channel 1\ngain = 2\n",         /* not the gain of the device, then */
        "[device]\n  rate_hz = 999\n",
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

/* What a listener heard, a line each */
static char heard[4096];

static void on_mistake(const char *file, unsigned line, const char *what, void *userdata) {
        size_t n = strlen(heard);

        snprintf(heard + n, sizeof heard - n, "%s:%u: %s\n", strrchr(file, '/') + 1, line, what);
}

static const ConfigListener listener = { .mistake = on_mistake };

static void put(const char *name, const char *text) {
        char file[160], *s;

        snprintf(file, sizeof file, "%s%s", dir, name);
        for (s = file + strlen(dir) + 1; (s = strchr(s, '/')); s++) {
                *s = 0;
                ck_assert(mkdir(file, 0755) == 0 || errno == EEXIST);
                *s = '/';
        }
        write_file(file, text);
}

static int read_all(Config *c) {
        heard[0] = 0;
        config_default(c);
        return config_read(c, dir, NULL, &listener);
}

START_TEST(what_is_no_file_is_survived) {
        char name[160];
        Config c;

        config_default(&c);
        ck_assert_int_eq(config_load(&c, dir), 1);

        put("/etc/twitchd/conf.d/20-good.conf", "[device]\nrate_hz = 500\n");
        snprintf(name, sizeof name, "%s/etc/twitchd/conf.d/10-folder.conf", dir);
        ck_assert_int_eq(mkdir(name, 0755), 0);
        snprintf(name, sizeof name, "%s/etc/twitchd/conf.d/11-fifo.conf", dir);
        ck_assert_int_eq(mkfifo(name, 0644), 0);
        snprintf(name, sizeof name, "%s/etc/twitchd/conf.d/12-link.conf", dir);
        ck_assert_int_eq(symlink("nowhere", name), 0);
        snprintf(name, sizeof name, "%s/etc/twitchd/conf.d/13-loop.conf", dir);
        ck_assert_int_eq(symlink("13-loop.conf", name), 0);
        snprintf(name, sizeof name, "%s/etc/twitchd/twitchd.conf", dir);
        ck_assert_int_eq(mkdir(name, 0755), 0);
        snprintf(name, sizeof name, "%s/run/twitchd", dir);
        put("/run/twitchd", "not a folder");
        ck_assert_int_gt(read_all(&c), 0);
        ck_assert_uint_eq(c.rate_hz, 500);
        ck_assert_ptr_nonnull(strstr(heard, "10-folder.conf:0: is no file"));
        ck_assert_ptr_nonnull(strstr(heard, "11-fifo.conf:0: is no file"));
        ck_assert_ptr_nonnull(strstr(heard, "13-loop.conf:0: cannot be read"));
        ck_assert_ptr_nonnull(strstr(heard, "twitchd.conf:0: is no file"));
}
END_TEST

START_TEST(folders_in_order) {
        Config c;

        put("/usr/lib/twitchd/twitchd.conf", "[device]\nrate_hz = 250\ngain = 2\n");
        ck_assert_int_eq(read_all(&c), 0);
        ck_assert_uint_eq(c.rate_hz, 250);
        /* the main file of /etc stands for that of /usr/lib */
        put("/etc/twitchd/twitchd.conf", "[device]\nrate_hz = 500\n");
        ck_assert_int_eq(read_all(&c), 0);
        ck_assert_uint_eq(c.rate_hz, 500);
        ck_assert_uint_eq(c.gain[0], 24);
        /* drop-ins of all folders, by name */
        put("/usr/lib/twitchd/conf.d/50-b.conf", "[device]\nrate_hz = 4000\ngain = 4\n");
        put("/etc/twitchd/conf.d/10-a.conf", "[device]\nrate_hz = 2000\ngain = 6\n");
        put("/run/twitchd/conf.d/40-r.conf", "[channel 2]\ngain = 8\n");
        ck_assert_int_eq(read_all(&c), 0);
        ck_assert_uint_eq(c.rate_hz, 4000);
        ck_assert_uint_eq(c.gain[1], 4);
        /* of one name, that of /etc; a link to /dev/null hides */
        char name[160];
        snprintf(name, sizeof name, "%s/etc/twitchd/conf.d/50-b.conf", dir);
        ck_assert_int_eq(symlink("/dev/null", name), 0);
        ck_assert_int_eq(read_all(&c), 0);
        ck_assert_uint_eq(c.rate_hz, 2000);
        ck_assert_uint_eq(c.gain[0], 6);
        ck_assert_uint_eq(c.gain[1], 8);
}
END_TEST

START_TEST(old_place) {
        Config c;

        put("/etc/twitchd.conf", "[device]\nrate_hz = 250\n[channel 0]\ngain = 1\n");
        put("/etc/twitchd.conf.d/a.conf", "[channel 1]\ngain = 2\n");
        put("/etc/twitchd/conf.d/a.conf", "[channel 3]\ngain = 4\n");
        ck_assert_int_eq(read_all(&c), 1);      /* the hint */
        ck_assert_ptr_nonnull(strstr(heard, "move it to /etc/twitchd/"));
        ck_assert_uint_eq(c.rate_hz, 250);
        ck_assert_uint_eq(c.gain[0], 1);
        ck_assert_uint_eq(c.gain[1], 2);
        ck_assert_uint_eq(c.gain[2], 4);
        ck_assert_uint_eq(c.gain[3], 24);
}
END_TEST

START_TEST(all_mistakes_are_named) {
        Config c;

        put("/etc/twitchd/twitchd.conf",
            "\xef\xbb\xbf[device]\nnonsense\nrate_hz = 500\n[channel 2\ngain = 2\n"
            "[device]\nmore nonsense\nrate_hz = 1\ngain = 4\n[odd]\nx = 1\n");
        ck_assert_int_eq(read_all(&c), 5);
        for (const char *const *w = (const char *const[]) {
                        ":2: neither", ":4: neither", ":7: neither", ":8: rate_hz must be",
                        ":11: there is no section [odd]", NULL }; *w; w++)
                ck_assert_msg(strstr(heard, *w), "%s is not in:\n%s", *w, heard);
        ck_assert_uint_eq(c.rate_hz, 500);
        ck_assert_uint_eq(c.gain[0], 4);
        ck_assert_uint_eq(c.gain[1], 4);
}
END_TEST

/* 200 000 bad lines do not give as many in the journal. */
START_TEST(log_is_not_flooded) {
        _cleanup_free_ char *text = malloc(200000 * 4 + 64);
        char *s = text, line[512];
        unsigned n = 0;
        Config c;

        for (int i = 0; i < 200000; i++)
                s = stpcpy(s, "x=1\n");
        strcpy(s, "[device]\nrate_hz = 500\n");
        write_file(path, text);

        FILE *log = tmpfile();
        int saved = dup(STDERR_FILENO);
        ck_assert(log && saved >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
        config_default(&c);
        int r = config_load(&c, path);
        dup2(saved, STDERR_FILENO);
        close(saved);
        rewind(log);
        while (fgets(line, sizeof line, log))
                n++;
        fclose(log);
        ck_assert_int_eq(r, 200000);
        ck_assert_uint_eq(c.rate_hz, 500);
        ck_assert_uint_gt(n, 1);
        ck_assert_uint_lt(n, 40);
}
END_TEST

START_TEST(comparison) {
        Config a, b;

        memset(&a, 1, sizeof a);
        memset(&b, 2, sizeof b);
        config_default(&a);
        config_default(&b);
        ck_assert(config_equal_for_device(&a, &b));
        write_file(path, "[felt]\nkey = 30\nsite = left-calf\n[recording]\nwhen = always\nfree_mb = 1\n");
        ck_assert_int_eq(config_load(&b, path), 0);
        ck_assert_int_eq(b.record, RECORD_ALWAYS);
        ck_assert(config_equal_for_device(&a, &b));
        write_file(path, "[channel 8]\nlabel = x\n");
        ck_assert_int_eq(config_load(&b, path), 0);
        ck_assert(!config_equal_for_device(&a, &b));
}
END_TEST

int main(void) {
        Suite *s = suite_create("config");
        TCase *t = tcase_create("config");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, log_is_not_flooded);          /* first: in one process (CK_FORK=no) others use up its lines */
        tcase_add_test(t, no_file_is_the_default);
        tcase_add_test(t, all_settings);
        tcase_add_test(t, drop_ins_in_order);
        tcase_add_loop_test(t, bad_line, 0, ELEMENTSOF(bad_lines));
        tcase_add_test(t, long_line);
        tcase_add_test(t, what_is_no_file_is_survived);
        tcase_add_test(t, folders_in_order);
        tcase_add_test(t, old_place);
        tcase_add_test(t, all_mistakes_are_named);
        tcase_add_test(t, comparison);
        suite_add_tcase(s, t);
        return suite_done(s);
}
