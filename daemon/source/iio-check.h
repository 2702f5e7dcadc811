/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The self-test of a front end, in some 6 s: what its chip can measure of itself, and of the electrodes. */
#pragma once

#include "iio.h"

/* In the thread, after the device is set up. Leaves each channel with its electrodes. */
int iio_source_check(IioSource *s, SourceCheck *ret);

/* A check that was killed leaves the inputs shorted, and everything would seem to be quiet and well. */
void iio_source_measure_electrodes(IioSource *s, unsigned channel);
