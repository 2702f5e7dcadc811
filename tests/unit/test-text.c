/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text for a person's terminal. */
#include <check.h>
#include <math.h>

#include "ctl/text.h"
#include "suite.h"
#include "util.h"

START_TEST(durations) {
        static const struct {
                double seconds;
                unsigned decimals;
                const char *out;
        } table[] = {
                { 0, 0, "0:00:00" },            { 3723.4, 0, "1:02:03" },      { 3723.4561, 3, "1:02:03.456" },
                { 59.9996, 3, "0:01:00.000" },  { 59.6, 0, "0:01:00" },        { 3599.9999, 3, "1:00:00.000" },
                { 360000, 0, "100:00:00" },     { NAN, 0, "-" },               { INFINITY, 3, "-" },
                { 0.0004, 3, "0:00:00.000" },
        };
        char text[40];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ck_assert_str_eq(text_duration(table[i].seconds, table[i].decimals, text), table[i].out);
}
END_TEST

START_TEST(rates_need_exposure) {
        char text[64];

        ck_assert_str_eq(text_rate(6, 120, text), "3.00");
        ck_assert_str_eq(text_rate(0, 60, text), "0.00");
        ck_assert_str_eq(text_rate(5, 0, text), "-");
        ck_assert_str_eq(text_rate(5, NAN, text), "-");
}
END_TEST

START_TEST(air_has_no_number) {
        char text[64];

        ck_assert_str_eq(text_kohm(20345, 1, text), "20.3");
        ck_assert_str_eq(text_kohm(500e3, 1, text), "500.0");
        ck_assert_str_eq(text_kohm(500001, 1, text), ">500");
        ck_assert_str_eq(text_kohm(46865.4e3, 1, text), ">500");
        ck_assert_str_eq(text_kohm(INFINITY, 0, text), ">500");
        ck_assert_str_eq(text_kohm(NAN, 1, text), "-");
}
END_TEST

START_TEST(terminal_is_not_driven_by_labels) {
        char *text;
        size_t size;

        ck_assert_int_eq(text_width("5 \xc2\xb5V"), 4);
        FILE *f = open_memstream(&text, &size);
        text_print(f, "a\x1b[31m\n", 8);
        text_print(f, "\xc2\xb5V", 3);
        fputc('|', f);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_str_eq(text, "a?[31m? \xc2\xb5V |");
        free(text);

        /* C1 controls, the direction of writing, what is no UTF-8, a character cut off */
        f = open_memstream(&text, &size);
        text_print(f, "\xc2\x9b[\xe2\x80\xae\xff\x9bx\xe3\x81", 8);
        fputc('|', f);
        ck_assert_int_eq(text_write(f, "a\tb\n", 4, "\n"), 4);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_str_eq(text, "?[???x??|a?b\n");
        free(text);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("text");
        TCase *t = tcase_create("text");

        tcase_add_test(t, durations);
        tcase_add_test(t, rates_need_exposure);
        tcase_add_test(t, air_has_no_number);
        tcase_add_test(t, terminal_is_not_driven_by_labels);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
