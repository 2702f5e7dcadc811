/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hum-correction.c: what follows when hum has changed, or an electrode floats. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Detector Detector;
typedef struct Channel Channel;

typedef struct Hum {
        int64_t look_at;                /* step of the next look at a channel that is not at rest */
        bool begins;                    /* the signal has, behind a lead-in: its hum is not known yet */
        bool floats;                    /* the electrode does: more hum than on skin */
        double floats_from, floats_until;       /* steps */
} Hum;

/* While it settles after a lead-in. */
void hum_begin(Detector *d, Channel *c, unsigned channel);
/* At a channel that is not at rest. True: the signal until now has been corrected. */
bool hum_correct(Detector *d, Channel *c, unsigned channel, int64_t step);
/* What was seen since a step was hum that changed. */
void hum_dismiss(Detector *d, Channel *c, unsigned channel, double from, int64_t step);
/* Now and then, at rest or not. */
void hum_check_size(Detector *d, Channel *c, unsigned channel, int64_t step);
void hum_finish(Detector *d, Channel *c, unsigned channel);
