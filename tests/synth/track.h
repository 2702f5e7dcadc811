/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One channel of a recording at another rate. At the same rate the values pass untouched. */
#pragma once

#include "recording.h"

typedef struct Track Track;

/* Negative errno, and has then said why. The recording must outlive the track. */
int track_new(Recording *r, unsigned channel, double rate_hz, Track **ret);
Track* track_free(Track *t);            /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Track*, track_free);

/*
 * The next samples in nanovolts: how many (fewer than n only at the end, then 0), or negative errno. Those
 * that do not fit into 32 bits are clipped and added to *clipped.
 */
ssize_t track_read(Track *t, int32_t *ret_nv, size_t n, uint64_t *clipped);
