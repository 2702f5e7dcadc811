/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>

#include "ctl/when.h"
#include "suite.h"
#include "util.h"

static void zone(const char *tz) {
        ck_assert_int_eq(setenv("TZ", tz, 1), 0);
        tzset();
}

/* What somebody in Berlin means at that time of UTC; in UTC */
static void says(const char *text, const char *now, const char *wanted) {
        int64_t usec = -1, now_usec = -1;
        char got[32];

        zone("UTC");
        ck_assert_int_eq(when_parse(now, 0, &now_usec), 0);
        zone("CET-1CEST,M3.5.0,M10.5.0/3");
        ck_assert_int_eq(when_parse(text, now_usec, &usec), 0);
        ck_assert_str_eq(when_text(usec, 0, got), wanted);
}

START_TEST(what_people_write) {
        says("14:30", "2026-11-30 18:00", "2026-11-30 13:30");
        says("20:30", "2026-11-30 18:00", "2026-11-29 19:30");  /* not yet: the last one */
        says("now", "2026-11-30 18:00", "2026-11-30 18:00");
        says("2h", "2026-11-30 18:00", "2026-11-30 16:00");
        says("90min", "2026-11-30 18:00", "2026-11-30 16:30");
        says("yesterday", "2026-11-30 18:00", "2026-11-28 23:00");
        says("yesterday 22:15", "2026-11-30 18:00", "2026-11-29 21:15");
        says("2026-07-01", "2026-11-30 18:00", "2026-06-30 22:00");
        says("2026-07-01 12:00", "2026-11-30 18:00", "2026-07-01 10:00");
        says("2026-07-01T12:00:59", "2026-11-30 18:00", "2026-07-01 10:00");
        /* the day on which clocks go forward has 23 hours, the other 25 */
        says("yesterday 12:00", "2026-03-29 18:00", "2026-03-28 11:00");
        says("yesterday 12:00", "2026-03-30 18:00", "2026-03-29 10:00");
        says("12:00", "2026-10-25 18:00", "2026-10-25 11:00");
}
END_TEST

START_TEST(what_is_no_time) {
        static const char *const texts[] = {
                "", "x", "25:00", "14:60", "14:30x", "14", "-2h", "2 h", "2y", "yesterday x", "yesterdaynoon", "2026-02-30",
                "2026-13-01", "2026-1", "1969-12-31", "2026-11-30 ", "2026-11-30 25:00", "1e9h", "nan", "infh", "tomorrow",
        };
        int64_t usec = 7;

        zone("UTC");
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                ck_assert_msg(when_parse(texts[i], INT64_C(1796034708028100), &usec) == -EINVAL && usec == 7,
                              "\"%s\" is taken for a time", texts[i]);
}
END_TEST

int main(void) {
        Suite *s = suite_create("when");
        TCase *t = tcase_create("when");

        tcase_add_test(t, what_people_write);
        tcase_add_test(t, what_is_no_time);
        suite_add_tcase(s, t);
        return suite_done(s);
}
