/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header of an EDF, EDF+, BDF or BDF+ file.
 *
 * Layout: "EDF+" (Kemp and Olivan 2003, edfplus.info/specs) and BDF+ (teuniz.net). What cannot be
 * misunderstood is taken although the specification forbids it, as real programs write it: numbers that
 * are not left-justified, words in reserved fields, text that is not ASCII, a file that was never closed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct EdfSignal {
        char *label, *unit;             /* UTF-8, without padding; may be empty */
        bool annotations;               /* no signal, but time stamps and annotations */
        bool sinc3;                     /* a converter with such a filter recorded it, as far as the header tells */
        double physical_min, physical_max;      /* differ; either may be the larger */
        int32_t digital_min, digital_max;       /* minimum < maximum, within 16 (EDF) or 24 bits (BDF) */
        uint32_t n_samples;             /* in a data record, at least 1 */
        uint64_t offset;                /* in a data record, bytes */
} EdfSignal;

typedef struct EdfHeader {
        bool bdf;                       /* samples of 3 bytes instead of 2 */
        bool discontinuous;             /* EDF+D, BDF+D: data records have times of their own */
        unsigned n_signals;
        EdfSignal *signals;
        uint64_t data_offset;           /* of the first data record in the file, bytes */
        uint64_t record_size;           /* bytes */
        uint64_t n_records;             /* all of them are in the file */
        double record_duration_s;       /* > 0 */
} EdfHeader;

/*
 * 0, and *ret is to be freed with edf_header_done(); or -EBADMSG: damaged or foreign, -EOPNOTSUPP: legal and
 * not understood; then *ret_error says what it is in one line, to be freed by the caller. Other negative
 * errno values come from reading.
 */
int edf_header_read(int fd, uint64_t file_size, EdfHeader *ret, char **ret_error);
void edf_header_done(EdfHeader *h);
