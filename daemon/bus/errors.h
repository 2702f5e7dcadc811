/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of the methods, by the table of include/twitchd.h. */
#pragma once

#include <systemd/sd-bus.h>

#include "twitchd.h"

#define TWITCHD_ERROR(name) TWITCHD_ERROR_PREFIX name

/*
 * What a method of ours returns for -errno: fills *error as the table says, or as sd-bus does for an errno
 * that is not in it, and returns a negative number. An error that is set already stays.
 */
int bus_error_from_errno(sd_bus_error *error, int r);
