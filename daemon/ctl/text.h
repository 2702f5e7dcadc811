/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text for a person's terminal. */
#pragma once

#include <stdio.h>

static inline const char* or_unknown(const char *s) {
        return s ? s : "unknown";
}

/* Columns a string takes: UTF-8 characters, each taken to be one wide. */
int text_width(const char *s);

/*
 * Prints n bytes of text, '?' in place of each character that could drive a terminal (utf8_clean() has
 * them) but those that are allowed. Returns how many characters there are.
 */
int text_write(FILE *f, const char *s, size_t n, const char *allowed);

/* The same of a string, without exceptions and padded with spaces to width. */
void text_print(FILE *f, const char *s, int width);

/* "1:02:03", or with decimals "1:02:03.456"; "-" for NAN. */
const char* text_duration(double seconds, unsigned decimals, char ret[static 40]);

/* A number with decimals and a unit (may be ""), "-" for NAN. */
const char* text_number(double value, unsigned decimals, const char *unit, char ret[static 64]);

/*
 * Of the electrodes of a channel, in kilo-ohm: ">500" for what no contact has (CONTACT_OFF_OHM), since a
 * number of the air between, of the cable or of where the range of the chip ends would say nothing. "-" for
 * NAN.
 */
const char* text_kohm(double ohm, unsigned decimals, char ret[static 64]);

/* Events a minute, "-" without exposure. */
const char* text_rate(double events, double exposure_s, char ret[static 64]);

/* Columns of the terminal: $COLUMNS, else what the terminal says, else 80. */
int text_columns(void);

/*
 * Breaks text between words so that no line is longer than width; all lines but the first are indented. A
 * newline in text begins a new line, "\n\n" a new paragraph; a line that begins with a space is left as it
 * is.
 */
void text_wrap(FILE *f, const char *text, int indent, int width);
