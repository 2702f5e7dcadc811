/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many units of one muscle at work: the pool of Fuglevand, Winter & Patla (J Neurophysiol 1993;70:2470), in
 * which a common drive recruits small units first and makes them fire faster. Also a cramp, where a few
 * fire irregularly by themselves (Minetto 2009), and a jerk, where many fire once or a few times at once.
 */
#pragma once

#include "impulse.h"
#include "prng.h"

#define POOL_UNITS 120u

/* Size of a unit relative to the smallest. */
double synth_pool_size(unsigned unit);

/* A voluntary contraction: up within ramp_s to a share of the largest drive, held, and down again. */
int synth_pool_contract(Prng *p, double from_s, double to_s, double ramp_s, double drive_share, ImpulseList *l);

int synth_pool_cramp(Prng *p, double from_s, double to_s, ImpulseList *l);
int synth_pool_jerk(Prng *p, double from_s, double to_s, ImpulseList *l);
