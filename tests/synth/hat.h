/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where frames of nanovolts go: the simulated hat, or a file, pipe or FIFO in its place.
 *
 * The hat takes a frame for every conversion, so writing keeps its pace. Every wait ends at once when
 * *stop becomes true, and after a time without progress.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

typedef struct Hat Hat;

typedef struct HatConfig {
        const char *path;
        const char *clock_path;         /* NULL: none. "frame,boottime_ns" some times a second */
        unsigned patience_s;            /* give up after so long without progress; 0: never */
        const volatile sig_atomic_t *stop;
} HatConfig;

/* From now on SIGINT and SIGTERM set the returned flag; SIGPIPE is ignored. */
const volatile sig_atomic_t* hat_catch_signals(void);

/*
 * All functions that return int give a negative errno and have then said what is wrong, except
 * -ECANCELED: *stop became true.
 */
int hat_open(const HatConfig *config, Hat **ret);
Hat* hat_free(Hat *h);                  /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Hat*, hat_free);

/* Of the device; 0: it does not say (a file). */
unsigned hat_channels(const Hat *h);

/*
 * Settles the rate: what is wanted, if the device agrees or does not convert yet; the device's own if
 * wanted is 0, waiting until it converts. A file has no rate: -EINVAL if none is wanted.
 */
int hat_settle_rate(Hat *h, unsigned wanted_hz, unsigned *ret_rate_hz);

/* [n_frames][n_channels]. n_channels must stay the same. */
int hat_write(Hat *h, const int32_t *nv, size_t n_frames, unsigned n_channels);

/* Waits until the last frame is converted, and writes the last line of the clock file. */
int hat_drain(Hat *h);

/* Frames the device or file has taken, also after an error. */
uint64_t hat_frames_written(const Hat *h);
