/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages of lines, boxes and text in greys, drawn as they are named: into SVG, or into a list of strokes that
 * twitch-report, which has Cairo, makes a PNG or PDF of (report/picture.c). Lengths are in pixels of 1/96
 * inch from the upper left corner of a page; greys go from 0, black, to 1, white.
 *
 * The list has a line for each call, a letter and then numbers:
 *
 *   D width height pages    P (a page)    T x y align text    B x y width height fill stroke
 *   M x y    L x y    S width    F grey
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#define DRAWING_FONT_SIZE 12.0
#define DRAWING_NONE (-1.0) /* no fill, or no stroke */

typedef enum DrawingAlign {
        DRAWING_LEFT = 'l',
        DRAWING_RIGHT = 'r',
} DrawingAlign;

typedef struct Drawing {
        FILE *f;
        bool svg; /* else the list */
        double page_height;
        unsigned n_pages; /* begun */
        bool in_path;
} Drawing;

void drawing_begin(Drawing *d, double width, double page_height, unsigned n_pages);
void drawing_page(Drawing *d); /* before what is on it; in SVG, pages are below each other */
/* y: of the line that the text stands on */
void drawing_text(Drawing *d, double x, double y, DrawingAlign align, const char *text);
void drawing_box(Drawing *d, double x, double y, double width, double height, double fill, double stroke);

/* A path: moves and lines, then drawn as a stroke of that width or filled; note: shown where a pointer
 * rests, NULL: none. */
void drawing_move(Drawing *d, double x, double y);
void drawing_line(Drawing *d, double x, double y);
void drawing_stroke(Drawing *d, double width);
void drawing_fill(Drawing *d, double grey, const char *note);

int drawing_end(Drawing *d); /* 0, or -EIO if the stream failed */
