/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the data records of a discontinuous recording (EDF+D, BDF+D) begin: the first annotation of each
 * says it ("time-keeping TAL" of the EDF+ specification, 2.2.4).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "edf-header.h"

typedef struct EdfStretch {             /* of data records that follow each other without a gap */
        uint64_t first_record;
        double start_s;                 /* from the start of the first data record of the file */
} EdfStretch;

typedef struct EdfTiming {
        size_t n_stretches;             /* at least 1 */
        EdfStretch *stretches;
} EdfTiming;

/* One stretch for a continuous recording. Errors as those of edf_header_read(). */
int edf_timing_read(int fd, const EdfHeader *h, EdfTiming *ret, char **ret_error);
void edf_timing_done(EdfTiming *t);
