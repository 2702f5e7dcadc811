/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "impulse.h"

int impulse_add(ImpulseList *l, double at_s, unsigned unit, double scale) {
        if (l->n == l->allocated) {
                size_t allocated = l->allocated > 0 ? 2 * l->allocated : 256;
                Impulse *items = reallocarray(l->items, allocated, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                l->items = items;
                l->allocated = allocated;
        }
        l->items[l->n++] = (Impulse) { .at_s = at_s, .unit = unit, .scale = scale };
        return 0;
}

void impulse_done(ImpulseList *l) {
        free(l->items);
        *l = (ImpulseList) {};
}
