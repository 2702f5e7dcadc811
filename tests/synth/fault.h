/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An input that measures nothing: an electrode falls off, or the amplifier is at its rail; and the return from it. */
#pragma once

#include <stdbool.h>

#include "prng.h"

typedef struct SynthFault {
        double from_s, to_s;
        bool lead_off;                  /* else saturation */
        double rail_uv;                 /* with its sign */
        double back_uv, decay_s;        /* where the signal comes back, and how fast that decays */
} SynthFault;

void synth_fault_draw(SynthFault *f, Prng *p, double from_s, bool lead_off, double rail_uv);

/* True while the fault lasts and replaces the signal; afterwards *ret_uv adds to it. */
bool synth_fault_value(const SynthFault *f, double t_s, double *ret_uv);
