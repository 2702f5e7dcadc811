/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Discharges of motor units, as a list that grows. */
#pragma once

#include <stddef.h>

typedef struct Impulse {
        double at_s;                    /* excitation */
        unsigned unit;
        double scale;                   /* of the unit's potential */
} Impulse;

typedef struct ImpulseList {
        Impulse *items;
        size_t n, allocated;
} ImpulseList;

int impulse_add(ImpulseList *l, double at_s, unsigned unit, double scale);
void impulse_done(ImpulseList *l);
