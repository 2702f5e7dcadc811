/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of events as BIDS has it, of a file that was analysed and of the history alike. */
#pragma once

#include <stdio.h>

/* Onset and duration first, in the order of onsets */
#define BIDS_EVENT_COLUMNS "onset\tduration\ttrial_type\tchannel\tpeak_time\tamplitude_uv\tsnr\n"

/* The sidecar: columns that BIDS does not know have to be explained. */
void bids_describe_events(FILE *f);
