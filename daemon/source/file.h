/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EDF, EDF+, BDF and BDF+ recordings, continuous and not.
 *
 * Annotation channels are left out; channels are zero-based among the others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../util.h"

typedef struct FileSource FileSource;

typedef struct FileChannel {
        const char *label;
        const char *unit;               /* physical dimension as in the header; may be empty */
        double rate_hz;
        double lsb_uv;                  /* microvolts per count, > 0; NAN where the unit is no voltage */
        bool sinc3;                     /* the header tells of a converter with such a filter */
        int32_t code_min, code_max;     /* digital minimum and maximum */
        uint64_t n_samples;
        uint64_t length;                /* of the recording, in samples: those that are missing are counted */
} FileChannel;

/*
 * On failure *ret_error says in one line what is wrong with the file, for a person
 * (the caller frees it); the result is -EBADMSG for a damaged or foreign file,
 * -EOPNOTSUPP for one that is legal and not understood, or the errno of opening it.
 */
int file_source_open(const char *path, FileSource **ret, char **ret_error);
FileSource* file_source_free(FileSource *f);
DEFINE_TRIVIAL_CLEANUP_FUNC(FileSource*, file_source_free);

unsigned file_source_n_channels(const FileSource *f);
const FileChannel* file_source_channel(const FileSource *f, unsigned channel);

/*
 * Next samples of one channel, in counts: how many were read, at most n, 0 at the end; or -EBADMSG where
 * the file ends too early. They follow each other without a gap, and *ret_position says where the first
 * one belongs, in samples from the start of the recording: larger than where the last ones ended behind a
 * gap of a discontinuous recording. Channels of one rate have their gaps at the same positions. A channel whose
 * physical minimum lies above its maximum (inverted polarity) has its counts negated here, so that
 * larger always means more positive.
 */
ssize_t file_source_read(FileSource *f, unsigned channel, uint64_t *ret_position, int32_t *ret_samples, size_t n);
