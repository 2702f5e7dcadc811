/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the data records of a recording begin: the first annotation of each says it ("time-keeping TAL" of
 * the EDF+ specification, 2.2.4).
 *
 * Time stamps are measurements: of a clock that jitters and runs faster or slower than the converter, now
 * and then one that is nonsense. What they have in common is the true duration of a record; a lasting step
 * is a gap.
 */
#pragma once

#include "layout.h"

/* Adds the stretches, and mends record_duration_s. 0 or a negative errno of memory or reading. */
int edf_timing_read(int fd, Layout *l);
