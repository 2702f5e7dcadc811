/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* classify.c: what one happening looks like by itself. */
#pragma once

#include <stdbool.h>
#include "chain.h"
#include "happening.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

HappeningForm classify(const Detector *d, const Channel *strongest, bool sustained, double work_steps);
bool classify_is_tone(const Detector *d, const Chain *chain);
bool classify_is_burst(const Detector *d, const Chain *chain);
bool classify_in_train(const Detector *d, const Channel *c);
bool classify_before_train(const Detector *d, const Channel *c, double last_peak, float snr);
float classify_loudness(const Detector *d, const Channel *c, double from_s, double to_s, double at);
