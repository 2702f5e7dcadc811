/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>

#include "drawing.h"

/* "#7f7f7f" */
static const char *colour(double grey, char ret[static 8]) {
        int level = (int) lround(255 * grey);

        if (grey < 0)
                return "none";
        snprintf(ret, 8, "#%02x%02x%02x", level & 0xff, level & 0xff, level & 0xff);
        return ret;
}

static void put_escaped(Drawing *d, const char *text) {
        for (; *text; text++)
                if (d->svg && (*text == '&' || *text == '<' || *text == '>'))
                        fprintf(d->f, "&#%d;", *text);
                else
                        putc((unsigned char) *text < 32 ? ' ' : *text, d->f);
}

void drawing_begin(Drawing *d, double width, double page_height, unsigned n_pages) {
        d->page_height = page_height;
        if (d->svg)
                fprintf(d->f,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                        "font-family=\"sans-serif\" font-size=\"%.0f\">\n"
                        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                        width, page_height * n_pages, DRAWING_FONT_SIZE);
        else
                fprintf(d->f, "D %.1f %.1f %u\n", width, page_height, n_pages);
}

void drawing_page(Drawing *d) {
        if (!d->svg)
                fputs("P\n", d->f);
        else
                fprintf(d->f, "%s<g transform=\"translate(0,%.0f)\">\n", d->n_pages > 0 ? "</g>\n" : "",
                        d->page_height * d->n_pages);
        d->n_pages++;
}

void drawing_text(Drawing *d, double x, double y, DrawingAlign align, const char *text) {
        if (d->svg)
                fprintf(d->f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
                        align == DRAWING_LEFT ? "start" : "end");
        else
                fprintf(d->f, "T %.1f %.1f %c ", x, y, align);
        put_escaped(d, text);
        fputs(d->svg ? "</text>\n" : "\n", d->f);
}

void drawing_box(Drawing *d, double x, double y, double width, double height, double fill, double stroke) {
        char fill_colour[8], stroke_colour[8];

        width = fmax(width, 0.5);
        if (d->svg)
                fprintf(d->f,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" "
                        "stroke=\"%s\" "
                        "stroke-width=\"0.5\"/>\n",
                        x, y, width, height, colour(fill, fill_colour), colour(stroke, stroke_colour));
        else
                fprintf(d->f, "B %.1f %.1f %.1f %.1f %.2f %.2f\n", x, y, width, height, fill, stroke);
}

void drawing_move(Drawing *d, double x, double y) {
        if (!d->svg)
                fprintf(d->f, "M %.1f %.1f\n", x, y);
        else
                fprintf(d->f, "%sM%.1f %.1f", d->in_path ? "" : "<path d=\"", x, y);
        d->in_path = true;
}

void drawing_line(Drawing *d, double x, double y) {
        if (d->svg)
                fprintf(d->f, "L%.1f %.1f", x, y);
        else
                fprintf(d->f, "L %.1f %.1f\n", x, y);
}

void drawing_stroke(Drawing *d, double width) {
        if (!d->in_path)
                return;
        d->in_path = false;
        if (d->svg)
                fprintf(d->f, "\" fill=\"none\" stroke=\"#000\" stroke-width=\"%.1f\"/>\n", width);
        else
                fprintf(d->f, "S %.1f\n", width);
}

void drawing_fill(Drawing *d, double grey, const char *note) {
        char fill_colour[8];

        if (!d->in_path)
                return;
        d->in_path = false;
        if (!d->svg) {
                fprintf(d->f, "F %.2f\n", grey);
                return;
        }
        fprintf(d->f, "z\" fill=\"%s\">", colour(grey, fill_colour));
        if (note) {
                fputs("<title>", d->f);
                put_escaped(d, note);
                fputs("</title>", d->f);
        }
        fputs("</path>\n", d->f);
}

int drawing_end(Drawing *d) {
        if (d->svg)
                fprintf(d->f, "%s</svg>\n", d->n_pages > 0 ? "</g>\n" : "");
        return fflush(d->f) != 0 || ferror(d->f) ? -EIO : 0;
}
