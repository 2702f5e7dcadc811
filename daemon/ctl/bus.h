/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to twitchd, and what to tell a person when there is none. */
#pragma once

#include <systemd/sd-bus.h>

#include "util.h"


/* The system bus, or the one of --address. Complains by itself. */
int bus_open(sd_bus **ret);

/* Never starts the service: asking how it is must not change how it is. */
int bus_new_call(sd_bus *bus, const char *path, const char *interface, const char *member, sd_bus_message **ret);
int bus_call(sd_bus *bus, sd_bus_message *call, sd_bus_error *ret_error, sd_bus_message **ret);

/* The service is not there (rather than: it refuses, or it does not answer). */
bool bus_error_is_absent(const sd_bus_error *error);

/* Says on standard error what went wrong and what to do; returns r. */
int bus_complain(int r, const sd_bus_error *error);
