/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is under a twitch: the last seconds of a front end, and a drawing of the moment around a peak. */
#pragma once

#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util.h"

/* All front ends that are drawn from */
typedef struct Plots Plots;

int plots_new(sd_bus *bus, sd_event *event, Plots **ret);
Plots* plots_free(Plots *p);

/* Begins to keep what comes from the front end at that path, if that is not so already and it delivers. */
void plots_follow(Plots *p, const char *path);

/* The channel (zero-based) around that time, CLOCK_BOOTTIME. Says so where nothing was kept of it. */
void plots_draw(Plots *p, const char *path, uint32_t channel, uint64_t boottime_usec, FILE *f);
