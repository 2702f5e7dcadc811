/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "fault.h"

void synth_fault_draw(SynthFault *f, Prng *p, double from_s, bool lead_off, double rail_uv) {
        *f = (SynthFault) {
                .from_s = from_s,
                .to_s = from_s + (lead_off ? prng_range(p, 0.5, 5) : prng_log_range(p, 0.05, 1)),
                .lead_off = lead_off,
                .rail_uv = prng_below(p, 2) ? rail_uv : -rail_uv,
                .decay_s = prng_log_range(p, 0.05, 0.4),
        };
        f->back_uv = f->rail_uv * prng_log_range(p, 0.01, 0.5);
}

bool synth_fault_value(const SynthFault *f, double t_s, double *ret_uv) {
        *ret_uv = 0;
        if (t_s < f->from_s)
                return false;
        if (t_s < f->to_s) {
                *ret_uv = f->rail_uv;
                return true;
        }
        *ret_uv = f->back_uv * exp(-(t_s - f->to_s) / f->decay_s);
        return false;
}
