/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tone.c: one frequency that a happening has and what was before it had not. */
#pragma once

#include <stdbool.h>
#include "history.h"

#define TONE_WINDOW_S 0.048
#define TONES 28u                       /* a multiple of 4 */

#define TONE_STEPS_MAX 100u             /* in the window, at the highest processing rate */

typedef struct Tones {                  /* that are looked for, at the step rate */
        double step_rate_hz;
        unsigned n;                     /* steps of the window; 0: the rate is too low */
        double window[TONE_STEPS_MAX], window_sum, window_square;
        double turn_re[TONES], turn_im[TONES];  /* from step to step */
} Tones;

typedef struct Tone {
        unsigned n_looks;
        unsigned heard;                 /* up to this look; 0: none */
        float share;                    /* of the energy that is the tone's, by then */
        float shares[TONES];            /* of the energy, sums over the looks */
        bool hums[TONES];               /* this one was there before */
} Tone;

void tones_init(Tones *t, double step_rate_hz);
void tone_begin(Tone *t, const Tones *tones, const History *h, double onset);
bool tone_look(Tone *t, const Tones *tones, const History *h, double end);
