/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* happenings.c: what a happening is part of, once nothing more can come: the event. */
#pragma once

#include "happening.h"

typedef struct Detector Detector;

void happenings_add(Detector *d, const Happening *happening);
void happenings_step(Detector *d, double step);
void happenings_flush(Detector *d);
void happening_decide(Detector *d, Happening *h);
