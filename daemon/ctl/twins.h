/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels of a recording that hold the same samples as another: they tell nothing that it does not. */
#pragma once

#include <limits.h>

#include "source/file.h"

#define TWINS_NONE UINT_MAX

/*
 * ret[n_channels]: the first channel that each is a copy of, from the first sample to the last; TWINS_NONE
 * if of none. Only channels whose place in wanted[n_channels] is true are looked at. Copies have the rate and
 * the scale of the other. What does not vary for a minute is called no copy: so are all unused inputs.
 * Afterwards the next sample read of each of them is its first. -EBADMSG where the file ends too early.
 */
int twins_find(FileSource *f, const bool *wanted, unsigned *ret);
