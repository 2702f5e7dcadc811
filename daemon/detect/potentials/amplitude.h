/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* amplitude.c: the amplitude of a discharge, by the waveforms that potentials have. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"
#include "daemon/detect/base/products.h"
#include "daemon/detect/statistic/whiten.h"
#include "units.h"

#define AMPLITUDE_TEMPLATES 48
#define AMPLITUDE_POINTS 33             /* a millisecond apart */
#define AMPLITUDE_LAGS 21               /* a quarter of a millisecond apart */
#define AMPLITUDE_LANES (AMPLITUDE_TEMPLATES * AMPLITUDE_LAGS) /* all lags of a template, of the next ... */
#define AMPLITUDE_LAG_LANES IN_LANES(AMPLITUDE_LAGS)
#define AMPLITUDE_POINT_LANES IN_LANES(AMPLITUDE_POINTS)
#define AMPLITUDE_RATE_HZ_MIN 900.0     /* below, much of a potential lies beyond the band */

/* Where a unit's waveform, lagging, has one point, between four of its own */
typedef struct AmplitudeUnitPoint {
        unsigned char first[AMPLITUDE_LAG_LANES]; /* of the four, in the waveform with zeros around */
        float weights[4][AMPLITUDE_LAG_LANES];
} AmplitudeUnitPoint;

typedef struct AmplitudeTemplates {     /* of 1 uV peak to peak in the band */
        float waveforms[AMPLITUDE_POINTS][AMPLITUDE_LANES];
        float in_the_middle[AMPLITUDE_POINTS][AMPLITUDE_TEMPLATES]; /* of the lags */
        AmplitudeUnitPoint unit_points[AMPLITUDE_POINTS];
} AmplitudeTemplates;

typedef struct AmplitudeEstimator {
        bool fits;                      /* the noise as it is by now */
        /* of the covariance of noise of unit power, a column after the other */
        float inverse[AMPLITUDE_POINTS][AMPLITUDE_POINT_LANES];
        float energies[AMPLITUDE_LANES]; /* of the waveforms in it; that of the middle for all lags */
} AmplitudeEstimator;

void amplitude_templates_init(AmplitudeTemplates *s);
void amplitude_refit(AmplitudeEstimator *c, const AmplitudeTemplates *s, const Whiten *whiten,
                     double step_rate_hz);
float amplitude_estimate_uv(const AmplitudeEstimator *c, const AmplitudeTemplates *s, const Units *units,
                            const History *h, double middle, float extremes_uv, float sigma_uv,
                            double step_rate_hz);
