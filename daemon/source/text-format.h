/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a text is, by its first lines. */
#pragma once

#include "text.h"

#define TEXT_FIELDS_MAX 512u
#define TEXT_NAME_MAX 64u

typedef enum TextKind {
        TEXT_PLAIN,
        TEXT_OPENBCI_GUI,
        TEXT_BRAINFLOW,
        TEXT_OPENBCI_SD,
} TextKind;

typedef struct TextFormat {
        TextKind kind;
        char line_end;
        char separator; /* ' ': any number of blanks */
        bool decimal_comma;
        unsigned n_fields; /* of a line of numbers */
        unsigned first_field; /* with a number: 1 where lines begin with a separator */
        unsigned n_signals;
        unsigned columns[TEXT_FIELDS_MAX]; /* of the signals, from 0 */
        char names[TEXT_FIELDS_MAX][TEXT_NAME_MAX],
                units[TEXT_FIELDS_MAX][16]; /* of all columns; "": not told */
        int time_column, index_column; /* -1: none */
        double time_scale_s; /* of a number in the time column */
        double time_rate_hz; /* rows a second by it */
        bool time_is_coarse; /* only long gaps can be seen in it */
        unsigned index_step, index_modulus;
        double rate_hz; /* 0: not known */
        const char *rate_from; /* who says so */
} TextFormat;

/* Makes of "07:00:00.123 -> 5.2" and "[0.001, 5.2]" what other programs write, in place. */
void text_tidy(char *line);

/* Cuts a line at its separators, in place: how many fields, at most TEXT_FIELDS_MAX. */
unsigned text_split(char *line, char separator, char *ret[static TEXT_FIELDS_MAX]);

/* A number; of a time of day, the seconds from midnight, or from 1970 if it has a date. */
bool text_number_in(const TextFormat *f, char *field, double *ret);

/* Whether fields may be those of a line of numbers, and the first of them is one */
bool text_begins_with_number(const TextFormat *f, char *const *fields, unsigned n);

/* False: this is no such text. */
bool text_format_find(const char *bytes, size_t n, TextFormat *ret);
