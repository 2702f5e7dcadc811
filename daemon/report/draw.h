/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the pages are drawn with: A4 portrait, points, black on white; hollow marks instead of colours. */
#pragma once

/* before GLib, which has a MIN and a MAX of its own */
#include "blocks.h"

#include <cairo.h>
#include <pango/pangocairo.h>

#define PAGE_WIDTH 595.0
#define PAGE_HEIGHT 842.0
#define MARGIN 40.0
#define INNER (PAGE_WIDTH - 2 * MARGIN)
#define SMALL 7.0
#define NORMAL 8.0
#define LARGE 10.0

typedef struct Page {
        cairo_t *c;
        double y;                       /* where the next thing goes */
} Page;

/* Text with its upper left corner at (x, y), broken at width (0: not); returns its height. */
double text_at(cairo_t *c, double x, double y, double width, double size, bool bold, PangoAlignment align,
               const char *text);
void label(Page *p, double x, double y, const char *text);
void label_right(Page *p, double x, double y, const char *text);

/* A line of their own */
void title(Page *p, const char *text, const char *key);         /* key: at its right end, or NULL */
void paragraphs(Page *p, Lines *l, double size);                /* frees the lines */

void line(Page *p, double x0, double y0, double x1, double y1, double width);

typedef struct Frame {
        double x, y, width, height;     /* on paper; y: of the lower edge */
        double most;                    /* value at the upper edge */
} Frame;

/* For Cairo's streams: `out` is a FILE. */
cairo_status_t draw_write(void *out, const unsigned char *data, unsigned length);

double frame_y(const Frame *g, double value);
void frame_draw(Page *p, const Frame *g);
