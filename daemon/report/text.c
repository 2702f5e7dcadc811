/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "answers/sayings.h"
#include "ctl/say.h"
#include "ctl/text.h"
#include "report.h"

#define WIDTH 100

static void print_lines(FILE *out, Lines *l, int indent) {
        for (size_t i = 0; i < l->n; i++) {
                fprintf(out, "%*s", indent, "");
                text_wrap(out, l->items[i], indent, WIDTH);
        }
        lines_done(l);
}

static void print_row(FILE *out, char cells[BLOCKS_COLUMNS][BLOCKS_CELL]) {
        static const int widths[BLOCKS_COLUMNS] = { 16, 20, 13, 15, 11, 5, 11, 9 };

        for (unsigned i = 0; i < BLOCKS_COLUMNS; i++)
                fprintf(out, i == 0 ? "%-*s" : "%*s", widths[i], cells[i]);
        putc('\n', out);
}

static void print_sites(FILE *out, const Profile *f) {
        char cells[BLOCKS_COLUMNS][BLOCKS_CELL];

        fprintf(out, "%s\n", SAY_BY_SITE);
        blocks_site_titles(cells);
        print_row(out, cells);
        for (size_t i = 0; i < f->n_sites && i < 8; i++) {
                blocks_site_row(f, f->sites + i, cells);
                print_row(out, cells);
        }
}

/* "11-02 3.1": the sessions of the last fortnight */
static void print_days(FILE *out, const Profile *f) {
        Lines l = {};
        char list[1024] = "";
        size_t n = f->trend.n_rows;

        for (size_t i = n > 14 ? n - 14 : 0; i < n; i++) {
                const TrendRow *row = f->trend.rows + i;
                char date[DATE_SIZE];
                size_t at = strlen(list);

                say_date(row->start_usec, row->utc_offset_s, date);
                if (row->noisy)
                        snprintf(list + at, sizeof(list) - at, "%s%s %s", at ? ", " : "", date + 5,
                                 SAY_NOISY);
                else
                        snprintf(list + at, sizeof(list) - at, "%s%s %.2f", at ? ", " : "", date + 5,
                                 row->rate.per_min);
        }
        lines_add(&l, "%s: %s", SAY_BY_DAY, list[0] ? list : "-");
        print_lines(out, &l, 0);
}

int report_text(const Past *p, const Profile *f, const ReportOptions *o, FILE *out) {
        Lines l = {};

        fprintf(out, "%s\n", SAY_PROFILE);
        blocks_head(p, f, o, &l);
        print_lines(out, &l, 0);
        fprintf(out, "%s\n", SAY_SUFFICIENCY);
        blocks_sufficiency(f, &l);
        print_lines(out, &l, 2);
        print_sites(out, f);
        blocks_most(f, &l);
        print_lines(out, &l, 0);
        print_days(out, f);
        blocks_hours(f, &l);
        print_lines(out, &l, 0);
        lines_add(&l, SAY_SEE_NEUROLOGIST);
        lines_add(&l, SAY_CANNOT_TELL);
        print_lines(out, &l, 0);
        return ferror(out) ? -EIO : 0;
}
