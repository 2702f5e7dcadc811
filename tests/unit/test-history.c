/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "random.h"
#include "store/copy.h"
#include "store/history.h"
#include "store/rollup.h"
#include "suite.h"
#include "utf8.h"

static char dir[64], path[96];

static void set_up(void) {
        strcpy(dir, "/tmp/test-history-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/" HISTORY_FILE, dir);
}

static void tear_down(void) {
        char command[128];

        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        ck_assert_int_eq(system(command), 0);
}

static int64_t get(Sql *s, const char *text) {
        int64_t v = INT64_MIN;

        ck_assert_int_eq(sql_int(s, &v, text, ""), 0);
        return v;
}

static void assert_intact(Sql *s) {
        _cleanup_sql_ sqlite3_stmt *q = NULL, *keys = NULL;

        ck_assert_int_eq(sql_query(s, &q, "PRAGMA integrity_check", ""), 0);
        ck_assert_int_eq(sql_next(q), 1);
        ck_assert_str_eq(sql_text(q, 0), "ok");
        ck_assert_int_eq(sql_query(s, &keys, "PRAGMA foreign_key_check", ""), 0);
        ck_assert_int_eq(sql_next(keys), 0);
}

/* --- the file ------------------------------------------------------------------- */

START_TEST(creates_and_opens_again) {
        _cleanup_(sql_freep) Sql *s = NULL;

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(get(s, "PRAGMA user_version"), HISTORY_VERSION);
        ck_assert_int_eq(get(s, "PRAGMA synchronous"), 2);
        ck_assert_int_eq(get(s, "PRAGMA secure_delete"), 1);
        ck_assert_int_eq(get(s, "PRAGMA foreign_keys"), 1);
        ck_assert_int_eq(sql_run(s, "INSERT INTO software (version) VALUES (?)", "s", "x"), 0);
        s = sql_free(s);

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(get(s, "SELECT count(*) FROM software"), 1);
        assert_intact(s);
}
END_TEST

START_TEST(refuses_what_is_newer) {
        _cleanup_(sql_freep) Sql *s = NULL;
        sqlite3 *db = NULL;

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(sql_exec(s, "PRAGMA user_version = 999"), 0);
        s = sql_free(s);
        ck_assert_int_eq(history_open(path, &s), -EPROTONOSUPPORT);
        ck_assert_int_eq(history_open_readonly(path, &db), -EPROTONOSUPPORT);
        ck_assert_ptr_null(s);
        ck_assert_ptr_null(db);
}
END_TEST

START_TEST(reads_without_changing) {
        _cleanup_(sql_freep) Sql *s = NULL;
        sqlite3 *db = NULL;

        ck_assert_int_eq(history_open_readonly(path, &db), -ENOENT);
        ck_assert_int_eq(access(path, F_OK), -1);
        ck_assert_int_eq(history_open(path, &s), 0);
        s = sql_free(s);
        ck_assert_int_eq(history_open_readonly(path, &db), 0);
        ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM kind", NULL, NULL, NULL), SQLITE_READONLY);
        sqlite3_close(db);
}
END_TEST

static void write_file(const char *content, size_t size, off_t at) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pwrite(fd, content, size, at), (ssize_t) size);
}

START_TEST(knows_what_is_damaged_and_keeps_it) {
        _cleanup_(sql_freep) Sql *s = NULL;
        _cleanup_free_ char *aside = NULL, *again = NULL;
        char noise[8192];
        struct stat st;

        for (size_t i = 0; i < sizeof(noise); i++)
                noise[i] = (char) (i * 31 + 7);
        write_file(noise, sizeof(noise), 0);
        ck_assert_int_eq(history_open(path, &s), -EUCLEAN);
        ck_assert_int_eq(history_move_aside(path, &aside), 0);
        ck_assert_int_eq(stat(aside, &st), 0);
        ck_assert_int_eq(st.st_size, sizeof(noise));
        ck_assert_int_eq(history_open(path, &s), 0);
        assert_intact(s);
        s = sql_free(s);

        /* twice in a second: neither takes the other's place */
        ck_assert_int_eq(history_move_aside(path, &again), 0);
        ck_assert_str_ne(aside, again);
}
END_TEST

/* SQLite repeats what it cannot read; one byte that is not UTF-8 would make the answer on the bus fail. */
START_TEST(says_what_is_damaged_in_clean_text) {
        static const char word[] = "version         TEXT", bad[] = "version         T\xffXT";
        Keeper k = { .path = path, .stopping = &(bool) { false } };
        _cleanup_(sql_freep) Sql *s = NULL;
        HistoryCheck check;
        char page[4096];

        ck_assert_int_eq(history_open(path, &s), 0);
        s = sql_free(s);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        bool found = false;
        for (off_t at = 0; pread(fd, page, sizeof(page), at) == (ssize_t) sizeof(page); at += sizeof(page)) {
                const char *place = memmem(page, sizeof(page), word, sizeof(word) - 1);

                if (!place)
                        continue;
                ck_assert_int_gt(pwrite(fd, bad, sizeof(bad) - 1, at + (place - page)), 0);
                found = true;
        }
        close(fd);
        ck_assert(found);
        ck_assert_int_eq(history_check(&k, &check), 0);
        ck_assert(!check.intact);
        ck_assert_ptr_nonnull(strstr(check.text, "malformed"));
        ck_assert(utf8_is_valid(check.text, strlen(check.text)));
}
END_TEST

/* "Is a directory", and a pipe that nobody writes to does not hang who reads */
START_TEST(reads_regular_files_only) {
        char other[128];
        sqlite3 *db = NULL;

        ck_assert_int_eq(history_open_readonly(dir, &db), -EISDIR);
        snprintf(other, sizeof(other), "%s/pipe", dir);
        ck_assert_int_eq(mkfifo(other, 0600), 0);
        ck_assert_int_eq(history_open_readonly(other, &db), -EUCLEAN);
        ck_assert_int_eq(history_open_readonly("/dev/zero", &db), -EUCLEAN);
}
END_TEST

/* --- the copy ------------------------------------------------------------------- */

/* Two rows a commit, until it is told to end: a copy of half a commit would have an odd number. */
static void* write_pairs(void *userdata) {
        const bool *stop = userdata;
        _cleanup_(sql_freep) Sql *s = NULL;

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(sql_exec(s, "PRAGMA synchronous = OFF"), 0);
        while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
                ck_assert_int_eq(sql_exec(s, "BEGIN IMMEDIATE"), 0);
                for (int i = 0; i < 2; i++)
                        ck_assert_int_eq(sql_exec(s, "INSERT INTO incident (time_usec, what, n_lost, text)"
                                                     " VALUES (1, 'overflow', 0, hex(randomblob(500)))"), 0);
                ck_assert_int_eq(sql_exec(s, "COMMIT"), 0);
                /* so that the file does not grow faster than a slow disk is copied */
                usleep(500);
        }
        return NULL;
}

/* As a client reads it: the file has no name */
static Sql* map_copy(int fd) {
        sqlite3 *db;
        struct stat st;
        Sql *s;

        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_nlink, 0);
        void *map = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        ck_assert_ptr_ne(map, MAP_FAILED);
        ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_deserialize(db, "main", map, st.st_size, st.st_size, SQLITE_DESERIALIZE_READONLY),
                         SQLITE_OK);
        ck_assert_int_eq(sql_new(db, &s), 0);
        return s;
}

START_TEST(copies_one_moment_while_written) {
        const Keeper k = { .path = path, .stopping = &(bool) { false } };
        _cleanup_(sql_freep) Sql *first = NULL;
        bool stop = false;
        int64_t last = 0;
        pthread_t writer;

        ck_assert_int_eq(history_open(path, &first), 0);
        ck_assert_int_eq(pthread_create(&writer, NULL, write_pairs, &stop), 0);
        for (int i = 0; i < 10 || (last == 0 && i < 10000); i++) {
                _cleanup_close_ int fd = -EBADF;
                _cleanup_(sql_freep) Sql *copy = NULL;

                ck_assert_int_eq(history_copy(&k, &fd), 0);
                ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
                copy = map_copy(fd);
                int64_t n = get(copy, "SELECT count(*) FROM incident");
                ck_assert_int_eq(n % 2, 0);
                ck_assert_int_ge(n, last);
                last = n;
                assert_intact(copy);
        }
        __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
        ck_assert_int_eq(pthread_join(writer, NULL), 0);
        ck_assert_int_gt(last, 0);
}
END_TEST

START_TEST(copies_nothing_when_stopped) {
        const Keeper k = { .path = path, .stopping = &(bool) { true } };
        _cleanup_(sql_freep) Sql *s = NULL;
        int fd = -EBADF;

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(history_copy(&k, &fd), -ECANCELED);
        ck_assert_int_eq(fd, -EBADF);
}
END_TEST

START_TEST(knows_a_page_that_was_overwritten) {
        _cleanup_(sql_freep) Sql *s = NULL;
        char noise[4096];

        memset(noise, 0xa5, sizeof(noise));
        ck_assert_int_eq(history_open(path, &s), 0);
        s = sql_free(s);
        write_file(noise, sizeof(noise), 0x1000);
        int r = history_open(path, &s);
        if (r >= 0)
                r = sql_run(s, "INSERT INTO software (version) VALUES (?)", "s", "x");
        ck_assert_int_eq(r, -EUCLEAN);
}
END_TEST

/* --- rows ------------------------------------------------------------------------ */

/* A session that began at boottime 0 of a boot that began at 1 700 000 000 s, local time 1 h before UTC. */
static int64_t add_session(Sql *s) {
        ck_assert_int_eq(sql_run(s, "INSERT OR IGNORE INTO software (id, version) VALUES (1, 'test')", ""), 0);
        ck_assert_int_eq(sql_run(s, "INSERT OR IGNORE INTO device (id, identity, name) VALUES (1, 'x', 'x')", ""), 0);
        ck_assert_int_eq(sql_run(s, "INSERT OR IGNORE INTO boot VALUES (1, 'boot', 1700000000000000)", ""), 0);
        ck_assert_int_eq(sql_run(s, "INSERT INTO session (uuid, device, software, boot, start_boottime_usec, start_usec,"
                                    " utc_offset_s, confirmed, false_alarms_per_hour, rate_mhz)"
                                    " VALUES (hex(randomblob(16)), 1, 1, 1, 0, 1700000000000000, -3600, 1, 1, 1000000)",
                                 ""), 0);
        return sqlite3_last_insert_rowid(s->db);
}

static int64_t add_event(Sql *s, int64_t session, int64_t t, int64_t channel, int64_t nv) {
        ck_assert_int_eq(sql_run(s, "INSERT INTO event (session, boottime_usec, onset_usec, duration_usec, channel, kind,"
                                    " amplitude_nv, snr_milli, discharges, unit)"
                                    " VALUES (?, ?, 5000, 10000, ?, 'fasciculation', ?, 9000, 1, 0)",
                                 "iiii", session, t, channel, nv), 0);
        return sqlite3_last_insert_rowid(s->db);
}

static void add_minute(Sql *s, int64_t session, int64_t t, int64_t channel, int voluntary, int64_t twitches) {
        int64_t floor_nv = t % 7 == 0 ? 10000 : 10000 + t % 999;

        ck_assert_int_eq(sql_run(s, "INSERT INTO minute VALUES (?, ?, ?, 60000000, 50000000, 2000, ?, ?, ?, ?, 0)",
                                 "iiiiiii", session, channel, t, floor_nv, twitches, twitches, (int64_t) voluntary), 0);
        ck_assert_int_eq(sql_run(s, "INSERT INTO minute_excluded VALUES (?, ?, ?, 'motion', 10000000)",
                                 "iii", session, channel, t), 0);
        ck_assert_int_eq(rollup_add_minute(s, session, channel, t), 0);
}

START_TEST(rollups_are_what_the_rows_give) {
        _cleanup_(sql_freep) Sql *s = NULL;
        uint64_t wrong = 99;

        seed(1);
        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(sql_exec(s, "BEGIN"), 0);
        int64_t session = add_session(s);
        /* a change of the zone by three quarters of an hour, in the middle */
        ck_assert_int_eq(sql_run(s, "INSERT INTO clock VALUES (1, 1, 0, 1700000000000000, -3600, 'start'),"
                                    " (2, 1, 7300000000, 1700000000000000, -900, 'zone')", ""), 0);
        for (int64_t m = 0; m < 300; m++)
                for (int64_t c = 1; c <= 3; c++) {
                        int64_t n = (int64_t) (5 * uniform());

                        for (int64_t i = 0; i < n; i++)
                                add_event(s, session, (int64_t) (60e6 * ((double) m + uniform())), c,
                                          (int64_t) (1e3 + 1e6 * uniform()));
                        add_minute(s, session, m * 60000000, c, m % 5 == 3, n);
                }
        int64_t late = add_event(s, session, 90000000, 2, 50000);
        ck_assert_int_eq(rollup_add_late_event(s, late), 0);
        /* its minute is still to come */
        late = add_event(s, session, INT64_C(300) * 60000000 + 1, 2, 50000);
        ck_assert_int_eq(rollup_add_late_event(s, late), 0);
        ck_assert_int_eq(sql_exec(s, "COMMIT"), 0);

        ck_assert_int_eq(rollup_check(s, &wrong), 0);
        ck_assert_uint_eq(wrong, 0);
        ck_assert_int_eq(get(s, "SELECT sum(rest_usec) FROM hour"), INT64_C(3) * 240 * 50000000);
        ck_assert_int_eq(get(s, "SELECT sum(minutes) FROM hour"), 900);
        ck_assert_int_eq(get(s, "SELECT sum(excluded_usec) FROM hour_excluded"), INT64_C(900) * 10000000);
        ck_assert_int_eq(get(s, "SELECT count(*) FROM hour WHERE (start_usec / 1000000 + utc_offset_s) % 3600 <> 0"), 0);
        ck_assert_int_eq(get(s, "SELECT sum(n) FROM size_histogram"),
                         get(s, "SELECT sum(rest_twitches) FROM hour") + 1);
        ck_assert_int_eq(get(s, "SELECT min(size_db) >= 0 AND max(size_db) <= 60 FROM size_histogram"), 1);

        /* what is wrong is seen, and mended */
        ck_assert_int_eq(sql_exec(s, "UPDATE hour SET rest_twitches = rest_twitches + 1 WHERE channel = 2"), 0);
        ck_assert_int_eq(rollup_check(s, &wrong), 0);
        ck_assert_uint_eq(wrong, 1);
        ck_assert_int_eq(rollup_rebuild(s, session), 0);
        ck_assert_int_eq(rollup_check(s, &wrong), 0);
        ck_assert_uint_eq(wrong, 0);
        ck_assert_int_eq(sql_exec(s, "UPDATE size_total SET n = n + 1 WHERE channel = 1"), 0);
        ck_assert_int_eq(rollup_check(s, &wrong), 0);
        ck_assert_uint_eq(wrong, 1);
        ck_assert_int_eq(sql_exec(s, "UPDATE size_total SET n = n - 1 WHERE channel = 1"), 0);
        ck_assert_int_eq(sql_exec(s, "DELETE FROM session"), 0);
        ck_assert_int_eq(get(s, "SELECT sum(n) FROM size_total"), 0);
        assert_intact(s);
}
END_TEST

START_TEST(bets_cannot_be_rewritten) {
        _cleanup_(sql_freep) Sql *s = NULL;
        static const char *const tables[] = { "question", "pair", "trial", "trial_act", "look" };

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(sql_exec(s, "INSERT INTO question VALUES (1, 'caffeine', 1, 1);"
                                     "INSERT INTO pair VALUES (1, 'caffeine', 'left-calf', 'a', 'b', 1, 1, 1, 1);"
                                     "INSERT INTO trial VALUES (1, 'u', 'caffeine', 'left-calf', 10, 1, 'c', 's', 1);"
                                     "INSERT INTO trial_act VALUES (1, 1, 1, 'revealed', 'A', NULL, NULL, 1);"
                                     "INSERT INTO look VALUES (1, 1, 5, 0.5, 0, 1)"), 0);
        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                char text[64];

                snprintf(text, sizeof(text), "DELETE FROM %s", tables[i]);
                ck_assert_int_eq(sql_exec(s, text), -EEXIST);
                snprintf(text, sizeof(text), "UPDATE %s SET id = 7", tables[i]);
                ck_assert_int_eq(sql_exec(s, text), -EEXIST);
        }
}
END_TEST

START_TEST(diary_as_it_stands) {
        _cleanup_(sql_freep) Sql *s = NULL;

        ck_assert_int_eq(history_open(path, &s), 0);
        ck_assert_int_eq(sql_exec(s, "INSERT INTO diary (id, kind, time_usec, utc_offset_s, amount_milli, source,"
                                     " logged_usec, replaces, deleted) VALUES"
                                     " (1, 'caffeine', 100, 0, 80000, 'person', 100, NULL, 0),"
                                     " (2, 'caffeine', 100, 0, 90000, 'person', 200, 1, 0),"
                                     " (3, 'caffeine', 100, 0, 95000, 'person', 300, 2, 0),"
                                     " (4, 'stress', 100, 0, 5000, 'person', 100, NULL, 0),"
                                     " (5, 'stress', 100, 0, NULL, 'person', 100, 4, 1)"), 0);
        ck_assert_int_eq(get(s, "SELECT count(*) FROM diary_now"), 1);
        ck_assert_int_eq(get(s, "SELECT id FROM diary_now"), 3);
        ck_assert_int_eq(sql_exec(s, "INSERT INTO diary (kind, time_usec, utc_offset_s, source, logged_usec, deleted)"
                                     " VALUES ('no such kind', 1, 0, 'person', 1, 0)"), -EEXIST);
}
END_TEST

/* A file of version _i, filled, then brought to the newest one. */
START_TEST(migrates_from_each_version) {
        _cleanup_(sql_freep) Sql *s = NULL, *migrated = NULL;
        sqlite3 *db = NULL;
        uint64_t wrong = 99;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_int_eq(sql_new(db, &s), 0);
        ck_assert_int_eq(history_add_functions(db), 0);
        ck_assert_int_eq(history_migrate(s, (unsigned) _i), 0);
        if (_i >= 1) {
                int64_t session = add_session(s);

                add_event(s, session, 1000000, 1, 20000);
                add_minute(s, session, 0, 1, 0, 1);
                ck_assert_int_eq(sql_exec(s, "INSERT INTO recording (session, path, start_boottime_usec, state)"
                                             " VALUES (1, 'a.bdf', 0, 'closed')"), 0);
        }
        s = sql_free(s);

        ck_assert_int_eq(history_open(path, &migrated), 0);
        ck_assert_int_eq(get(migrated, "PRAGMA user_version"), HISTORY_VERSION);
        ck_assert_int_eq(get(migrated, "SELECT count(*) FROM event"), _i >= 1);
        ck_assert_int_eq(rollup_check(migrated, &wrong), 0);
        ck_assert_uint_eq(wrong, 0);
        assert_intact(migrated);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("history");
        TCase *t = tcase_create("history");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_set_timeout(t, 60);       /* a busy disk is no failure */
        tcase_add_test(t, creates_and_opens_again);
        tcase_add_test(t, refuses_what_is_newer);
        tcase_add_test(t, reads_without_changing);
        tcase_add_test(t, knows_what_is_damaged_and_keeps_it);
        tcase_add_test(t, says_what_is_damaged_in_clean_text);
        tcase_add_test(t, reads_regular_files_only);
        tcase_add_test(t, copies_one_moment_while_written);
        tcase_add_test(t, copies_nothing_when_stopped);
        tcase_add_test(t, knows_a_page_that_was_overwritten);
        tcase_add_test(t, rollups_are_what_the_rows_give);
        tcase_add_test(t, bets_cannot_be_rewritten);
        tcase_add_test(t, diary_as_it_stands);
        tcase_add_loop_test(t, migrates_from_each_version, 0, HISTORY_VERSION + 1);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
