/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run of a Monitor finds: frames to the detector, its findings in the time of clocks to the sinks. */
#pragma once

#include "monitor.h"

/* Of a source that was opened, into m->info. */
int found_begin(Monitor *m);
/* At most so many of the frames that wait; returns how many. */
size_t found_take_frames(Monitor *m, size_t max);
/* Artefacts that wait for more of their kind. */
void found_announce(Monitor *m);
/* All that waits, and all that is undecided. The sums of the channels go on in the next run. */
void found_end(Monitor *m);
