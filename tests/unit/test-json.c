/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON twitchctl prints: correct for any input. */
#include <check.h>
#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>

#include "ctl/json.h"
#include "suite.h"
#include "util.h"

typedef struct Sink {
        Json json;
        char *text;
        size_t size;
} Sink;

static Json* sink_open(Sink *s) {
        *s = (Sink) {};
        s->json.f = open_memstream(&s->text, &s->size);
        ck_assert_ptr_nonnull(s->json.f);
        return &s->json;
}

static void sink_expect(Sink *s, const char *expected) {
        if (s->json.open[0])
                json_line(&s->json);
        ck_assert_int_eq(fclose(s->json.f), 0);
        size_t n = strlen(s->text);
        ck_assert_uint_gt(n, 0);
        ck_assert_int_eq(s->text[n - 1], '\n');
        s->text[n - 1] = 0;
        ck_assert_str_eq(s->text, expected);
        free(s->text);
}

START_TEST(commas_and_nesting) {
        Sink s;
        Json *j = sink_open(&s);

        json_begin(j, NULL);
        json_begin_array(j, "empty");
        json_end(j);
        json_begin(j, "o");
        json_end(j);
        json_begin_array(j, "a");
        json_put_unsigned(j, NULL, 1);
        json_put_unsigned(j, NULL, UINT64_MAX);
        json_begin_array(j, NULL);
        json_put_bool(j, NULL, true);
        json_end(j);
        json_begin(j, NULL);
        json_put_bool(j, "b", false);
        json_end(j);
        json_end(j);
        json_put_string(j, "s", "");
        json_end(j);
        json_line(j);
        json_put_unsigned(j, NULL, 0);
        json_line(j);
        sink_expect(&s, "{\"empty\":[],\"o\":{},\"a\":[1,1.84467440737096e19,[true],{\"b\":false}],\"s\":\"\"}\n0");
}
END_TEST

START_TEST(strings_are_escaped) {
        static const struct {
                const char *in, *out;
        } table[] = {
                { "left calf",              "\"left calf\""                       },
                { "a\"b\\c/",               "\"a\\\"b\\\\c/\""                    },
                { "\n\t\x01\x1f\x7f",       "\"\\n\\t\\u0001\\u001F\x7f\"" },
                { "5 \xc2\xb5V \xe2\x82\xac", "\"5 \xc2\xb5V \xe2\x82\xac\""      },
                { "\xf0\x9f\xa6\xb5",       "\"\xf0\x9f\xa6\xb5\""                },
                /* Latin-1, cut short, overlong, a surrogate, above U+10FFFF, a stray continuation */
                { "5 \xb5V",                "\"5 \xef\xbf\xbdV\""                 },
                { "\xe2\x82",               "\"\xef\xbf\xbd\xef\xbf\xbd\""        },
                { "\xc0\xaf",               "\"\xef\xbf\xbd\xef\xbf\xbd\""        },
                { "\xed\xa0\x80",           "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
                { "\xf4\x90\x80\x80",       "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
                { "\x80" "a",               "\"\xef\xbf\xbd" "a\""                },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Sink s;
                json_put_string(sink_open(&s), NULL, table[i].in);
                sink_expect(&s, table[i].out);
        }
}
END_TEST

START_TEST(keys_are_escaped) {
        Sink s;
        Json *j = sink_open(&s);

        json_begin(j, NULL);
        json_put_bool(j, "a\"b", true);
        json_end(j);
        sink_expect(&s, "{\"a\\\"b\":true}");
}
END_TEST

START_TEST(numbers) {
        static const struct {
                double in;
                unsigned decimals;
                const char *out;
        } table[] = {
                { 12.3512, 4, "12.3512" }, { 85.14, 1, "85.1" },   { -0.4, 0, "-0.0" },  { 3, 2, "3.0" },
                { 1e-9, 3, "0.0" },      { 1e15, 1, "1e15" },
                { NAN, 1, "null" },        { INFINITY, 1, "null" }, { -INFINITY, 0, "null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Sink s;
                json_put_double(sink_open(&s), NULL, table[i].in, table[i].decimals);
                sink_expect(&s, table[i].out);
        }
}
END_TEST

START_TEST(largest_number_survives) {
        Sink s;

        json_put_double(sink_open(&s), NULL, -1e300, UINT_MAX);
        json_line(&s.json);
        ck_assert_int_eq(fclose(s.json.f), 0);
        ck_assert_double_eq(strtod(s.text, NULL), -1e300);
        free(s.text);
}
END_TEST

START_TEST(decimal_point_in_any_locale) {
        static const char *const comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
        Sink s;
        bool found = false;

        for (size_t i = 0; i < ELEMENTSOF(comma) && !found; i++)
                found = setlocale(LC_NUMERIC, comma[i]) && streq(localeconv()->decimal_point, ",");
        if (!found)
                printf("skipped: no locale with a decimal comma is installed\n");
        json_put_double(sink_open(&s), NULL, 0.25, 2);
        setlocale(LC_NUMERIC, "C");
        sink_expect(&s, "0.25");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("json");
        TCase *t = tcase_create("json");

        tcase_add_test(t, commas_and_nesting);
        tcase_add_test(t, strings_are_escaped);
        tcase_add_test(t, keys_are_escaped);
        tcase_add_test(t, numbers);
        tcase_add_test(t, largest_number_survives);
        tcase_add_test(t, decimal_point_in_any_locale);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
