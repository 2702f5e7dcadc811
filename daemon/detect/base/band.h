/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The band in which twitches are looked for, and the rate to which the signal is brought. */
#pragma once

#define DETECT_HIGHPASS_HZ 20.0
#define DETECT_LOWPASS_HZ 450.0
#define DETECT_STEP_RATE_HZ_MAX 2048.0
/* steps a second; below, the band is cut, and noise has hardly a colour in it */
#define DETECT_FULL_BAND_RATE_HZ_MIN 900.0
