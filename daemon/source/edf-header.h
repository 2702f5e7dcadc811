/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header of an EDF, EDF+, BDF or BDF+ file.
 *
 * Layout: "EDF+" (Kemp and Olivan 2003, edfplus.info/specs) and BDF+ (teuniz.net). What cannot be
 * misunderstood is taken although the specification forbids it, as real programs write it; what was
 * assumed is a line in the notes. A signal that nothing can be made of is marked so, with the reason.
 */
#pragma once

#include "layout.h"

/* Whether the first bytes of a file, 256 or fewer, are those of such a header, damaged or not. */
bool edf_header_is(const char *bytes, size_t n);

/*
 * Fills all but the stretches, which edf_timing_read() adds. 0; or -EBADMSG: damaged or foreign,
 * -EOPNOTSUPP: legal and not understood; then *ret_error says what it is in one line, to be freed by the
 * caller. Other negative errno values come from reading. To be freed with layout_done() in any case.
 */
int edf_header_read(int fd, uint64_t file_size, Layout *l, char **ret_error);
