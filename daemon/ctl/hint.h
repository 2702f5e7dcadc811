/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Did you mean ...?": the word of a list that is nearest to what was typed. */
#pragma once

#include <stddef.h>

typedef struct Hint {
        const char *typed;
        const char *nearest;            /* NULL: none is near */
        unsigned distance;
} Hint;

/* Letters to add, take away, change or swap with their neighbour (Damerau-Levenshtein, restricted). */
unsigned hint_distance(const char *a, const char *b);

/* Call with each word of the list; start with { .typed = ... }. */
void hint_try(Hint *h, const char *word);

/* "; did you mean \"status\"?" or "" */
const char* hint_text(const Hint *h, char ret[static 96]);
