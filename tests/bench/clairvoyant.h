/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The detector that cannot be beaten: it knows the potential and the noise, but not when.
 *
 * Noise of the generator is white noise through a known filter with a stable inverse, so the inverse
 * whitens it exactly. In whitened signals the matched filter is the potential itself, divided by its length d:
 * noise alone gives an output of variance 1, the potential one of mean d.
 */
#pragma once

#include <stddef.h>

#include "tests/synth/noise.h"
#include "tests/synth/potential.h"

#define CLAIRVOYANT_MS 270              /* from the potential's first sample until it is over, also whitened */
#define CLAIRVOYANT_TAIL_S (CLAIRVOYANT_MS / 1000.0 - POTENTIAL_LEAD_S) /* from the excitation */

typedef struct Whitener {
        SynthNoise model;               /* its sections, run backwards */
} Whitener;

void whitener_init(Whitener *w, const SynthNoise *noise);
double whitener_next(Whitener *w, double x);

/* Samples of the whitened potential, sample 0 is offset_s after its first: how many. */
size_t clairvoyant_template(const SynthNoise *noise, const Potential *p, double rate_hz, double offset_s,
                            double *ret, size_t max);

/*
 * d of the potential as it is, and how often per second the filter's output crosses zero upwards when there is
 * only noise: by Rice, it crosses lambda exp(-lambda^2/2) times as often.
 */
void clairvoyant_measure(const SynthNoise *noise, const Potential *p, double rate_hz, double *ret_d,
                         double *ret_crossings_hz);

/*
 * The largest output of the matched filter near the true time of a potential excited at at_s.
 * white[n] is whitened; its sample 0 is at 0 s.
 */
double clairvoyant_look(const SynthNoise *noise, const Potential *p, double rate_hz, const double *white, size_t n,
                        double at_s);
