/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A generated signal as a BDF+ file: one count is one nanovolt, twitches are annotations. */
#pragma once

#include <signal.h>

#include "synth.h"

#define BDF_RANGE_NV 8000000            /* +-8 mV */

/*
 * Writes the whole signal. Negative errno on failure; -ECANCELED if *stop became true, then
 * the file ends there and is valid. Values beyond the range are counted in *ret_clipped.
 */
int bdf_write(const char *path, Synth *s, const volatile sig_atomic_t *stop, uint64_t *ret_clipped);
