/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The potential of an electrode jumps, and stays or decays: a contact that slips, a cable that is touched, a
 * charge that leaves the skin. Wider than nature: rises of 0.1 to 1 ms, decays of 1 to 10 ms or none.
 */
#pragma once

#include <stdbool.h>

#include "prng.h"

typedef struct SynthContact {
        double at_s, uv, rise_s;
        double decay_s;                 /* infinity: it stays */
        bool smooth;                    /* rises as the integral of a bell, else as a charge does */
} SynthContact;

/* uv: size of the jump. */
void synth_contact_draw(SynthContact *c, Prng *p, double at_s, double uv, bool stays);
double synth_contact_value(const SynthContact *c, double t_s);
