/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A progress bar on standard error, if that is a terminal and the work takes longer than a second. */
#pragma once

#include "util.h"

typedef struct Progress {
        bool wanted, shown;
        usec_t next_usec;       /* CLOCK_MONOTONIC */
} Progress;

void progress_start(Progress *p);
void progress_update(Progress *p, double fraction);    /* 0 to 1 */
void progress_finish(Progress *p);      /* takes the bar away */
void progress_hide(Progress *p);         /* until the next update: something else is printed */
