/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rates of `twitchctl trends` as a picture: a mark for each row, its interval as a line. */
#include <cairo-svg.h>
#include <math.h>

#include "answers/sayings.h"
#include "ctl/say.h"
#include "draw.h"
#include "report.h"

#define PICTURE_WIDTH 640.0
#define PICTURE_HEIGHT 260.0
#define SCALE 2.0                       /* dots of a PNG for each point */

static double x_of(const Trend *t, const Frame *g, TrendBy by, const TrendRow *row) {
        double from = (double) t->rows[0].start_usec, to = (double) t->rows[t->n_rows - 1].start_usec;

        if (by == TREND_BY_HOUR)
                return g->x + g->width * ((double) row->at + 0.5) / 24;
        return g->x + g->width * (to > from ? ((double) row->start_usec - from) / (to - from) : 0.5);
}

static void marks(Page *p, const Trend *t, const Frame *g, TrendBy by) {
        for (size_t i = 0; i < t->n_rows; i++) {
                const TrendRow *row = t->rows + i;
                double x = x_of(t, g, by, row);
                char name[DATE_SIZE];

                if (!row->noisy) {
                        if (!isnan(row->rate.low_per_min))
                                line(p, x, frame_y(g, row->rate.low_per_min), x,
                                     frame_y(g, row->rate.high_per_min), 0.5);
                        cairo_arc(p->c, x, frame_y(g, row->rate.per_min), 2.2, 0, 2 * M_PI);
                        cairo_fill(p->c);
                }
                if (i % (t->n_rows / 10 + 1) != 0)
                        continue;
                if (by == TREND_BY_HOUR)
                        snprintf(name, sizeof(name), "%d h", (int) row->at);
                else
                        say_date(row->start_usec, row->utc_offset_s, name);
                label(p, x - 10, g->y + 3, name);
        }
}

static int draw(cairo_surface_t *surface, const Trend *t, TrendBy by, const char *site) {
        Page p = { .c = cairo_create(surface), .y = 8 };
        Frame g = {.x = 50,
                   .y = PICTURE_HEIGHT - 28,
                   .width = PICTURE_WIDTH - 90,
                   .height = PICTURE_HEIGHT - 75,
                   .most = trend_plot_top(t)};
        char text[256];

        cairo_set_source_rgb(p.c, 1, 1, 1);
        cairo_paint(p.c);
        cairo_set_source_rgb(p.c, 0, 0, 0);
        snprintf(text, sizeof(text), SAY_PICTURE, site, t->n_rows > 0 ? t->floor_uv : 0);
        (void) text_at(p.c, 20, p.y, 0, NORMAL + 1, true, PANGO_ALIGN_LEFT, text);
        (void) text_at(p.c, 20, p.y + 13, 0, SMALL, false, PANGO_ALIGN_LEFT, SAY_NOT_MEDICAL_1);
        frame_draw(&p, &g);
        if (t->n_rows > 0)
                marks(&p, t, &g, by);
        cairo_destroy(p.c);
        cairo_surface_flush(surface);
        return cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS ? 0 : -EIO;
}

int trend_plot_svg(const Trend *t, TrendBy by, const char *site, FILE *out) {
        cairo_surface_t *surface =
                        cairo_svg_surface_create_for_stream(draw_write, out, PICTURE_WIDTH, PICTURE_HEIGHT);
        int r = draw(surface, t, by, site);

        cairo_surface_finish(surface);
        if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
                r = -EIO;
        cairo_surface_destroy(surface);
        return r;
}

int trend_plot_png(const Trend *t, TrendBy by, const char *site, FILE *out) {
        cairo_surface_t *surface = cairo_image_surface_create(
                        CAIRO_FORMAT_RGB24, (int)(SCALE * PICTURE_WIDTH), (int)(SCALE * PICTURE_HEIGHT));
        int r;

        cairo_surface_set_device_scale(surface, SCALE, SCALE);
        r = draw(surface, t, by, site);
        if (r >= 0 && cairo_surface_write_to_png_stream(surface, draw_write, out) != CAIRO_STATUS_SUCCESS)
                r = -EIO;
        cairo_surface_destroy(surface);
        return r;
}
