/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What others do, on the same samples: a plain threshold, one that follows the noise (SPiQE-style, detection.md
 * 2.1), and Teager-Kaiser energy. They get two favours: they are told the mains frequency, and their factors are set
 * to about one false alarm an hour in quiet noise; but the plain one is at 6 sigma by definition.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util.h"

typedef struct Peers Peers;

/* mains_hz 0: no notches. Reports go to events as in subject.h. */
int peers_new(unsigned rate_hz, unsigned n_channels, double mains_hz, FILE *events, Peers **ret);
Peers* peers_free(Peers *p);            /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Peers*, peers_free);

void peers_push(Peers *p, const int32_t *codes, size_t n_frames);
