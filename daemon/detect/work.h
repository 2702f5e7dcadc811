/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* work.c: what takes in all beside it: a contraction, a jerk, a tone. */
#pragma once

#include <stdbool.h>
#include "happening.h"

typedef struct Detector Detector;

void work_add(Detector *d, const Happening *new, double step);
void burst_add(Detector *d, const Happening *new, double step);
void tone_add(Detector *d, const Happening *new, double step);
bool work_takes(Detector *d, Happening *h);
