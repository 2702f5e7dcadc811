/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsmartcols.h>
#include <stdarg.h>

#include "table.h"
#include "text.h"

struct Table {
        struct libscols_table *table;
        struct libscols_line *row;      /* the last */
        int error;                      /* the first, negative */
};

static void remember(Table *t, int r) {
        if (r < 0 && t->error >= 0)
                t->error = r;
}

bool table_has_colours(FILE *f) {
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(fileno(f)) && !(no && no[0]) && term && !streq(term, "dumb");
}

static int flags_to_scols(TableFlags flags) {
        return (flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & TABLE_TRUNCATE ? SCOLS_FL_TRUNC : 0) |
               (flags & TABLE_WRAP ? SCOLS_FL_WRAP : 0);
}

Table* table_new(const TableColumn *columns) {
        _cleanup_(table_freep) Table *t = calloc(1, sizeof *t);

        if (!t || !(t->table = scols_new_table()))
                return NULL;
        remember(t, scols_table_set_column_separator(t->table, "  "));
        for (const TableColumn *c = columns; c->title; c++)
                if (!scols_table_new_column(t->table, c->title, 0, flags_to_scols(c->flags)))
                        return NULL;
        return TAKE_PTR(t);
}

Table* table_free(Table *t) {
        if (!t)
                return NULL;
        scols_unref_table(t->table);
        free(t);
        return NULL;
}

void table_hide_titles(Table *t) {
        if (t)
                remember(t, scols_table_enable_noheadings(t->table, 1));
}

void table_add_row(Table *t) {
        if (!t)
                return;
        t->row = scols_table_new_line(t->table, NULL);
        if (!t->row)
                remember(t, -ENOMEM);
}

void table_set(Table *t, unsigned column, const char *format, ...) {
        _cleanup_free_ char *text = NULL, *harmless = NULL;
        size_t size;
        va_list ap;

        if (!t || !t->row)
                return;
        va_start(ap, format);
        int r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                text = NULL;
        FILE *f = open_memstream(&harmless, &size);
        if (f && text)
                text_print(f, text, 0);
        if (!f || fclose(f) != 0 || !text)
                remember(t, -ENOMEM);
        else
                remember(t, scols_line_set_data(t->row, column, harmless));
}

void table_set_style(Table *t, unsigned column, TableStyle style) {
        /* Escape sequences of ECMA-48, section 8.3.117 */
        static const char *const sequences[_TABLE_STYLE_MAX] = {
                [TABLE_BOLD] = "\033[1m",
                [TABLE_DIM] = "\033[2m",
                [TABLE_GREEN] = "\033[32m",
                [TABLE_YELLOW] = "\033[33m",
        };
        struct libscols_cell *cell = t && t->row ? scols_line_get_cell(t->row, column) : NULL;

        if (cell && sequences[style])
                remember(t, scols_cell_set_color(cell, sequences[style]));
}

size_t table_rows(const Table *t) {
        return t ? scols_table_get_nlines(t->table) : 0;
}

int table_print(Table *t, FILE *f) {
        if (!t)
                return -ENOMEM;
        if (t->error < 0 || table_rows(t) == 0)
                return t->error;
        /* As wide into a file as on a terminal of 80 columns, or what is read there would look different. */
        int r;
        if ((r = scols_table_set_stream(t->table, f)) < 0 ||
            (r = scols_table_set_termforce(t->table, SCOLS_TERMFORCE_ALWAYS)) < 0 ||
            (r = scols_table_set_termwidth(t->table, (size_t) text_columns())) < 0 ||
            (r = scols_table_enable_colors(t->table, table_has_colours(f))) < 0)
                return r;
        return scols_print_table(t->table);
}
