/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drawing of ctl/drawing.h as PNG, its pages below each other, or as PDF. */
#include <cairo-pdf.h>
#include <math.h>

#include "ctl/drawing.h"
#include "draw.h"
#include "report.h"

#define SCALE 1.5 /* dots of a PNG for each pixel of the drawing */
#define PNG_SIDE_MAX 32000.0 /* Cairo's limit is 32767 */
#define POINTS_PER_PIXEL 0.75
#define TEXT_WIDTH 400.0 /* for what ends at a place */
#define LINE_MAX_BYTES 1024

typedef struct Picture {
        cairo_t *c;
        double width, page_height;
        unsigned n_pages, page;
        bool pdf;
} Picture;

static void set_grey(cairo_t *c, double grey) {
        cairo_set_source_rgb(c, grey, grey, grey);
}

static int next_page(Picture *p) {
        if (p->page == p->n_pages)
                return -EBADMSG;
        if (p->page++ > 0) {
                if (p->pdf)
                        cairo_show_page(p->c);
                else
                        cairo_translate(p->c, 0, p->page_height);
        }
        return 0;
}

static void put_text(Picture *p, double x, double y, char align, const char *text) {
        double top = y - DRAWING_FONT_SIZE * 0.93; /* the ascent of the font of text_at() */

        set_grey(p->c, 0);
        if (align == DRAWING_RIGHT)
                (void) text_at(p->c, x - TEXT_WIDTH, top, TEXT_WIDTH, DRAWING_FONT_SIZE - 1, false,
                               PANGO_ALIGN_RIGHT, text);
        else
                (void) text_at(p->c, x, top, 0, DRAWING_FONT_SIZE - 1, false, PANGO_ALIGN_LEFT, text);
}

static void put_box(Picture *p, const double *n) {
        cairo_rectangle(p->c, n[0], n[1], n[2], n[3]);
        if (n[4] >= 0) {
                set_grey(p->c, n[4]);
                cairo_fill_preserve(p->c);
        }
        if (n[5] >= 0) {
                set_grey(p->c, n[5]);
                cairo_set_line_width(p->c, 0.5);
                cairo_stroke_preserve(p->c);
        }
        cairo_new_path(p->c);
}

static void stroke(Picture *p, double width) {
        set_grey(p->c, 0);
        cairo_set_line_width(p->c, width);
        cairo_stroke(p->c);
}

static void fill(Picture *p, double grey) {
        set_grey(p->c, grey);
        cairo_fill(p->c);
}

/* One line of the list */
static int put(Picture *p, const char *line) {
        double n[6];
        char align;
        int at = 0;

        if (line[0] == 'P')
                return next_page(p);
        if (sscanf(line, "T %lf %lf %c %n", n, n + 1, &align, &at) == 3 && at > 0)
                put_text(p, n[0], n[1], align, line + at);
        else if (sscanf(line, "B %lf %lf %lf %lf %lf %lf", n, n + 1, n + 2, n + 3, n + 4, n + 5) == 6)
                put_box(p, n);
        else if (sscanf(line, "M %lf %lf", n, n + 1) == 2)
                cairo_move_to(p->c, n[0], n[1]);
        else if (sscanf(line, "L %lf %lf", n, n + 1) == 2)
                cairo_line_to(p->c, n[0], n[1]);
        else if (sscanf(line, "S %lf", n) == 1)
                stroke(p, n[0]);
        else if (sscanf(line, "F %lf", n) == 1)
                fill(p, n[0]);
        else
                return -EBADMSG;
        return 0;
}

static int put_all(Picture *p, FILE *in) {
        char line[LINE_MAX_BYTES];
        int r = 0;

        while (r >= 0 && fgets(line, sizeof(line), in)) {
                line[strcspn(line, "\n")] = 0;
                r = put(p, line);
        }
        return r >= 0 && ferror(in) ? -EIO : r;
}

static int write_pdf(Picture *p, FILE *in, FILE *out) {
        cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
                draw_write, out, p->width * POINTS_PER_PIXEL, p->page_height * POINTS_PER_PIXEL);

        p->c = cairo_create(surface);
        cairo_scale(p->c, POINTS_PER_PIXEL, POINTS_PER_PIXEL);
        int r = put_all(p, in);
        cairo_destroy(p->c);
        cairo_surface_finish(surface);
        if (r >= 0 && cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
                r = -EIO;
        cairo_surface_destroy(surface);
        return r;
}

/* Of very many channels, a smaller one */
static int write_png(Picture *p, FILE *in, FILE *out) {
        double height = p->page_height * p->n_pages, scale = fmin(SCALE, PNG_SIDE_MAX / height);
        cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int) (scale * p->width),
                                                              (int) (scale * height));

        p->c = cairo_create(surface);
        cairo_scale(p->c, scale, scale);
        set_grey(p->c, 1);
        cairo_paint(p->c);
        int r = put_all(p, in);
        cairo_destroy(p->c);
        if (r >= 0 && cairo_surface_write_to_png_stream(surface, draw_write, out) != CAIRO_STATUS_SUCCESS)
                r = -EIO;
        cairo_surface_destroy(surface);
        return r;
}

int picture_write(FILE *in, bool pdf, FILE *out) {
        Picture p = { .pdf = pdf };
        char line[LINE_MAX_BYTES];

        if (!fgets(line, sizeof(line), in) ||
            sscanf(line, "D %lf %lf %u", &p.width, &p.page_height, &p.n_pages) != 3 || !(p.width >= 1) ||
            !(p.width <= PNG_SIDE_MAX) || !(p.page_height >= 1) || !(p.page_height <= PNG_SIDE_MAX) ||
            p.n_pages < 1)
                return -EBADMSG;
        return pdf ? write_pdf(&p, in, out) : write_png(&p, in, out);
}
