/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recordings as text: a line a sample, a column a channel. Those of OpenBCI's GUI, of BrainFlow and of the
 * OpenBCI SD card (hexadecimal) say what they are; of others (Delsys, Noraxon, spreadsheets) the header
 * lines, separators and decimal commas are found out, and what they do not say must be told.
 */
#pragma once

#include "layout.h"

typedef struct TextOptions {
        double rate_hz; /* 0: not told */
        const char *columns; /* "2-9,trigger": which are signals, numbers from 1 or names; NULL: found out */
} TextOptions;

/* Whether the first bytes of a file are such a text: lines of numbers, perhaps behind a header. */
bool text_is(const char *bytes, size_t n);

/*
 * Reads all of it into a file without a name, *ret_fd, of which it fills the layout. -EBADMSG or -EOPNOTSUPP
 * and *ret_error as of edf_header_read(). The layout is to be freed with layout_done() in any case.
 */
int text_read(int fd, const TextOptions *options, int *ret_fd, Layout *l, char **ret_error);
