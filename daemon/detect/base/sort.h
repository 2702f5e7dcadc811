/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sort.c: a few items in order, without a heap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SORT_ITEM_MAX 256u              /* bytes */

/* Stable. before: does a have to stand in front of b? */
void sort_stable(void *items, size_t n, size_t size, bool (*before)(const void *a, const void *b));

bool sort_floats_up(const void *a, const void *b);
bool sort_doubles_up(const void *a, const void *b);
