/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* trains.c: one unit again and again: a train, groups. */
#pragma once

#include <stdbool.h>
#include "happening.h"

typedef struct Detector Detector;

/* trains.c: true where h has become part of one */
void trains_add(Detector *d, const Happening *new);
bool trains_take(Detector *d, Happening *h);
bool trains_take_faint(Detector *d, Happening *h);
bool trains_is_group(Detector *d, const Happening *h);
