/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* droop.c: the converter's frequency response made flat. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"

#define DROOP_TAPS 11u                  /* odd */

typedef struct Droop {
        bool of_signal, of_amplitudes;  /* what is corrected, if anything */
        double taps[DROOP_TAPS];
        double typical_gain;            /* of sizes */
} Droop;

void droop_init(Droop *d, double rate_hz, bool sinc3_converter);

/* Where only sizes are corrected. */
float droop_gain(const Droop *d, const History *h, double from, double to);
