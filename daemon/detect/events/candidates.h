/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* candidates.c: the candidate events until they are decided. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "candidate.h"
#include "notice-ids.h"

typedef struct Detector Detector;

int candidates_init(Detector *d);
void candidates_done(Detector *d);
void candidates_without_beat(Detector *d, int64_t from);
void candidates_at_slow_beats(Detector *d);
void candidates_were_beats(Detector *d, double beat, double period, bool even);
void candidates_drop(Detector *d, unsigned channel, double from, NoticeIds *notices);
unsigned candidates_of_channel(const Detector *d, unsigned channel, bool *ret_longer);
CandidateEvent* candidate_wait(Detector *d, const CandidateEvent *h);
void candidate_forget(Detector *d, CandidateEvent *h);
void candidate_set_deadline(Detector *d, CandidateEvent *h, double deadline);
bool candidate_absorb(Detector *d, CandidateEvent *into, CandidateEvent *part);
bool candidate_near(const CandidateEvent *a, const CandidateEvent *b);
bool candidate_at_place(const CandidateEvent *h, const CandidateEvent *longer);
bool candidate_of_one_unit(const CandidateEvent *a, const CandidateEvent *b);
