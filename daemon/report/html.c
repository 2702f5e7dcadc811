/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file: no script, no font, no picture from elsewhere. A tick is a link to its waveform. */
#include <math.h>

#include "answers/sayings.h"
#include "ctl/say.h"
#include "report.h"

#define TICK_WIDTH 700
#define WAVE_WIDTH 300
#define WAVE_HEIGHT 100
#define SAMPLES_MAX 2000

static void escape(FILE *out, const char *s) {
        for (; *s; s++)
                switch (*s) {
                case '<':
                        fputs("&lt;", out);
                        break;
                case '>':
                        fputs("&gt;", out);
                        break;
                case '&':
                        fputs("&amp;", out);
                        break;
                case '"':
                        fputs("&quot;", out);
                        break;
                default:
                        putc(*s, out);
                }
}

static void element(FILE *out, const char *tag, const char *text) {
        fprintf(out, "<%s>", tag);
        escape(out, text);
        fprintf(out, "</%s>\n", tag);
}

static void paragraphs(FILE *out, Lines *l) {
        for (size_t i = 0; i < l->n; i++)
                element(out, "p", l->items[i]);
        lines_done(l);
}

static void table_row(FILE *out, char cells[BLOCKS_COLUMNS][BLOCKS_CELL], const char *tag) {
        fputs("<tr>", out);
        for (unsigned i = 0; i < BLOCKS_COLUMNS; i++)
                element(out, tag, cells[i]);
        fputs("</tr>\n", out);
}

static void sites(FILE *out, const Profile *f) {
        char cells[BLOCKS_COLUMNS][BLOCKS_CELL];

        element(out, "h2", SAY_BY_SITE);
        fputs("<table>\n", out);
        blocks_site_titles(cells);
        table_row(out, cells, "th");
        for (size_t i = 0; i < f->n_sites; i++) {
                blocks_site_row(f, f->sites + i, cells);
                table_row(out, cells, "td");
        }
        fputs("</table>\n", out);
}

static void days(FILE *out, const Profile *f) {
        double most = 0;

        for (size_t i = 0; i < f->trend.n_rows; i++)
                if (!f->trend.rows[i].noisy)
                        most = fmax(most, f->trend.rows[i].rate.per_min);
        element(out, "h2", SAY_BY_DAY);
        element(out, "p", SAY_BY_DAY_KEY);
        fprintf(out, "<svg viewBox=\"0 0 %d 160\"><path d=\"M0 150H%d\"/>\n", TICK_WIDTH, TICK_WIDTH);
        for (size_t i = 0; i < f->trend.n_rows; i++) {
                const TrendRow *row = f->trend.rows + i;
                double x = (double) (row->start_usec - f->from_usec) / (double) (f->to_usec - f->from_usec);
                double y = row->noisy || !(most > 0) ? 0 : row->rate.per_min / most;
                char date[DATE_SIZE];

                fprintf(out,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"%s\"><title>%s "
                        "%.2f</title></circle>\n",
                        10 + x * (TICK_WIDTH - 20), 150 - 140 * y, row->noisy ? "n" : "s",
                        say_date(row->start_usec, row->utc_offset_s, date),
                        row->noisy ? NAN : row->rate.per_min);
        }
        fputs("</svg>\n", out);
}

/* The first channel of an event: samples as a path, its height in the title */
static void waveform(FILE *out, int64_t event, sqlite3_stmt *q) {
        const uint8_t *bytes = sqlite3_column_blob(q, 5);
        int n = MIN(sqlite3_column_bytes(q, 5) / 3, SAMPLES_MAX);
        double uv = (double) sqlite3_column_int64(q, 4) / 1e6, low = INFINITY, high = -INFINITY;
        double samples[SAMPLES_MAX];

        for (int i = 0; i < n; i++) {
                uint32_t code = bytes[3 * i] | (uint32_t)bytes[3 * i + 1] << 8 |
                                (uint32_t)bytes[3 * i + 2] << 16;

                samples[i] = uv * ((int32_t) (code << 8) >> 8);
                low = fmin(low, samples[i]);
                high = fmax(high, samples[i]);
        }
        fprintf(out, "<svg class=\"w\" id=\"e%lld\" viewBox=\"0 0 %d %d\"><title>%.0f uV</title><path d=\"",
                (long long)event, WAVE_WIDTH, WAVE_HEIGHT, high - low);
        for (int i = 0; i < n; i++)
                fprintf(out, "%c%.1f %.1f", i ? 'L' : 'M', (double) i * WAVE_WIDTH / n,
                        WAVE_HEIGHT - WAVE_HEIGHT * (samples[i] - low) / fmax(high - low, 1e-9));
        fputs("\"/></svg>\n", out);
}

/* Ticks of a session along its length; those with a waveform are links. */
static int session(FILE *out, const Past *p, const PastSession *s) {
        static const char query[] =
                        "SELECT e.id, e.boottime_usec - s.start_boottime_usec, e.amplitude_nv, w.event IS "
                        "NOT NULL, w.lsb_pv,"
                        " w.samples FROM session s JOIN temp.sitting g ON g.session = s.id"
                        " JOIN event e ON e.session = g.id LEFT JOIN waveform w"
                        " ON w.event = e.id AND w.channel = e.channel WHERE s.id = ?1 ORDER BY "
                        "e.boottime_usec";
        double length_usec = (double) (s->end_usec - s->start_usec);
        char date[DATE_SIZE];
        int r = 0;

        element(out, "h3", say_date(s->start_usec, s->utc_offset_s, date));
        for (int waves = 0; waves < 2 && r >= 0; waves++) {
                _cleanup_sql_ sqlite3_stmt *q = NULL;

                if (!waves)
                        fprintf(out, "<svg viewBox=\"0 0 %d 24\"><path d=\"M0 22H%d\"/>\n", TICK_WIDTH,
                                TICK_WIDTH);
                r = sql_query(p->sql, &q, query, "i", s->id);
                while (r >= 0 && (r = sql_next(q)) > 0) {
                        int64_t id = sqlite3_column_int64(q, 0);
                        double x = TICK_WIDTH * sqlite3_column_double(q, 1) / length_usec;

                        if (waves) {
                                if (sqlite3_column_int(q, 3))
                                        waveform(out, id, q);
                                continue;
                        }
                        if (sqlite3_column_int(q, 3))
                                fprintf(out, "<a href=\"#e%lld\">", (long long) id);
                        fprintf(out, "<path d=\"M%.1f 2V20\"><title>%.0f uV</title></path>%s\n", x,
                                sqlite3_column_double(q, 2) / 1e3, sqlite3_column_int(q, 3) ? "</a>" : "");
                }
                if (!waves)
                        fputs("</svg>\n", out);
        }
        return r;
}

static int rasters(FILE *out, const Past *p, const Profile *f) {
        int r = 0;

        element(out, "h2", SAY_DAYS);
        for (size_t i = 0; i < f->n_rasters && r >= 0; i++)
                for (size_t k = 0; k < f->rasters[i].n_sessions && r >= 0; k++) {
                        const PastSession *s = p->sessions + f->rasters[i].first + k;

                        if (past_session_counts(s))
                                r = session(out, p, s);
                }
        return r;
}

static void more(FILE *out, const Past *p, const Profile *f) {
        Lines l = {};

        element(out, "h2", SAY_TRIGGERS);
        blocks_goes(p, f, &l);
        paragraphs(out, &l);
        element(out, "h2", SAY_EXPERIMENTS);
        blocks_experiments(p, &l);
        paragraphs(out, &l);
        element(out, "h2", SAY_FELT);
        lines_of_felt(&f->agree, &l);
        paragraphs(out, &l);
        element(out, "h2", SAY_HOW);
        blocks_how(p, &l);
        paragraphs(out, &l);
}

int report_html(const Past *p, const Profile *f, const ReportOptions *o, FILE *out) {
        Lines l = {};
        int r = 0;

        fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
              "<meta name=\"viewport\" content=\"width=device-width\"><title>" SAY_PROFILE
              "</title>\n<style>"
              "body{font:15px sans-serif;max-width:50em;margin:1em auto;padding:0 "
              "1em;color:#000;background:#fff}"
              "p{margin:.2em 0}table{border-collapse:collapse}td,th{padding:.1em .6em;text-align:right}"
              "td:first-child,th:first-child{text-align:left}svg{width:100%;display:block}"
              "path{stroke:#000;fill:none}.n{fill:#fff;stroke:#000}a path{stroke-width:2}"
              ".w{display:none;width:20em;border:1px solid "
              "#000}.w:target{display:block}</style></head><body>\n",
              out);
        element(out, "h1", SAY_PROFILE);
        blocks_head(p, f, o, &l);
        paragraphs(out, &l);
        element(out, "h2", SAY_SUFFICIENCY);
        blocks_sufficiency(f, &l);
        paragraphs(out, &l);
        sites(out, f);
        blocks_most(f, &l);
        lines_add(&l, SAY_TABLE_KEY);
        paragraphs(out, &l);
        if (f->enough) {
                days(out, f);
                element(out, "h2", SAY_BY_HOUR);
                blocks_hours(f, &l);
                paragraphs(out, &l);
                r = rasters(out, p, f);
        }
        if (o->page_2)
                more(out, p, f);
        lines_add(&l, SAY_SEE_NEUROLOGIST);
        lines_add(&l, SAY_CANNOT_TELL);
        paragraphs(out, &l);
        fputs("</body></html>\n", out);
        return r < 0 ? r : ferror(out) ? -EIO : 0;
}
