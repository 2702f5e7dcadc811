/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report in its forms. Each writes to a stream; 0 or a negative errno. */
#pragma once

#include "blocks.h"

/* At most REPORT_TEXT_LINES lines for a mail. */
#define REPORT_TEXT_LINES 40
int report_text(const Past *p, const Profile *f, const ReportOptions *o, FILE *out);

/* One file that needs nothing else: a tick opens its waveform. */
int report_html(const Past *p, const Profile *f, const ReportOptions *o, FILE *out);

/* Rates by row; site: for the title. */
int trend_plot_svg(const Trend *t, TrendBy by, const char *site, FILE *out);
int trend_plot_png(const Trend *t, TrendBy by, const char *site, FILE *out);

/* What ctl/drawing.h wrote: as PNG, or as PDF with a page for each of its pages. */
int picture_write(FILE *in, bool pdf, FILE *out);

/* A4, black on white. pdf: one page, or two; SVG: page 1. */
int report_pdf(const Past *p, const Profile *f, const ReportOptions *o, FILE *out);
int report_svg(const Past *p, const Profile *f, const ReportOptions *o, FILE *out);
