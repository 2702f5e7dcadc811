/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* line-finder.c: tones in a signal, by narrow lines of its spectrum that stay. */
#pragma once

#include <stdbool.h>

typedef struct LineFinder {
        double step_rate_hz;
        unsigned n;                     /* steps of a window, a power of two; about half a second */
        unsigned first, end;            /* bins of the spectrum that are looked at */
        float *window;                  /* [n] Hann's */
        float *turn_re, *turn_im;       /* [n / 2] exp(-2 pi i k / n) */
        float *re, *im;                 /* [n][4] scratch: channels 0 to 3, and 4 to 7, of eight */
        float *power;                   /* [n / 2 and margins][8] scratch, channels side by side, ... */
        float *fours;                   /* ... and sums of four */
        float *scores;                  /* [n_lanes / 8][n / 2][8] how far a bin stands out, on average */
        unsigned *n_looks;              /* [n_lanes] since a channel's restart */
} LineFinder;

typedef struct LineTone {               /* what a line is in the signal */
        double hz;
        double re, im;                  /* uV: re cos(p) + im sin(p), where p is 0 at the last step */
} LineTone;

/* Channels are in groups of eight; n_lanes is a multiple of that. Returns 0 or -ENOMEM. */
int line_finder_init(LineFinder *f, double step_rate_hz, unsigned n_lanes);
void line_finder_done(LineFinder *f);
/* What comes is another signal. */
void line_finder_restart(LineFinder *f, unsigned channel);
/* Each channel's latest n steps; NULL: none. One look, after n steps that no other look has seen. */
void line_finder_look(LineFinder *f, unsigned group, const float *const signals[static 8]);
/* So many looks have been taken that a line that is there has been found. */
bool line_finder_knows(const LineFinder *f, unsigned channel);
/* The lowest line above a frequency (at least 0), Hz, or 0: there is none. */
double line_finder_next(const LineFinder *f, unsigned channel, double above_hz);
/* It is known by now, or no line: its bin begins anew. */
void line_finder_forget(LineFinder *f, unsigned channel, double hz);
/*
 * Is a line really a tone, of the same size all the time? y: the latest n steps, at least a second.
 * False: it comes and goes, as a motor unit does that discharges at an even pace.
 */
bool line_is_tone(const float *y, unsigned n, double step_rate_hz, double hz, LineTone *ret);
/* From the n steps of y, at the last of which its phase is so, radians. */
void line_tone_subtract(const LineTone *tone, double phase, double step_rate_hz, float *y, unsigned n);
