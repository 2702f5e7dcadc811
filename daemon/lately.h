/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The latest samples of a front end, to look under an event when it has been decided. A gap begins anew: what was before
 * it is forgotten.
 */
#pragma once

#include "util.h"

/* An event is decided within some seconds; longer ones (trains) are looked at in a recording. */
#define LATELY_SECONDS 5
#define LATELY_BYTES_MAX (1u << 20)

typedef struct Lately Lately;

int lately_new(double rate_hz, unsigned n_channels, Lately **ret);
Lately* lately_free(Lately *l);                 /* takes NULL, returns NULL */

/* n_frames frames from position on (as in detect.h); samples[n_frames][n_channels] */
void lately_push(Lately *l, uint64_t position, const int32_t *samples, size_t n_frames);

/* n samples of a channel from frame `from` on. False: not all of them are there. */
bool lately_get(const Lately *l, int64_t from, size_t n, unsigned channel, int32_t *ret);
