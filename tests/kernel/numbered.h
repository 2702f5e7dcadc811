/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames of which every sample says whose it is: frame and channel are in its code at gain 24. Signs
 * alternate by channel, so that both halves of the range are there.
 */
#ifndef NUMBERED_H
#define NUMBERED_H

#include <stdbool.h>
#include <stdint.h>

#include "ads1299.h"

#define NUMBERED_GAIN 24
#define NUMBERED_MAX_CHANNELS (9 * ADS1299_MAX_CHANNELS)
#define NUMBERED_MAX_FRAMES (ADS1299_CODE_MAX / NUMBERED_MAX_CHANNELS - 1)

static inline int32_t numbered_code(long frame, unsigned ch) {
        int32_t code = frame * NUMBERED_MAX_CHANNELS + ch + 1;

        return ch % 2 ? -code : code;
}

/* For channel 0. Negative: a code of no frame */
static inline long numbered_frame(int32_t code) {
        return code > 0 && code % NUMBERED_MAX_CHANNELS == 1 ? code / NUMBERED_MAX_CHANNELS : -1;
}

static inline int32_t numbered_nanovolts(long frame, unsigned ch) {
        int64_t nv = (int64_t)numbered_code(frame, ch) * ADS1299_VREF_UV * 1000 / NUMBERED_GAIN;

        return nv / (1 << ADS1299_CODE_BITS);
}

#endif
