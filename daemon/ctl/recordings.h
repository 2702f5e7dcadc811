/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings of the service, by their number in the table "recording". */
#pragma once

#include <stdint.h>

/* A descriptor to read it with from the start. Complains by itself. */
int recordings_fetch(int64_t id, int *ret_fd);

/* All of it to a file that is not there yet, mode 0600: health data. Complains by itself. */
int recordings_copy(int from, const char *path);
