/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <math.h>

#include "store/copy.h"
#include "store/entries.h"
#include "store/history.h"
#include "store/import.h"
#include "store/keeper.h"
#include "store/rollup.h"
#include "suite.h"

#define HOUR_USEC (INT64_C(3600) * (int64_t) USEC_PER_SEC)
#define MINUTE_USEC (60 * USEC_PER_SEC)
#define BOOT_UTC INT64_C(1700000000000000)      /* 2023-11-14 22:13:20 */

static char dir[64], path[96];
static bool stopping;
static Keeper k;

static void begin(void) {
        ck_assert_int_eq(history_open(path, &k.sql), 0);
        /* what is tested is not the disk */
        ck_assert_int_eq(sql_exec(k.sql, "PRAGMA synchronous = OFF"), 0);
        ck_assert_int_eq(keeper_begin(&k), 0);
}

static void set_up(void) {
        strcpy(dir, "/tmp/test-keeper-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/" HISTORY_FILE, dir);
        stopping = false;
        k = (Keeper) {
                .path = path,
                .stopping = &stopping,
                .boot_id = "0123456789abcdef0123456789abcdef",
                .state.clock = { .utc_minus_boottime_usec = BOOT_UTC, .utc_offset_s = 3600 },
        };
        begin();
}

static void tear_down(void) {
        char command[128];
        uint64_t wrong = 99;

        ck_assert_int_eq(rollup_check(k.sql, &wrong), 0);
        ck_assert_uint_eq(wrong, 0);
        k.sql = sql_free(k.sql);
        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        ck_assert_int_eq(system(command), 0);
}

static int64_t get(const char *text) {
        int64_t v = INT64_MIN;

        ck_assert_int_eq(sql_int(k.sql, &v, text, ""), 0);
        return v;
}

static void plug(uint64_t source, usec_t t) {
        KeptDevice d = { .source = source, .identity = "/x", .name = "x", .n_channels = 2, .rate_hz = 1000,
                         .boottime_usec = t };

        d.channels[0].gain = d.channels[1].gain = 24;
        ck_assert_int_eq(keep_device(&k, &d), 0);
}

static void minute(uint64_t source, usec_t t) {
        KeptMinute m = { .source = source, .channel = 1, .boottime_usec = t, .length_usec = MINUTE_USEC, .exposure_s = 50,
                         .noise_uv = 2, .floor_uv = NAN, .events = 1, .twitches = 1, .n_excluded = 1 };

        m.excluded[0].cause = "motion";
        m.excluded[0].excluded_s = 10;
        ck_assert_int_eq(keep_minute(&k, &m), 0);
}

static void event(uint64_t source, usec_t t) {
        union {
                KeptEvent event;
                char room[sizeof(KeptEvent) + 2 * 16];
        } e = { .event = { .source = source, .boottime_usec = t, .onset_usec = 5000, .duration_usec = 10000,
                           .kind = "fasciculation", .amplitude_uv = 40, .snr = 9, .discharges = 1, .n_channels = 2 } };

        e.event.channels[0].channel = 1;
        e.event.channels[1].channel = 2;
        e.event.channels[1].lag_usec = NAN;
        ck_assert_int_eq(keep_event(&k, &e.event), 0);
}

static void clock_is(usec_t t, int64_t utc_minus_boottime, int64_t offset_s) {
        KeptClock c = { .boottime_usec = t, .utc_minus_boottime_usec = utc_minus_boottime, .utc_offset_s = offset_s };

        ck_assert_int_eq(keep_clock(&k, &c), 0);
}

static int64_t start(usec_t t, const char *site) {
        KeptStart s = { .boottime_usec = t, .template = "quick", .n_sites = site ? 1 : 0 };
        int64_t id = 0;

        if (site) {
                s.sites[0].channel = 1;
                snprintf(s.sites[0].site, sizeof(s.sites[0].site), "%s", site);
        }
        ck_assert_int_eq(keep_session_start(&k, &s, &id), 0);
        return id;
}

/* --- time ------------------------------------------------------------------------- */

/* A board without a battery: it wakes in 1970 and hears the time after ten minutes. */
START_TEST(a_clock_set_later_mends_the_past) {
        int64_t felt, entry;
        DiaryEntry e = { .kind = "caffeine", .time_usec = BOOT_UTC };

        clock_is(1, 1000, 0);
        plug(1, MINUTE_USEC);
        event(1, 2 * MINUTE_USEC);
        minute(1, 2 * MINUTE_USEC);
        ck_assert_int_eq(entry_add_felt(&k, 3 * MINUTE_USEC, "left-calf", "person", &felt), 0);
        ck_assert_int_eq(entry_add_diary(&k, &e, 0, &entry), 0);
        ck_assert_int_lt(get("SELECT time_usec FROM event_utc"), HOUR_USEC);
        int64_t logged = get("SELECT logged_usec FROM diary");

        clock_is(10 * MINUTE_USEC, BOOT_UTC, 3600);
        ck_assert_int_eq(get("SELECT time_usec FROM event_utc"), BOOT_UTC + 2 * (int64_t) MINUTE_USEC);
        ck_assert_int_eq(get("SELECT start_usec FROM session"), BOOT_UTC + (int64_t) MINUTE_USEC);
        ck_assert_int_eq(get("SELECT utc_offset_s FROM session"), 3600);
        ck_assert_int_eq(get("SELECT time_usec FROM felt"), BOOT_UTC + 3 * (int64_t) MINUTE_USEC);
        ck_assert_int_eq(get("SELECT logged_usec FROM diary"), logged - 1000 + BOOT_UTC);
        ck_assert_int_eq(get("SELECT time_usec FROM diary"), BOOT_UTC);        /* as the person said */
        ck_assert_int_eq(get("SELECT count(*) FROM hour"), 1);
        ck_assert_int_eq(get("SELECT start_usec / 3600000000 FROM hour"), BOOT_UTC / HOUR_USEC);
}
END_TEST

/* Set back by an hour, and forth: the order of what was measured stays, and so does every row. */
START_TEST(a_clock_set_back_and_forth) {
        plug(1, 0);
        for (usec_t m = 0; m < 180; m++) {
                if (m == 60)
                        clock_is(m * MINUTE_USEC, BOOT_UTC - HOUR_USEC, 3600);
                if (m == 120)
                        clock_is(m * MINUTE_USEC, BOOT_UTC, 3600);
                event(1, m * MINUTE_USEC + 5);
                minute(1, m * MINUTE_USEC);
        }
        ck_assert_int_eq(get("SELECT count(*) FROM minute"), 180);
        ck_assert_int_eq(get("SELECT sum(minutes) FROM hour"), 180);
        ck_assert_int_eq(get("SELECT max(minutes) <= 60 FROM hour"), 1);
        ck_assert_int_eq(get("SELECT count(*) FROM (SELECT time_usec - lag(time_usec) OVER (ORDER BY boottime_usec) AS d"
                             " FROM minute_utc) WHERE d <> 60000000"), 0);
        ck_assert_int_eq(get("SELECT count(*) FROM clock WHERE cause = 'step'"), 2);
}
END_TEST

/* The night in which clocks go back: the hour from 2 to 3 comes twice, and is two rows. */
START_TEST(daylight_saving_ends) {
        plug(1, 0);
        clock_is(0, BOOT_UTC - BOOT_UTC % HOUR_USEC, 7200);
        for (usec_t m = 0; m < 240; m++) {
                if (m == 120)
                        clock_is(m * MINUTE_USEC, BOOT_UTC - BOOT_UTC % HOUR_USEC, 3600);
                minute(1, m * MINUTE_USEC);
        }
        ck_assert_int_eq(get("SELECT count(*) FROM hour"), 4);
        ck_assert_int_eq(get("SELECT count(*) FROM hour WHERE minutes <> 60"), 0);
        ck_assert_int_eq(get("SELECT count(DISTINCT (start_usec / 1000000 + utc_offset_s) / 3600) FROM hour"), 3);
        ck_assert_int_eq(get("SELECT count(*) FROM clock WHERE cause = 'zone'"), 1);
}
END_TEST

/* To a zone of half hours: hours are those of where the board is. */
START_TEST(moved_to_another_zone) {
        plug(1, 0);
        for (usec_t m = 0; m < 120; m++) {
                if (m == 50)
                        clock_is(m * MINUTE_USEC, BOOT_UTC, 19800);
                minute(1, m * MINUTE_USEC);
        }
        ck_assert_int_eq(get("SELECT count(*) FROM hour WHERE (start_usec / 1000000 + utc_offset_s) % 3600 <> 0"), 0);
        ck_assert_int_eq(get("SELECT sum(minutes) FROM hour"), 120);
        ck_assert_int_eq(get("SELECT utc_offset_s FROM session"), 3600);        /* where it began */
}
END_TEST

/* --- sessions ------------------------------------------------------------------------ */

START_TEST(events_go_into_the_session_of_their_time) {
        plug(1, 0);
        minute(1, 0);
        int64_t second = start(90 * USEC_PER_SEC, "left-calf");
        event(1, 80 * USEC_PER_SEC);            /* decided late: still of the first */
        event(1, 100 * USEC_PER_SEC);
        minute(1, MINUTE_USEC);                 /* in which it began: of neither */
        minute(1, 2 * MINUTE_USEC);
        ck_assert_int_eq(get("SELECT count(*) FROM event WHERE session = 1"), 1);
        ck_assert_int_eq(get("SELECT count(*) FROM event WHERE session = 2"), 1);
        ck_assert_int_eq(second, 2);
        ck_assert_int_eq(get("SELECT cut FROM minute WHERE boottime_usec = 60000000"), 1);
        ck_assert_int_eq(get("SELECT sum(cut) FROM minute"), 1);
        ck_assert_int_eq(get("SELECT sum(rest_twitches) FROM hour"), 2);
        ck_assert_int_eq(get("SELECT end_boottime_usec FROM session WHERE id = 1"), 90 * (int64_t) USEC_PER_SEC);
}
END_TEST

/* By the time of what is measured, however long the machine runs and however late a minute comes. */
START_TEST(a_session_that_nobody_started_ends_after_a_quarter_of_a_day) {
        usec_t six_hours = 360 * MINUTE_USEC;

        plug(1, 0);
        for (usec_t m = 0; m < 365; m++) {
                event(1, m * MINUTE_USEC + 5);
                if (m == 359)
                        event(1, six_hours + 3);        /* told before the minute that ends the session */
                minute(1, m * MINUTE_USEC);
        }
        ck_assert_int_eq(get("SELECT count(*) FROM session"), 2);
        ck_assert_int_eq(get("SELECT start_boottime_usec FROM session WHERE id = 2"), (int64_t) six_hours);
        ck_assert_int_eq(get("SELECT end_boottime_usec FROM session WHERE id = 1"), (int64_t) six_hours);
        ck_assert_int_eq(get("SELECT count(*) FROM session WHERE id = 1 AND ended = 'limit'"), 1);
        ck_assert_int_eq(get("SELECT count(*) FROM minute WHERE session = 1"), 360);
        ck_assert_int_eq(get("SELECT count(*) FROM event WHERE session = 1"), 360);
        ck_assert_int_eq(get("SELECT count(*) FROM event WHERE session = 2"), 6);
        ck_assert_int_eq(get("SELECT sum(cut) FROM minute"), 0);
}
END_TEST

START_TEST(the_placement_stays_until_it_changes) {
        int64_t id;

        plug(1, 0);
        start(1, "left-calf");
        ck_assert_int_eq(keep_session_stop(&k, 2, &id), 0);
        ck_assert_int_eq(id, 2);
        ck_assert_int_eq(keep_session_stop(&k, 3, &id), -ESRCH);
        ck_assert_int_eq(keep_device_end(&k, 1, 4, "unplugged"), 0);
        plug(2, 5);
        start(6, NULL);
        ck_assert_int_eq(get("SELECT count(*) FROM placement WHERE channel = 1 AND site = 'left-calf'"), 4);
        ck_assert_int_eq(get("SELECT sum(confirmed) FROM session"), 2);
        ck_assert_int_eq(get("SELECT count(*) FROM session WHERE continues IS NOT NULL"), 0);
}
END_TEST

START_TEST(an_interruption_ends_where_the_last_minute_does) {
        plug(1, 0);
        start(1, "left-calf");
        minute(1, MINUTE_USEC);
        event(1, MINUTE_USEC + 5);
        k.sql = sql_free(k.sql);
        memset(k.state.devices, 0, sizeof(k.state.devices));

        begin();
        ck_assert_int_eq(get("SELECT end_boottime_usec FROM session WHERE id = 2"), 2 * (int64_t) MINUTE_USEC);
        plug(1, 3 * MINUTE_USEC);
        ck_assert_int_eq(get("SELECT continues FROM session WHERE id = 3"), 2);
        ck_assert_int_eq(get("SELECT confirmed FROM session WHERE id = 3"), 1);
        ck_assert_int_eq(get("SELECT count(*) FROM session WHERE ended = 'interrupted'"), 1);
}
END_TEST

/* What was refused leaves nothing. */
/* In one commit with others: what a job of it does wrong is its own, and found at once. */
START_TEST(deletes_an_entry_with_its_edits_beside_other_jobs) {
        DiaryEntry e = { .kind = "caffeine", .time_usec = BOOT_UTC }, later = { .kind = "caffeine", .time_usec = BOOT_UTC + HOUR_USEC };
        TrialAct act = { .trial = 99, .block = 1, .act = "revealed" };
        int64_t first, second, third, n;

        ck_assert_int_eq(entry_add_diary(&k, &e, 0, &first), 0);
        ck_assert_int_eq(entry_add_diary(&k, &later, first, &second), 0);
        ck_assert_int_eq(entry_add_diary(&k, &e, second, &third), 0);
        for (unsigned i = 0; i < 2; i++) {
                ck_assert_int_eq(sql_exec(k.sql, "BEGIN"), 0);
                ck_assert_int_eq(entry_delete(&k, BOOT_UTC + HOUR_USEC, BOOT_UTC + HOUR_USEC + 1, &n), 0);
                ck_assert_int_eq(get("SELECT count(*) FROM diary"), 0);
                ck_assert_int_eq(entry_add_trial_act(&k, &act), -ENOENT);
                ck_assert_int_eq(sql_exec(k.sql, "COMMIT"), 0);
        }
}
END_TEST

/* A year is deleted in minutes, and a service stops in two seconds: what waits behind it must be written. */
START_TEST(a_deletion_ends_when_the_store_stops) {
        int64_t n = 0;

        plug(1, MINUTE_USEC);
        event(1, 2 * MINUTE_USEC);
        ck_assert_int_eq(keep_device_end(&k, 1, 3 * MINUTE_USEC, "unplugged"), 0);
        stopping = true;
        ck_assert_int_eq(sql_exec(k.sql, "SAVEPOINT job"), 0);
        ck_assert_int_eq(entry_delete(&k, 0, INT64_MAX, &n), -ECANCELED);
        ck_assert_int_eq(sql_exec(k.sql, "ROLLBACK TO job; RELEASE job"), 0);
        ck_assert_int_eq(get("SELECT count(*) FROM event"), 1);
        stopping = false;
        ck_assert_int_eq(entry_delete(&k, 0, INT64_MAX, &n), 0);
        ck_assert_int_eq(n, 1);
        ck_assert_int_eq(get("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM session)"), 0);
}
END_TEST

START_TEST(an_import_ends_when_the_store_stops) {
        _cleanup_close_ int copy = -EBADF;
        ImportCounts counts = {};
        int64_t n = 0;

        plug(1, MINUTE_USEC);
        event(1, 2 * MINUTE_USEC);
        ck_assert_int_eq(keep_device_end(&k, 1, 3 * MINUTE_USEC, "unplugged"), 0);
        ck_assert_int_eq(history_copy(&k, &copy), 0);
        ck_assert_int_eq(entry_delete(&k, 0, INT64_MAX, &n), 0);
        stopping = true;
        ck_assert_int_eq(history_import(&k, copy, &counts), -ECANCELED);
        ck_assert_int_eq(get("SELECT count(*) FROM session"), 0);
        stopping = false;
        ck_assert_int_eq(history_import(&k, copy, &counts), 0);
        ck_assert_uint_eq(counts.sessions, 1);
        ck_assert_int_eq(get("SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(refuses_what_is_not_there) {
        KeptStart s = { .boottime_usec = 1, .n_sites = 1 };
        int64_t id, before;

        ck_assert_int_eq(keep_session_start(&k, &s, &id), -ENODEV);
        plug(1, 0);
        plug(2, 0);
        before = get("SELECT count(*) FROM session");
        ck_assert_int_eq(keep_session_start(&k, &s, &id), -ENOTUNIQ);
        strcpy(s.identity, "/y");
        ck_assert_int_eq(keep_session_start(&k, &s, &id), -ENODEV);
        ck_assert_int_eq(keep_device_end(&k, 2, 5, "unplugged"), 0);
        s.identity[0] = 0;
        s.sites[0].channel = 3;
        ck_assert_int_eq(keep_session_start(&k, &s, &id), -EINVAL);
        ck_assert_int_eq(get("SELECT count(*) FROM session"), before);
        ck_assert_int_eq(entry_exclude_session(&k, 77, true, ""), -ENOENT);
        ck_assert_int_eq(entry_remove_diary(&k, 77), -ENOENT);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("keeper");
        TCase *t = tcase_create("keeper");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, a_clock_set_later_mends_the_past);
        tcase_add_test(t, a_clock_set_back_and_forth);
        tcase_add_test(t, daylight_saving_ends);
        tcase_add_test(t, moved_to_another_zone);
        tcase_add_test(t, events_go_into_the_session_of_their_time);
        tcase_add_test(t, a_session_that_nobody_started_ends_after_a_quarter_of_a_day);
        tcase_add_test(t, the_placement_stays_until_it_changes);
        tcase_add_test(t, an_interruption_ends_where_the_last_minute_does);
        tcase_add_test(t, deletes_an_entry_with_its_edits_beside_other_jobs);
        tcase_add_test(t, a_deletion_ends_when_the_store_stops);
        tcase_add_test(t, an_import_ends_when_the_store_stops);
        tcase_add_test(t, refuses_what_is_not_there);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
