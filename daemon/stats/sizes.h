/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes of twitches in steps of 1 dB, and what of them lies above a common floor. Sittings with different
 * noise let different twitches through; a doubling of the floor hides about a third of them. So two are
 * compared only above the higher of their floors.
 *
 * Step k holds amplitudes (peak to peak) from 10^(k/20) up to 10^((k+1)/20) uV: step 0 begins at 1 uV, step
 * 40 at 100 uV. Smaller and larger ones are in the first and the last step.
 */
#pragma once

#include <stdint.h>

#define SIZES_STEPS 80u         /* up to 10 mV */

unsigned sizes_step(double amplitude_uv);
double sizes_step_uv(unsigned step);                    /* where it begins, uV */

/* The first step that lies whole above a floor: the floor rounded up. */
unsigned sizes_step_above(double floor_uv);

/* Those in `step` and above. */
uint64_t sizes_from(const uint32_t counts[SIZES_STEPS], unsigned step);
