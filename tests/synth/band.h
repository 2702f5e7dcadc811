/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Zero-phase filters, to measure a clean potential "in the band".
 *
 * The band is 20-450 Hz, at low sampling rates up to 0.45 of the rate. Butterworth of order 2, once
 * forwards and once backwards, with corners placed so that the whole is -3 dB at the band's edges.
 */
#pragma once

#include <stddef.h>

#define BAND_LOW_HZ 20.0
#define BAND_HIGH_HZ 450.0
#define BAND_HIGH_OF_RATE 0.45

/* Upper edge of the band for signals sampled at rate_hz. */
double band_high_hz(double rate_hz);

/* In place. The caller leaves silence around the signal (a few periods of the corner). */
void band_lowpass(double *x, size_t n, double rate_hz, double corner_hz);
void band_highpass(double *x, size_t n, double rate_hz, double corner_hz);
