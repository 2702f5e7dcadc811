/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* decide.c: what a candidate event is part of, once nothing more can come: the event. */
#pragma once

#include "candidate.h"

typedef struct Detector Detector;

void candidates_add(Detector *d, const CandidateEvent *candidate);
void candidates_step(Detector *d, double step);
void candidates_flush(Detector *d);
void candidate_decide(Detector *d, CandidateEvent *h);
