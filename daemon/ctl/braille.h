/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plots in a terminal: dots of braille patterns, two by four in each character. */
#pragma once

#include <stdio.h>

typedef struct Braille Braille;

/* width, height: characters, at most 400 by 100. NULL: no memory. */
Braille* braille_new(unsigned width, unsigned height);
Braille* braille_free(Braille *b);

/* Dots: from the left, 0 up to 2 width - 1, from the bottom, 0 up to 4 height - 1. Others are not drawn. */
void braille_dot(Braille *b, int x, int y);

void braille_print(const Braille *b, FILE *f, int indent);
