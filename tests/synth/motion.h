/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An electrode that is moved: a step that decays, or a cable that sways. */
#pragma once

#include "prng.h"

typedef struct SynthMotion {
        double from_s, to_s;
        double size_uv;
        double rise_s, decay_s;         /* of a step */
        double sway_hz;                 /* 0: a step */
} SynthMotion;

void synth_motion_draw(SynthMotion *m, Prng *p, double from_s);
double synth_motion_value(const SynthMotion *m, double t_s);
