/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history for a verb: the file of --history, or a copy from the service. */
#pragma once

#include <systemd/sd-bus.h>

#include "answers/past.h"
#include "verb.h"

extern const char *arg_history;

#define OPTION_HISTORY                                                                                  \
        { "history", 0, "FILE", "Use this file or export of the history instead of asking the service", \
          .text = &arg_history }

/* Complains by itself. */
int past_open(Past **ret);

/* A bus for what is written; -EPERM after saying so with --history. */
int past_open_bus(sd_bus **ret);

/* A call of org.twitchd1.History without an answer, or with the one number it gives. Complains by itself. */
int past_call(sd_bus *bus, const char *member, uint64_t *ret, const char *types, ...);
