/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages on paper: A4 portrait, points, black on white; hollow marks and hatching instead of colours. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>

#include "answers/sayings.h"
#include "answers/units.h"
#include "ctl/say.h"
#include "draw.h"
#include "report.h"

/* --- 3. table ----------------------------------------------------------------------------- */

static void table_row(Page *p, char cells[BLOCKS_COLUMNS][BLOCKS_CELL], bool bold) {
        static const double right[BLOCKS_COLUMNS] = { 0, 190, 255, 330, 390, 420, 470, INNER };

        (void) text_at(p->c, MARGIN, p->y, 0, NORMAL - 0.5, bold, PANGO_ALIGN_LEFT, cells[0]);
        for (unsigned i = 1; i < BLOCKS_COLUMNS; i++)
                (void) text_at(p->c, MARGIN + right[i] - 110, p->y, 110, NORMAL - 0.5, bold,
                              PANGO_ALIGN_RIGHT, cells[i]);
        p->y += 11;
}

static void table(Page *p, const Profile *f) {
        char cells[BLOCKS_COLUMNS][BLOCKS_CELL];
        Lines l = {};

        title(p, SAY_BY_SITE, NULL);
        blocks_site_titles(cells);
        table_row(p, cells, true);
        line(p, MARGIN, p->y - 1, MARGIN + INNER, p->y - 1, 0.5);
        for (size_t i = 0; i < f->n_sites && i < 8; i++) {
                blocks_site_row(f, f->sites + i, cells);
                table_row(p, cells, false);
        }
        blocks_most(f, &l);
        lines_add(&l, SAY_TABLE_KEY);
        paragraphs(p, &l, SMALL);
}

/* --- plots -------------------------------------------------------------------------------- */

static double day_x(const Profile *f, const Frame *g, int64_t usec) {
        return g->x + g->width * (double) (usec - f->from_usec) / (double) (f->to_usec - f->from_usec);
}

/* With more sessions the intervals would cover each other. */
#define SESSIONS_MANY 45u

static void session_mark(Page *p, const Profile *f, const Frame *g, const TrendRow *row) {
        double radius = 1 + fmin(sqrt(row->rest_min) / 4, 3), x = day_x(f, g, row->start_usec);
        double y = row->noisy ? g->y : frame_y(g, row->rate.per_min);

        if (f->trend.n_rows > SESSIONS_MANY)
                radius = 1;
        else if (!row->noisy && !isnan(row->rate.low_per_min))
                line(p, x, frame_y(g, row->rate.low_per_min), x, frame_y(g, row->rate.high_per_min), 0.4);
        cairo_arc(p->c, x, y, radius, 0, 2 * M_PI);
        cairo_set_source_rgb(p->c, row->noisy, row->noisy, row->noisy);
        cairo_fill_preserve(p->c);
        cairo_set_source_rgb(p->c, 0, 0, 0);
        cairo_set_line_width(p->c, 0.6);
        cairo_stroke(p->c);
}

static void day_ticks(Page *p, const Profile *f, const Frame *g) {
        int step = MAX(1, f->n_days / 14);

        for (int day = 0; day <= f->n_days; day += step) {
                int64_t usec = f->from_usec + day * 86400 * INT64_C(1000000);
                char date[DATE_SIZE];

                if (usec >= f->to_usec)
                        break;
                line(p, day_x(f, g, usec), g->y, day_x(f, g, usec), g->y + 2, 0.4);
                label(p, day_x(f, g, usec) + 1, g->y + 2, say_date(usec, say_utc_offset_s(usec), date) + 5);
        }
}

/* A line for each kind that was logged, five at most, with a stroke for each entry. */
static void diary(Page *p, const Past *past, const Profile *f, const Frame *g) {
        unsigned rows = 0;

        for (unsigned kind = 0; kind < past->n_kinds && rows < 5; kind++) {
                double y = g->y + 13 + 8 * rows;
                bool any = false;

                for (size_t i = 0; i < past->n_entries; i++) {
                        const PastEntry *e = past->entries + i;

                        if (e->kind != kind || !blocks_entry_counts(f, e))
                                continue;
                        any = true;
                        line(p, day_x(f, g, e->time_usec), y + 1, day_x(f, g, e->time_usec), y + 7, 0.8);
                }
                if (any) {
                        label_right(p, g->x - 3, y, past->kinds[kind].name);
                        rows++;
                }
        }
        p->y = g->y + 14 + 8 * rows;
}

static void days(Page *p, const Past *past, const Profile *f) {
        Frame g = { .x = MARGIN + 62, .width = INNER - 62, .height = 125,
                    .most = trend_plot_top(&f->trend) };

        title(p, SAY_BY_DAY, SAY_BY_DAY_KEY);
        g.y = p->y + g.height;
        frame_draw(p, &g);
        for (size_t i = 0; i < f->trend.n_rows; i++)
                session_mark(p, f, &g, f->trend.rows + i);
        day_ticks(p, f, &g);
        diary(p, past, f, &g);
}

static void hour_band(Page *p, const Frame *g, int hour, const Spread *s) {
        double x = g->x + g->width * (hour + 0.15) / 24, width = g->width * 0.7 / 24;

        cairo_set_line_width(p->c, 0.6);
        cairo_rectangle(p->c, x, frame_y(g, s->q3), width, frame_y(g, s->q1) - frame_y(g, s->q3));
        cairo_stroke(p->c);
        line(p, x, frame_y(g, s->median), x + width, frame_y(g, s->median), 1.5);
}

static void hour_dots(Page *p, const Profile *f, const Frame *g) {
        for (size_t i = 0; i < f->trend.n_hours; i++) {
                const TrendSitting *s = f->trend.hours + i;

                if (s->noisy || f->hours[s->at].n >= PROFILE_HOUR_SESSIONS)
                        continue;
                cairo_arc(p->c, g->x + g->width * ((double) s->at + 0.5) / 24,
                          frame_y(g, s->span.events / s->span.exposure_min), 1.5, 0, 2 * M_PI);
                cairo_fill(p->c);
        }
}

/* An hour of a night may have many more than the night as a whole. */
static double largest_hour(const Profile *f) {
        double most = 0;

        for (int hour = 0; hour < 24; hour++)
                most = fmax(most, f->hours[hour].most);
        return most > 0 ? 1.05 * most : 1;
}

static void hours(Page *p, const Profile *f) {
        Frame g = { .x = MARGIN + 62, .width = INNER - 62, .height = 80, .most = largest_hour(f) };
        Lines l = {};
        char text[24], key[128];

        snprintf(key, sizeof(key), SAY_BY_HOUR_KEY, PROFILE_HOUR_SESSIONS);
        title(p, SAY_BY_HOUR, key);
        g.y = p->y + g.height;
        frame_draw(p, &g);
        for (int hour = 0; hour <= 24; hour += 3) {
                snprintf(text, sizeof(text), "%d h", hour);
                label(p, g.x + g.width * hour / 24 - (hour == 24 ? 14 : 0), g.y + 2, text);
        }
        for (int hour = 0; hour < 24; hour++)
                if (f->hours[hour].n >= PROFILE_HOUR_SESSIONS)
                        hour_band(p, &g, hour, f->hours + hour);
        hour_dots(p, f, &g);
        p->y = g.y + 12;
        blocks_hours(f, &l);
        paragraphs(p, &l, SMALL);
}

/* --- 6. single days ----------------------------------------------------------------------- */

#define BINS 60

typedef struct Bins {
        double counts[BINS];
} Bins;

/* All sessions of a day one after another, in BINS parts of the time that was measured. */
static int count_day(const Past *past, const ProfileDay *day, Bins *ret) {
        double total_s = 0, before_s = 0;
        int r = 0;

        *ret = (Bins) {};
        for (size_t i = day->first; i < day->first + day->n_sessions; i++)
                if (past_session_counts(past->sessions + i))
                        total_s += (double)(past->sessions[i].end_usec - past->sessions[i].start_usec) / 1e6;
        for (size_t i = day->first; i < day->first + day->n_sessions && r >= 0; i++) {
                const PastSession *s = past->sessions + i;
                double *times = NULL;
                size_t n = 0;

                if (!past_session_counts(s))
                        continue;
                r = past_twitch_times(past, s, -1, &times, &n);
                for (size_t k = 0; k < n; k++) {
                        double share = (before_s + times[k]) / total_s;

                        if (share >= 0 && share < 1)
                                ret->counts[(unsigned) (share * BINS)]++;
                }
                free(times);
                before_s += (double) (s->end_usec - s->start_usec) / 1e6;
        }
        return r;
}

#define RASTER_HEIGHT 34.0

static void raster(Page *p, const ProfileDay *day, const Bins *bins, double most, double x, double y,
                   double width) {
        double bottom = y + 9 + RASTER_HEIGHT;
        char date[DATE_SIZE];

        label(p, x, y, say_date(day->day * 86400 * INT64_C(1000000), 0, date) + 5);
        line(p, x, bottom, x + width, bottom, 0.4);
        for (unsigned k = 0; k < BINS; k++) {
                double height = RASTER_HEIGHT * bins->counts[k] / most;

                cairo_rectangle(p->c, x + width * k / BINS, bottom - height, width / BINS * 0.7, height);
        }
        cairo_fill(p->c);
}

static int rasters(Page *p, const Past *past, const Profile *f) {
        double width = (INNER - 6 * 8) / 7, most = 1;
        Bins bins[PROFILE_DAYS];
        char key[96];
        int r = 0;

        for (size_t i = 0; i < f->n_rasters && r >= 0; i++) {
                r = count_day(past, f->rasters + i, bins + i);
                for (unsigned k = 0; k < BINS; k++)
                        most = fmax(most, bins[i].counts[k]);
        }
        if (r < 0)
                return r;
        snprintf(key, sizeof(key), SAY_DAYS_KEY, most);
        title(p, SAY_DAYS, key);
        for (size_t i = 0; i < f->n_rasters; i++)
                raster(p, f->rasters + i, bins + i, most, MARGIN + (double) (i % 7) * (width + 8),
                       p->y + (RASTER_HEIGHT + 14) * (double) (i / 7), width);
        p->y += (RASTER_HEIGHT + 14) * (double) ((f->n_rasters + 6) / 7);
        return 0;
}

/* --- pages -------------------------------------------------------------------------------- */

static int page_1(Page *p, const Past *past, const Profile *f, const ReportOptions *o) {
        Lines l = {};
        int r = 0;

        p->y = MARGIN;
        p->y += text_at(p->c, MARGIN, p->y, 0, LARGE + 4, true, PANGO_ALIGN_LEFT, SAY_PROFILE) + 2;
        blocks_head(past, f, o, &l);
        paragraphs(p, &l, NORMAL);
        title(p, SAY_SUFFICIENCY, NULL);
        blocks_sufficiency(f, &l);
        paragraphs(p, &l, NORMAL);
        table(p, f);
        if (f->enough) {
                days(p, past, f);
                hours(p, f);
                r = rasters(p, past, f);
        }
        p->y = MAX(p->y + 4, PAGE_HEIGHT - 85);
        line(p, MARGIN, p->y - 3, MARGIN + INNER, p->y - 3, 0.5);
        lines_add(&l, SAY_SEE_NEUROLOGIST);
        lines_add(&l, SAY_CANNOT_TELL);
        paragraphs(p, &l, NORMAL - 0.5);
        return r;
}

/* The last session that counts in the period; NULL: none. */
static const PastSession* last_session(const Past *past, const Profile *f) {
        for (size_t i = past->n_sessions; i-- > 0;) {
                const PastSession *s = past->sessions + i;

                if (past_session_counts(s) && s->start_usec >= f->from_usec && s->start_usec < f->to_usec)
                        return s;
        }
        return NULL;
}

#define SHAPE_WIDTH 150.0
#define SHAPE_HEIGHT 45.0

static void unit_shape(Page *p, const Unit *u, double x, double y) {
        double low = 0, high = 0;
        char text[64];

        for (unsigned i = 0; i < u->n_samples; i++) {
                low = fmin(low, u->shape_uv[i]);
                high = fmax(high, u->shape_uv[i]);
        }
        if (u->n_samples == 0 || !(high > low))
                return;
        for (unsigned i = 0; i < u->n_samples; i++)
                cairo_line_to(p->c, x + SHAPE_WIDTH * i / u->n_samples,
                              y + SHAPE_HEIGHT * (high - u->shape_uv[i]) / (high - low));
        cairo_set_line_width(p->c, 0.7);
        cairo_stroke(p->c);
        snprintf(text, sizeof(text), SAY_UNIT_SHAPE, high - low, u->duration_ms, u->n_waveforms);
        label(p, x, y + SHAPE_HEIGHT + 1, text);
}

static void unit_intervals(Page *p, const Unit *u, double x, double y) {
        size_t most = 1;

        for (unsigned k = 0; k < UNITS_INTERVAL_BINS; k++)
                most = MAX(most, u->intervals[k]);
        for (unsigned k = 0; k < UNITS_INTERVAL_BINS; k++) {
                double height = SHAPE_HEIGHT * (double) u->intervals[k] / (double) most;

                cairo_rectangle(p->c, x + 6 * k, y + SHAPE_HEIGHT - height, 5, height);
        }
        cairo_fill(p->c);
        line(p, x, y + SHAPE_HEIGHT, x + 6 * UNITS_INTERVAL_BINS, y + SHAPE_HEIGHT, 0.4);
        label(p, x, y + SHAPE_HEIGHT + 1, SAY_UNIT_INTERVALS);
}

static int units(Page *p, const Past *past, const Profile *f) {
        const PastSession *s = last_session(past, f);
        Units u = {};
        char text[128], date[DATE_SIZE];
        int r = s ? units_read(past, s, &u) : 0;

        if (r < 0 || u.n == 0)
                return r;
        snprintf(text, sizeof(text), SAY_UNITS, say_date(s->start_usec, s->utc_offset_s, date));
        title(p, text, NULL);
        for (size_t i = 0; i < u.n; i++) {
                double x = MARGIN + (double) (i % 2) * (INNER / 2);

                snprintf(text, sizeof(text), SAY_UNIT, u.items[i].site, u.items[i].n, u.items[i].mean_uv);
                (void) text_at(p->c, x, p->y, 0, SMALL, true, PANGO_ALIGN_LEFT, text);
                unit_shape(p, u.items + i, x, p->y + 11);
                unit_intervals(p, u.items + i, x + SHAPE_WIDTH + 12, p->y + 11);
                if (i % 2 == 1 || i + 1 == u.n)
                        p->y += SHAPE_HEIGHT + 24;
        }
        return 0;
}

static int page_2(Page *p, const Past *past, const Profile *f) {
        Lines l = {};

        p->y = MARGIN;
        title(p, SAY_TRIGGERS, NULL);
        blocks_goes(past, f, &l);
        paragraphs(p, &l, NORMAL);
        title(p, SAY_EXPERIMENTS, NULL);
        blocks_experiments(past, &l);
        paragraphs(p, &l, NORMAL);
        title(p, SAY_FELT, NULL);
        lines_of_felt(&f->agree, &l);
        paragraphs(p, &l, NORMAL);
        title(p, SAY_HOW, NULL);
        blocks_how(past, &l);
        lines_add(&l, SAY_NOT_MEDICAL_1);
        paragraphs(p, &l, NORMAL);
        return units(p, past, f);
}

static int draw(cairo_surface_t *surface, const Past *p, const Profile *f, const ReportOptions *o,
                bool page_2_too) {
        Page page = { .c = cairo_create(surface) };
        cairo_status_t status;
        int r;

        r = page_1(&page, p, f, o);
        cairo_show_page(page.c);
        if (page_2_too && r >= 0) {
                r = page_2(&page, p, f);
                cairo_show_page(page.c);
        }
        cairo_destroy(page.c);
        cairo_surface_finish(surface);
        status = cairo_surface_status(surface);
        cairo_surface_destroy(surface);
        return r < 0                              ? r
               : status == CAIRO_STATUS_SUCCESS   ? 0
               : status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM
                                                  : -EIO;
}

int report_pdf(const Past *p, const Profile *f, const ReportOptions *o, FILE *out) {
        cairo_surface_t *surface =
                        cairo_pdf_surface_create_for_stream(draw_write, out, PAGE_WIDTH, PAGE_HEIGHT);

        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, SAY_PROFILE);
        return draw(surface, p, f, o, o->page_2);
}

int report_svg(const Past *p, const Profile *f, const ReportOptions *o, FILE *out) {
        return draw(cairo_svg_surface_create_for_stream(draw_write, out, PAGE_WIDTH, PAGE_HEIGHT), p, f, o,
                    false);
}
