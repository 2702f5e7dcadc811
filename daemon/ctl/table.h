/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table for a person's terminal, by libsmartcols: columns as wide as what is in them, with wide and
 * combining characters counted as the terminal shows them, and no wider in all than the terminal (or 80
 * columns).
 *
 *      static const TableColumn columns[] = {
 *              { "channel", TABLE_RIGHT }, { "label", TABLE_TRUNCATE }, { "noise uV", TABLE_RIGHT }, {},
 *      };
 *      _cleanup_(table_freep) Table *t = table_new(columns);
 *      table_add_row(t);
 *      table_set(t, 0, "%u", n);
 *      table_set(t, 1, "%s", label);
 *      table_set_style(t, 2, TABLE_DIM);
 *      r = table_print(t, stdout);
 *
 * Whatever fails is remembered and told by table_print(); nothing need be checked before.
 */
#pragma once

#include <stdio.h>

#include "util.h"

typedef enum TableFlags {
        TABLE_RIGHT = 1 << 0,           /* numbers */
        TABLE_TRUNCATE = 1 << 1,        /* gives way where there is no room: the end is left out */
        TABLE_WRAP = 1 << 2,            /* gives way, too: goes on in the next line */
} TableFlags;

/* Shown on a terminal only, and always beside a word that says the same. */
typedef enum TableStyle {
        TABLE_PLAIN,
        TABLE_BOLD,
        TABLE_DIM,
        TABLE_GREEN,
        TABLE_YELLOW,
        _TABLE_STYLE_MAX,
} TableStyle;

typedef struct TableColumn {
        const char *title;              /* "" for none; the last column is {} */
        TableFlags flags;
} TableColumn;

typedef struct Table Table;

Table* table_new(const TableColumn *columns);
Table* table_free(Table *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(Table*, table_free);

/* Without the line of titles */
void table_hide_titles(Table *t);

/* The cells of the new row are empty. */
void table_add_row(Table *t);

/* Of the last row. Control characters, which could drive a terminal, become '?'. */
_printf_(3, 4) void table_set(Table *t, unsigned column, const char *format, ...);
void table_set_style(Table *t, unsigned column, TableStyle style);

size_t table_rows(const Table *t);

/*
 * 0 or a negative errno; one for all that went wrong since table_new(). Prints nothing if there is no row.
 */
int table_print(Table *t, FILE *f);

/* A terminal that shows colours, and nobody asked for none ($NO_COLOR, TERM=dumb). */
bool table_has_colours(FILE *f);
