/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* trains.c: one unit again and again: a train, groups. */
#pragma once

#include <stdbool.h>

#include "candidate.h"

typedef struct Detector Detector;

/* trains.c: true where h has become part of one */
void trains_add(Detector *d, const CandidateEvent *new);
bool trains_take(Detector *d, CandidateEvent *h);
bool trains_take_near_threshold(Detector *d, CandidateEvent *h);
bool trains_is_group(Detector *d, const CandidateEvent *h);
