/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* high-frequency.c: one frequency that a candidate event has and what was before it had not. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"

#define HIGH_FREQUENCY_WINDOW_S 0.048
#define HIGH_FREQUENCIES 28u            /* a multiple of 4 */

#define HIGH_FREQUENCY_STEPS_MAX 100u   /* in the window, at the highest processing rate */

typedef struct HighFrequencyBank {      /* that are looked for, at the step rate */
        double step_rate_hz;
        unsigned n;                     /* steps of the window; 0: the rate is too low */
        double window[HIGH_FREQUENCY_STEPS_MAX], window_sum, window_square;
        double rotation_re[HIGH_FREQUENCIES], rotation_im[HIGH_FREQUENCIES];    /* from step to step */
} HighFrequencyBank;

typedef struct HighFrequency {
        unsigned n_evals;
        unsigned detected_at;           /* up to this evaluation; 0: none */
        float share;                    /* of the energy that is the tone's, by then */
        float shares[HIGH_FREQUENCIES]; /* of the energy, sums over the evaluations */
        bool preexisting[HIGH_FREQUENCIES];     /* this one was there before */
} HighFrequency;

void high_frequency_init(HighFrequencyBank *t, double step_rate_hz);
void high_frequency_begin(HighFrequency *t, const HighFrequencyBank *high_frequency_bank, const History *h,
                          double onset);
bool high_frequency_evaluate(HighFrequency *t, const HighFrequencyBank *high_frequency_bank,
                             const History *h, double end);
