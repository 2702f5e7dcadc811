/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "sizes.h"

/* Closer to a limit than this share of a step: it is the limit. */
#define ROUNDING 1e-9

unsigned sizes_step(double amplitude_uv) {
        double step = 20 * log10(amplitude_uv);

        if (!(step > 0))
                return 0;
        return step >= SIZES_STEPS - 1 ? SIZES_STEPS - 1 : (unsigned) (step + ROUNDING);
}

double sizes_step_uv(unsigned step) {
        return pow(10, step / 20.0);
}

unsigned sizes_step_above(double floor_uv) {
        double step = 20 * log10(floor_uv);

        if (!(step > 0))
                return 0;
        return step >= SIZES_STEPS - 1 ? SIZES_STEPS - 1 : (unsigned) ceil(step - ROUNDING);
}

uint64_t sizes_from(const uint32_t counts[SIZES_STEPS], unsigned step) {
        uint64_t sum = 0;

        for (unsigned k = step; k < SIZES_STEPS; k++)
                sum += counts[k];
        return sum;
}
