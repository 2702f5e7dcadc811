/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a recording lies in a file: data records of equal size, one after the other, each with a run of
 * samples of every signal. The readers of EDF and of text make one; source/file.c reads the samples by it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "notes.h"

typedef struct LayoutSignal {
        char *label, *unit; /* UTF-8, without padding; may be empty */
        bool annotations; /* no signal, but time stamps and annotations */
        char *useless; /* why nothing can be said of its samples; NULL: something can */
        bool sinc3; /* a converter with such a filter recorded it, as far as the header tells */
        double physical_min, physical_max; /* differ, unless useless; either may be the larger */
        int32_t digital_min, digital_max; /* minimum < maximum, unless useless */
        uint32_t n_samples; /* in a data record; 0: useless */
        uint64_t offset; /* in a data record, bytes */
} LayoutSignal;

typedef struct Stretch { /* of data records that follow each other without a gap */
        uint64_t first_record;
        double start_s; /* from the start of the first data record of the file; not before the end of the
                           last */
} Stretch;

/* Of the first data record, local time of wherever that was */
typedef struct StartTime {
        bool known;
        int64_t seconds; /* since 1970, as if local time were UTC */
        double fraction_s; /* 0 .. 1 */
} StartTime;

typedef struct Layout {
        const char *format; /* "EDF", "BDF", ...: for a person */
        unsigned sample_bytes; /* 2, 3 or 4; little-endian two's complement */
        bool discontinuous; /* the file says that its data records have times of their own */
        StartTime start;
        char patient[81], recording[81]; /* what EDF+ and BDF+ say of them, the latter without the start
                                            date; "": nothing */
        unsigned n_signals;
        LayoutSignal *signals;
        uint64_t data_offset; /* of the first data record in the file, bytes */
        uint64_t record_size; /* bytes, > 0 */
        uint64_t n_records; /* all of them are in the file; at least 1 */
        double record_duration_s; /* > 0; by the time stamps where they say otherwise than the header */
        size_t n_stretches; /* at least 1 */
        Stretch *stretches;
        Notes notes; /* what was assumed */
} Layout;

void layout_done(Layout *l);
int layout_add_stretch(Layout *l, uint64_t record, double start_s);
const LayoutSignal *layout_annotations(const Layout *l); /* the first such signal; NULL: none */
