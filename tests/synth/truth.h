/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The truth file: one line a twitch, `time_s,channel,amplitude_uv,snr,kind,discharges,unit`. */
#pragma once

#include "synth.h"

/* Twitches whose peak lies before until_s (INFINITY: all). Negative errno where it cannot be written. */
int truth_write(const char *path, const Synth *s, double until_s);
