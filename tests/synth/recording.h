/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EDF, EDF+, BDF and BDF+ files as nanovolts, for the player.
 *
 * Not the reader of twitchctl: what checks a program should not be made of its parts. Counts times
 * their size are kept; the zero of the physical scale counts only in whole counts, because the half count that
 * most files are off is an artefact of writing minimum and maximum.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util.h"

typedef struct Recording Recording;

/* Negative errno, and has then said what is wrong with the file. */
int recording_open(const char *path, Recording **ret);
Recording* recording_free(Recording *r);        /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Recording*, recording_free);

/* Channels are zero-based and without the annotation channels. */
unsigned recording_n_channels(const Recording *r);
double recording_rate_hz(const Recording *r, unsigned channel);
uint64_t recording_n_samples(const Recording *r, unsigned channel);

/* Says if the unit of a channel is none that can be turned into volts, and what is assumed then. */
void recording_check_unit(const Recording *r, unsigned channel);

/* The next samples, rounded to nanovolts: how many, 0 at the end; negative errno if the file is cut short. */
ssize_t recording_read_nv(Recording *r, unsigned channel, double *ret_nv, size_t n);
