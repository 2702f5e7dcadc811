/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One unit that discharges again and again: patterns of detection.md, section 7. Unit 0 of the list. */
#pragma once

#include "impulse.h"
#include "prng.h"

int synth_train_doublet(Prng *p, double at_s, ImpulseList *l);
int synth_train_multiplet(Prng *p, double at_s, ImpulseList *l);
int synth_train_unit(Prng *p, double at_s, ImpulseList *l);
int synth_train_myokymic(Prng *p, double at_s, ImpulseList *l);
int synth_train_high_frequency(Prng *p, double at_s, ImpulseList *l);
