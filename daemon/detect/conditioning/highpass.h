/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* highpass.c: 20 Hz, linear phase, exact integers. */
#pragma once

#include <stdint.h>

typedef struct Highpass {
        unsigned length;                /* of each of the two moving averages, frames */
        unsigned n_lanes;
        unsigned next;
        int32_t *samples;               /* ring [length][n_lanes] */
        double *sums;                   /* ring [length][n_lanes] of the first moving sum */
        double *sum, *sum_of_sums;      /* [n_lanes] */
        float *gain;                    /* [n_lanes] microvolts per unit of the output sum */
} Highpass;

unsigned highpass_length(double rate_hz);
int highpass_init(Highpass *h, unsigned length, unsigned n_lanes);
void highpass_done(Highpass *h);
void highpass_channel_init(Highpass *h, unsigned channel, double lsb_uv);
void highpass_restart(Highpass *h, unsigned channel, int32_t first);
void highpass_next(Highpass *h, const int32_t *codes, unsigned n_frames, float *ret, double *ret_low);
float highpass_low(const Highpass *h, const double *low, unsigned channel);
double highpass_gain(unsigned length, double cycles_per_frame);
