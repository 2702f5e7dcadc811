/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes EDF+ and BDF+ so that a crash loses nothing that was written: every data record carries its time
 * stamp and the annotations of its time, and the header says -1 data records until the file is closed, which
 * readers that keep to the rules take for "all there are".
 *
 * Format: "EDF+" (Kemp and Olivan 2003, edfplus.info/specs), BDF+ (teuniz.net). Labels, units and the fields
 * of the main header become printable ASCII, as it demands; annotations are UTF-8.
 */
#pragma once

#include "layout.h"

typedef struct EdfWriter EdfWriter;

typedef struct EdfWriterSignal {
        const char *label, *unit;
        const char *transducer, *prefiltering; /* NULL: not told */
        double physical_min, physical_max;
        int32_t digital_min, digital_max;
        uint32_t n_samples; /* in a data record */
} EdfWriterSignal;

typedef struct EdfWriterConfig {
        bool bdf; /* 24 bits instead of 16 */
        bool discontinuous; /* data records may not follow each other */
        const char *patient; /* NULL: "X X X X", nobody */
        const char *recording; /* behind the start date; NULL: "X X X" */
        StartTime start;
        double record_duration_s;
        uint32_t annotation_bytes; /* in a data record, time stamp included; at least
                                      EDF_WRITER_ANNOTATION_BYTES_MIN */
        unsigned n_signals;
        const EdfWriterSignal *signals;
} EdfWriterConfig;

#define EDF_WRITER_ANNOTATION_BYTES_MIN 60u

/* Writes the header. fd is the caller's, and empty. -EINVAL: numbers that do not fit the format */
int edf_writer_new(int fd, const EdfWriterConfig *config, EdfWriter **ret);
EdfWriter *edf_writer_free(EdfWriter *w); /* without closing: the header goes on saying -1 */
DEFINE_TRIVIAL_CLEANUP_FUNC(EdfWriter *, edf_writer_free);

/* Seconds from the start; duration NAN: none. Goes into the next data record with room, a long text cut to
 * one. */
int edf_writer_annotate(EdfWriter *w, double onset_s, double duration_s, const char *text);

/* What a text takes of the bytes for annotations */
size_t edf_writer_annotation_size(double onset_s, double duration_s, const char *text);

/* bytes: of all signals, one after the other, little-endian. start_s: of its first sample */
int edf_writer_put_record(EdfWriter *w, double start_s, const void *bytes);

size_t edf_writer_pending(const EdfWriter *w); /* annotations that no data record has taken yet */
uint64_t edf_writer_n_records(const EdfWriter *w);

/* Those into data records that are written already, the latest first: they have room left. fd must be
 * readable. */
int edf_writer_place_pending(EdfWriter *w);

/* Cuts off the part of a data record that an error left, says in the header how many there are. */
int edf_writer_close(EdfWriter *w);

/*
 * A file that was never closed: cuts off the part of a data record at its end and says in the header how
 * many there are. 1: mended; 0: it was whole; -EBADMSG: this is no EDF or BDF file. ret_duration_s: of all of its
 * data records; may be NULL.
 */
int edf_repair(int fd, double *ret_duration_s);
