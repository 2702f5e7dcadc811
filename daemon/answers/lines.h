/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers in sentences, the same on a terminal and on paper. */
#pragma once

#include "agree.h"
#include "goes.h"
#include "sealed.h"

#define LINES_MAX 48u

typedef struct Lines {
        size_t n;
        char *items[LINES_MAX];
} Lines;

/* More than LINES_MAX are left out. */
_printf_(2, 3) void lines_add(Lines *l, const char *format, ...);
void lines_done(Lines *l);

/* One of the three answers, and of relief what cannot be told that way. */
void lines_of_goes(const PastKind *k, const Goes *g, Lines *ret);

/* How far it is, its seal, and what the looks say. */
void lines_of_progress(const Sealed *s, Lines *ret);
void lines_of_result(const Sealed *s, const TrialState *state, Lines *ret);

void lines_of_felt(const Agree *a, Lines *ret);
