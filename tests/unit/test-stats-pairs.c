/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sessions are compared, and how. */
#include <math.h>

#include "stats/pairs.h"
#include "suite.h"
#include "util.h"

static PairsSession session(double day, double hour, bool exposed) {
        return (PairsSession) { .start_days = day + hour / 24, .exposed = exposed, .sites = 1 };
}

START_TEST(two_to_four_days) {
        PairsSession with = session(100, 20, true);

        for (int apart = 0; apart < 8; apart++) {
                PairsSession without = session(100 - apart, 20, false);

                ck_assert_int_eq(pairs_match(&with, &without), apart >= 2 && apart <= 4);
                ck_assert_int_eq(pairs_match(&without, &with), apart >= 2 && apart <= 4);
        }
}
END_TEST

START_TEST(same_part_of_the_day) {
        static const struct {
                double day, hour;
                bool match;
        } cases[] = {
                { 97, 20, true }, { 97, 16.1, true }, { 97, 23.9, true }, { 97, 15.9, false },
                { 97, 8, false },
                /* after midnight: four hours later than the evening before */
                { 98, 0, true }, { 98, 0.1, false },
        };
        PairsSession with = session(100, 20, true);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                PairsSession without = session(cases[i].day, cases[i].hour, false);

                ck_assert_msg(pairs_match(&with, &without) == cases[i].match, "case %zu", i);
        }
}
END_TEST

START_TEST(other_sort_and_a_site_in_common) {
        PairsSession with = session(100, 20, true), other = session(98, 20, true);

        ck_assert(!pairs_match(&with, &other));
        other.exposed = false;
        ck_assert(pairs_match(&with, &other));
        other.sites = 2;
        ck_assert(!pairs_match(&with, &other));
        other.sites = 3;
        ck_assert(pairs_match(&with, &other));
}
END_TEST

START_TEST(nearest_unused_partner) {
        PairsSession s[] = {
                session(90, 20, false), session(96, 20, false), session(97, 20, false),
                session(98, 20, true),
                session(99, 20, false), session(100, 20, true),
        };

        ck_assert_int_eq(pairs_partner(s, 6), 2);
        s[2].used = true;
        ck_assert_int_eq(pairs_partner(s, 6), 1);
        s[1].used = true;
        ck_assert_int_eq(pairs_partner(s, 6), -1);
        s[1].used = false;
        s[5].used = true;
        ck_assert_int_eq(pairs_partner(s, 6), -1);
        ck_assert_int_eq(pairs_partner(s, 1), -1);
        ck_assert_int_eq(pairs_partner(s, 0), -1);
}
END_TEST

START_TEST(difference) {
        PairsCounts one = { 60, 30, 30, 30 };
        PairsCounts two[] = { { 60, 30, 30, 30 }, { 4, 10, 8, 40 } };
        double d, swapped;

        ck_assert_int_eq(pairs_difference(&one, 1, &d), 0);
        ck_assert_double_eq_tol(d, log(60.5 / 30.5), 1e-12);
        ck_assert_int_eq(pairs_difference(two, 2, &d), 0);
        ck_assert_double_eq_tol(d, log((30 + 4 * 40 / 50.0 + 0.25) / (15 + 8 * 10 / 50.0 + 0.25)), 1e-12);
        for (size_t i = 0; i < 2; i++)
                two[i] = (PairsCounts) { two[i].events_other, two[i].exposure_min_other, two[i].events,
                                         two[i].exposure_min };
        ck_assert_int_eq(pairs_difference(two, 2, &swapped), 0);
        ck_assert_double_eq_tol(swapped, -d, 1e-12);
}
END_TEST

START_TEST(difference_without_events_or_exposure) {
        PairsCounts s[] = { { 0, 30, 0, 30 }, { 9, 30, 0, 0 } };
        double d = 7;

        ck_assert_int_eq(pairs_difference(s, 2, &d), 0);
        ck_assert_double_eq(d, 0);
        ck_assert_int_eq(pairs_difference(s + 1, 1, &d), -ENODATA);
        ck_assert_int_eq(pairs_difference(s, 0, &d), -ENODATA);
}
END_TEST

SUITE("stats-pairs", two_to_four_days, same_part_of_the_day, other_sort_and_a_site_in_common,
      nearest_unused_partner, difference, difference_without_events_or_exposure)
