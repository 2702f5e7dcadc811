/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A motor-unit potential made ready for the sampling rate of the output: limited to what that rate
 * can carry, and measured in the band.
 */
#pragma once

#include "muap.h"

#define POTENTIAL_LEAD_S 0.020          /* the zero-phase low-pass begins before the excitation */
#define POTENTIAL_SAMPLES 1600u         /* at MUAP_RATE_HZ: from 20 ms before to 80 ms after the excitation */

typedef struct Potential {
        double uv[POTENTIAL_SAMPLES];   /* sample 0 is POTENTIAL_LEAD_S before the excitation */
        double peak_s;                  /* largest peak in the band, after the excitation */
        double amplitude_uv;            /* peak to peak in the band */
        double peak_ratio;              /* of the largest peak to the largest of the other sign; at least 1 */
} Potential;

void potential_compute(const MotorUnit *unit, double rate_hz, Potential *ret);

/* The same for a signal that is sampled anew, and measured, at a lower rate. */
void potential_compute_for(const MotorUnit *unit, double rate_hz, double measured_rate_hz, Potential *ret);

/* Value at a time after the excitation; 0 outside. */
double potential_at(const Potential *p, double t_s);
