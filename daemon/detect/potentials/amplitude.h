/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* amplitude.c: the amplitude of a discharge, by the waveforms that potentials have. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"
#include "daemon/detect/statistic/whiten.h"
#include "units.h"

#define AMPLITUDE_TEMPLATES 48
#define AMPLITUDE_POINTS 33             /* a millisecond apart */
#define AMPLITUDE_LAGS 21               /* a quarter of a millisecond apart */
#define AMPLITUDE_RATE_HZ_MIN 900.0     /* below, much of a potential lies beyond the band */

typedef struct AmplitudeTemplates {     /* of 1 uV peak to peak in the band */
        float waveforms[AMPLITUDE_TEMPLATES][AMPLITUDE_LAGS][AMPLITUDE_POINTS];
} AmplitudeTemplates;

typedef struct AmplitudeEstimator {
        bool fits;                      /* the noise as it is by now */
        float inverse[AMPLITUDE_POINTS][AMPLITUDE_POINTS]; /* of the covariance of noise of unit power */
        float energies[AMPLITUDE_TEMPLATES];    /* of the waveforms in it */
} AmplitudeEstimator;

void amplitude_templates_init(AmplitudeTemplates *s);
void amplitude_refit(AmplitudeEstimator *c, const AmplitudeTemplates *s, const Whiten *whiten,
                     double step_rate_hz);
float amplitude_estimate_uv(const AmplitudeEstimator *c, const AmplitudeTemplates *s, const Units *units,
                            const History *h, double middle, float extremes_uv, float sigma_uv,
                            double step_rate_hz);
