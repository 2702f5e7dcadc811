/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings from outside: what may go onto the bus, into the journal and onto a terminal. */
#include <check.h>

#include "suite.h"
#include "utf8.h"
#include "util.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const char* clean(const char *s, size_t size) {
        static char ret[256];

        ck_assert_uint_le(size, sizeof ret);
        memset(ret, 'x', sizeof ret);
        size_t n = utf8_clean(ret, size, s, strlen(s));
        ck_assert_uint_eq(n, strlen(ret));
        ck_assert_uint_lt(n, size);
        return ret;
}

START_TEST(what_is_left) {
        static const struct {
                const char *in, *out;
        } table[] = {
                { "left calf", "left calf" },
                { "", "" },
                { " \n", "" },
                { "  calf\n", "calf" },
                { "µV 左 🦵 e\xcc\x81", "µV 左 🦵 e\xcc\x81" },
                { "a\nb\r\nc\td", "a" REPLACEMENT "b" REPLACEMENT "c" REPLACEMENT "d" },
                { "\x1b[2J\x7f", REPLACEMENT "[2J" REPLACEMENT },
                { "a\xff\xfe\x80z", "a" REPLACEMENT "z" },
                { "\xc0\xaf", REPLACEMENT },                            /* overlong */
                { "\xed\xa0\x80", REPLACEMENT },                        /* surrogate */
                { "\xf4\x90\x80\x80", REPLACEMENT },                    /* above U+10FFFF */
                { "\xe5\xb7", REPLACEMENT },                            /* cut off */
                { "a\xc2\x9b" "2J", "a" REPLACEMENT "2J" },             /* C1: CSI */
                { "\xe2\x80\xae" "flac", REPLACEMENT "flac" },          /* right to left from here */
                { "a\xe2\x80\xa8z", "a" REPLACEMENT "z" },              /* LINE SEPARATOR */
                { "\xef\xbf\xbf", REPLACEMENT },                        /* U+FFFF */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ck_assert_str_eq(clean(table[i].in, 256), table[i].out);
}
END_TEST

START_TEST(cut_between_characters) {
        ck_assert_str_eq(clean("abcdef", 4), "abc");
        ck_assert_str_eq(clean("aüü", 4), "aü");
        ck_assert_str_eq(clean("aüü", 5), "aü");
        ck_assert_str_eq(clean("aüü", 6), "aüü");
        ck_assert_str_eq(clean("\n\xff", 3), "");
        ck_assert_str_eq(clean("abc", 1), "");
        char ret[8];
        ck_assert_uint_eq(utf8_clean(ret, sizeof ret, "ab\0cd", 5), 2);
}
END_TEST

/* Any bytes: valid, short enough, and clean already if cleaned once more. */
START_TEST(any_bytes) {
        unsigned state = 1, n_bad = 0;

        for (int k = 0; k < 100000; k++) {
                char in[24], once[24], twice[24];
                size_t size = 1 + (size_t) k % sizeof once;

                for (size_t i = 0; i < sizeof in; i++) {
                        state = state * 1664525u + 1013904223u;
                        in[i] = (char) (state >> 24);
                }
                size_t n = utf8_clean(once, size, in, sizeof in);
                n_bad += !utf8_is_valid(once, n) || n >= size ||
                         utf8_clean(twice, sizeof twice, once, n) > n;
                for (size_t i = 0; i < n; i++)
                        n_bad += (unsigned char) once[i] < 0x20 || once[i] == 0x7f;
        }
        ck_assert_uint_eq(n_bad, 0);
}
END_TEST

int main(void) {
        Suite *s = suite_create("utf8");
        TCase *c = tcase_create("utf8");

        tcase_add_test(c, what_is_left);
        tcase_add_test(c, cut_between_characters);
        tcase_add_test(c, any_bytes);
        suite_add_tcase(s, c);
        return suite_done(s);
}
