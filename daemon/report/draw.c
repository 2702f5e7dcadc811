/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "draw.h"

double text_at(cairo_t *c, double x, double y, double width, double size, bool bold,
                      PangoAlignment align, const char *text) {
        PangoLayout *layout = pango_cairo_create_layout(c);
        PangoFontDescription *font = pango_font_description_from_string("DejaVu Sans");
        int height;

        pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
        pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        pango_layout_set_font_description(layout, font);
        pango_layout_set_alignment(layout, align);
        if (width > 0)
                pango_layout_set_width(layout, (int) (width * PANGO_SCALE));
        pango_layout_set_text(layout, text, -1);
        pango_layout_get_size(layout, NULL, &height);
        cairo_move_to(c, x, y);
        pango_cairo_show_layout(c, layout);
        cairo_new_path(c);
        pango_font_description_free(font);
        g_object_unref(layout);
        return (double) height / PANGO_SCALE;
}

void label(Page *p, double x, double y, const char *text) {
        (void) text_at(p->c, x, y, 0, SMALL, false, PANGO_ALIGN_LEFT, text);
}

void label_right(Page *p, double x, double y, const char *text) {
        (void) text_at(p->c, x - 60, y, 60, SMALL, false, PANGO_ALIGN_RIGHT, text);
}

void title(Page *p, const char *text, const char *key) {
        p->y += 5;
        (void) text_at(p->c, MARGIN, p->y, 0, NORMAL, true, PANGO_ALIGN_LEFT, text);
        if (key)
                (void) text_at(p->c, MARGIN + 130, p->y + 1, INNER - 130, SMALL, false, PANGO_ALIGN_RIGHT,
                              key);
        p->y += 12;
}

void paragraphs(Page *p, Lines *l, double size) {
        for (size_t i = 0; i < l->n; i++)
                p->y += text_at(p->c, MARGIN, p->y, INNER, size, false, PANGO_ALIGN_LEFT, l->items[i]) + 1;
        lines_done(l);
}

void line(Page *p, double x0, double y0, double x1, double y1, double width) {
        cairo_set_line_width(p->c, width);
        cairo_move_to(p->c, x0, y0);
        cairo_line_to(p->c, x1, y1);
        cairo_stroke(p->c);
}

double frame_y(const Frame *g, double value) {
        return g->y - g->height * fmin(value / g->most, 1);
}

void frame_draw(Page *p, const Frame *g) {
        char top[32];

        line(p, g->x, g->y, g->x + g->width, g->y, 0.5);
        line(p, g->x, g->y - g->height, g->x, g->y, 0.5);
        snprintf(top, sizeof(top), "%.3g", g->most);
        label_right(p, g->x - 3, g->y - g->height - 3, top);
        label_right(p, g->x - 3, g->y - 6, "0");
}

cairo_status_t draw_write(void *out, const unsigned char *data, unsigned length) {
        return fwrite(data, 1, length, out) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}
