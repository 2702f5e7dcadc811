/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* contraction.c: what takes in all beside it: a contraction, a jerk, a tone. */
#pragma once

#include <stdbool.h>

#include "candidate.h"

typedef struct Detector Detector;

void contraction_add(Detector *d, const CandidateEvent *new, double step);
void burst_add(Detector *d, const CandidateEvent *new, double step);
void high_frequency_add(Detector *d, const CandidateEvent *new, double step);
bool contraction_takes(Detector *d, CandidateEvent *h);
