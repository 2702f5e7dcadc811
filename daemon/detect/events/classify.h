/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* classify.c: what one candidate event looks like by itself. */
#pragma once

#include <stdbool.h>

#include "activity.h"
#include "candidate.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

CandidateClass classify(const Detector *d, const Channel *strongest, bool sustained,
                        double contraction_steps);
bool classify_is_high_frequency(const Detector *d, const Activity *activity);
bool classify_is_burst(const Detector *d, const Activity *activity);
bool classify_in_train(const Detector *d, const Channel *c);
bool classify_before_train(const Detector *d, const Channel *c, double last_peak, float snr);
float classify_loudness(const Detector *d, const Channel *c, double from_s, double to_s, double at);
