/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recordings: EDF, EDF+, BDF and BDF+, continuous and not, and text. What a file is, its content decides.
 *
 * Annotation channels are left out; channels are zero-based among the others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "edf-annotations.h"
#include "layout.h"
#include "text.h"

typedef struct FileSource FileSource;

typedef struct FileChannel {
        const char *label;
        const char *unit; /* physical dimension as in the header; may be empty */
        const char *useless; /* why nothing can be said of its samples; NULL: something can */
        double rate_hz; /* 0: it has no samples */
        double lsb_uv; /* microvolts per count, > 0; NAN where the unit is no voltage, or useless */
        double offset_uv; /* of the code 0; NAN likewise */
        bool sinc3; /* the header tells of a converter with such a filter */
        int32_t code_min, code_max; /* digital minimum and maximum; equal if useless */
        uint64_t n_samples;
        uint64_t length; /* of the recording, in samples: those that are missing are counted */
} FileChannel;

/*
 * On failure *ret_error says in one line what is wrong with the file, for a person
 * (the caller frees it); the result is -EBADMSG for a damaged or foreign file,
 * -EOPNOTSUPP for one that is legal and not understood, or the errno of opening it.
 *
 * options are what a text does not say of itself; NULL: nothing.
 *
 * "-" is standard input. What is no ordinary file (a pipe) is copied to a file without a name in $TMPDIR or
 * /var/tmp first; a pipe with a name to which nobody writes is refused after some seconds.
 */
int file_source_open(const char *path, const TextOptions *options, FileSource **ret, char **ret_error);
FileSource *file_source_free(FileSource *f);
DEFINE_TRIVIAL_CLEANUP_FUNC(FileSource *, file_source_free);

unsigned file_source_n_channels(const FileSource *f);
const FileChannel *file_source_channel(const FileSource *f, unsigned channel);

/* "BDF+D", ...; what was assumed of it; when it began */
const char *file_source_format(const FileSource *f);
const Notes *file_source_notes(const FileSource *f);
const StartTime *file_source_start(const FileSource *f);

/* What was written into it while it was made; to be freed with annotations_done() */
int file_source_annotations(FileSource *f, Annotations *ret);

/* The file as it lies, for who copies it; a text has become another file by then. */
const Layout *file_source_layout(const FileSource *f);
int file_source_fd(const FileSource *f);

/* The header's unit is wrong or missing: one of the physical values of a channel is so many microvolts. */
void file_source_set_unit(FileSource *f, unsigned channel, double unit_uv);

/*
 * Next samples of one channel, in counts: how many were read, at most n, 0 at the end; or -EBADMSG where
 * the file ends too early. They follow each other without a gap, and *ret_position says where the first
 * one belongs, in samples from the start of the recording: larger than where the last ones ended behind a
 * gap of a discontinuous recording. Channels of one rate have their gaps at the same positions. A channel
 * whose physical minimum lies above its maximum (inverted polarity) has its counts negated here, so that
 * larger always means more positive.
 */
ssize_t file_source_read(FileSource *f, unsigned channel, uint64_t *ret_position, int32_t *ret_samples,
                         size_t n);

/* The next sample read of a channel is the first at or behind that time. */
void file_source_seek(FileSource *f, unsigned channel, double seconds);
