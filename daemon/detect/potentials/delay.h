/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* delay.c: how much later another channel sees a discharge. */
#pragma once

double inter_channel_delay_steps(const float *a, double a_peak, const float *b, double b_peak,
                                 double step_rate_hz);
