/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qrs-detector.c: is this discharge a beat of the heart? */
#pragma once

#include <stdbool.h>

#include "daemon/detect/potentials/discharge.h"

#define QRS_HALF_WIDTH_MIN_S 0.008f     /* at half its height, in the band */
#define QRS_EVEN_MIN 2u                 /* more: their pace is no chance */

typedef struct QrsDetector {
        unsigned beats;                 /* at an even pace */
        unsigned alike;                 /* at any */
        double last_s, period_s;
        double mean_s;                  /* period of those alike */
        float waveform[WAVEFORM_POINTS];
} QrsDetector;

bool qrs_detect(QrsDetector *h, const float *waveform, double peak_s);
