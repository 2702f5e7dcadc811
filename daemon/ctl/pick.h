/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that say which part of a recording is meant, and what its channels are in. */
#pragma once

#include "source/file.h"

/* "1,3-5,left calf": numbers from 1 as people count, or labels. True for all channels if text is NULL. */
bool pick_has_channel(const char *text, unsigned channel, const char *label);

/* -EINVAL: a part of it is no channel of the file, *ret_error says which. */
int pick_check_channels(const char *text, const FileSource *f, char **ret_error);

/* "uV", or "1=uV,left calf=mV": sets the units of those channels. -EINVAL and *ret_error likewise. */
int pick_set_units(const char *text, FileSource *f, char **ret_error);

/* "90", "1:30" or "0:01:30" in seconds; -EINVAL: it is no time. */
int pick_time(const char *text, double *ret_s);
