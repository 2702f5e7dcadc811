/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hum.c: mains that have changed, told from a muscle by their period. */
#pragma once

#include <stdbool.h>
#include "daemon/detect/base/history.h"

/*
 * Is the signal of these steps one of that period, with at least that correlation (0 to 1) from period to
 * period, and at least that part (0 to 1) of its energy in one harmonic?
 */
bool hum_is(const History *h, double from, double to, double period_steps, float alike, float alone);

/*
 * For how many periods the end of the signal has been hum that is left over; 0: it has not. under_way:
 * activity has gone on for longer than a change would. is_narrow: the band of the step rate is too narrow to
 * tell noise at once.
 */
unsigned hum_changed_for(const History *h, double period_steps, bool under_way, bool is_narrow);
