/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By insertion: what is sorted here are a handful of items, often in order already. */
#include <assert.h>
#include <string.h>

#include "sort.h"

void sort_stable(void *items, size_t n, size_t size, bool (*before)(const void *a, const void *b)) {
        char *base = items, item[SORT_ITEM_MAX];

        assert(size <= sizeof item);
        for (size_t i = 1; i < n; i++) {
                size_t k = i;

                memcpy(item, base + i * size, size);
                for (; k > 0 && before(item, base + (k - 1) * size); k--)
                        memcpy(base + k * size, base + (k - 1) * size, size);
                memcpy(base + k * size, item, size);
        }
}

bool sort_floats_up(const void *a, const void *b) {
        return *(const float*) a < *(const float*) b;
}

bool sort_doubles_up(const void *a, const void *b) {
        return *(const double*) a < *(const double*) b;
}
