/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables and wrapped text as a terminal would show them; and which word is near to which. */
#include <check.h>
#include <locale.h>
#include <wchar.h>

#include "ctl/hint.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "suite.h"

/* Columns that the terminal gives to a line */
static int columns_of(const char *line, size_t n) {
        wchar_t wide[512];
        char copy[1024];

        ck_assert_uint_lt(n, sizeof copy);
        snprintf(copy, sizeof copy, "%.*s", (int) n, line);
        size_t k = mbstowcs(wide, copy, ELEMENTSOF(wide));
        ck_assert_uint_ne(k, (size_t) -1);
        return wcswidth(wide, k);
}

static int widest(const char *text) {
        int most = 0;

        for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
                int n = columns_of(text, strcspn(text, "\n"));
                most = MAX(most, n);
        }
        return most;
}

static const TableColumn columns[] = {
        { "ch", TABLE_RIGHT }, { "label", TABLE_TRUNCATE }, { "noise uV", TABLE_RIGHT },
        { "electrodes", 0 }, {},
};

static char* print_table(const char *label) {
        _cleanup_(table_freep) Table *t = table_new(columns);
        char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        ck_assert_ptr_nonnull(f);
        for (int i = 1; i <= 2; i++) {
                table_add_row(t);
                table_set(t, 0, "%d", i);
                table_set(t, 1, "%s", i == 1 ? label : "left calf");
                table_set(t, 2, "%.2f", 2.25 * i);
                table_set(t, 3, "ok");
                table_set_style(t, 3, TABLE_GREEN);
        }
        ck_assert_uint_eq(table_rows(t), 2);
        ck_assert_int_eq(table_print(t, f), 0);
        fclose(f);
        return text;
}

START_TEST(columns_line_up) {
        /* plain, wide (two columns each), combining (none), an emoji */
        static const char *const labels[] = { "thigh", "左のふくらはぎ", "Obersche\xcc\x88nkel", "🦵 links" };

        for (size_t i = 0; i < ELEMENTSOF(labels); i++) {
                _cleanup_free_ char *text = print_table(labels[i]);
                const char *first = strchr(text, '\n') + 1, *second = strchr(first, '\n') + 1;
                int a = columns_of(first, (size_t) (strstr(first, "2.25") - first));
                int b = columns_of(second, (size_t) (strstr(second, "4.50") - second));

                ck_assert_msg(a == b, "%s:\n%s", labels[i], text);
                ck_assert_ptr_nonnull(strstr(text, labels[i]));
                ck_assert_ptr_null(strchr(text, '\033'));       /* no colour into a file */
        }
}
END_TEST

START_TEST(no_wider_than_the_terminal) {
        static const int widths[] = { 40, 80, 132 };
        char label[700] = "";

        for (int i = 0; i < 60; i++)
                strcat(label, "左");
        for (size_t i = 0; i < ELEMENTSOF(widths); i++) {
                char s[16];

                snprintf(s, sizeof s, "%d", widths[i]);
                setenv("COLUMNS", s, 1);
                _cleanup_free_ char *text = print_table(label);
                ck_assert_msg(widest(text) <= widths[i], "%d columns:\n%s", widths[i], text);
                ck_assert_ptr_nonnull(strstr(text, "ok"));
        }
        unsetenv("COLUMNS");
}
END_TEST

START_TEST(nothing_drives_the_terminal) {
        _cleanup_free_ char *text = print_table("a\033[2J\nb\rc\tdå");

        ck_assert_ptr_nonnull(strstr(text, "a?[2J?b?c?då"));
}
END_TEST

START_TEST(text_is_wrapped) {
        static const char *const words = "one two threeä four\n\n  kept   as it is\nfive";
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        text_wrap(f, words, 2, 12);
        fclose(f);
        ck_assert_str_eq(text, "one two\n  threeä\n  four\n\n    kept   as it is\n  five\n");
}
END_TEST

START_TEST(distance_of_words) {
        static const struct {
                const char *a, *b;
                unsigned n;
        } table[] = {
                { "", "", 0 }, { "", "abc", 3 }, { "status", "status", 0 }, { "stauts", "status", 1 },
                { "statu", "status", 1 }, { "sttaus", "status", 1 }, { "list", "status", 5 },
                { "kitten", "sitting", 3 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ck_assert_uint_eq(hint_distance(table[i].a, table[i].b), table[i].n);
                ck_assert_uint_eq(hint_distance(table[i].b, table[i].a), table[i].n);
        }
        ck_assert_uint_ge(hint_distance("a", "0123456789012345678901234567890123456789012345"), 40);
}
END_TEST

int main(void) {
        Suite *s = suite_create("table");
        TCase *c = tcase_create("table");

        setlocale(LC_CTYPE, "C.UTF-8");
        unsetenv("COLUMNS");
        tcase_add_test(c, columns_line_up);
        tcase_add_test(c, no_wider_than_the_terminal);
        tcase_add_test(c, nothing_drives_the_terminal);
        tcase_add_test(c, text_is_wrapped);
        tcase_add_test(c, distance_of_words);
        suite_add_tcase(s, c);
        return suite_done(s);
}
