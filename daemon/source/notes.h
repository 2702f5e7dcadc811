/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines for a person: what was assumed of a recording that breaks the rules of its format. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "util.h"

typedef struct Notes {
        char **lines; /* UTF-8, printable, without a newline */
        size_t n;
} Notes;

int _printf_(2, 3) notes_add(Notes *n, const char *format, ...);
void notes_done(Notes *n);

/* A line of its own; NULL without memory. */
char *_printf_(1, 0) line_from(const char *format, va_list ap);
