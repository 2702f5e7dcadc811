/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What BIDS wants beside a recording, of a file that was analysed and of the history alike. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Onset and duration first, in the order of onsets */
#define BIDS_EVENT_COLUMNS "onset\tduration\ttrial_type\tchannel\tpeak_time\tamplitude_uv\tsnr\n"

/* The sidecar: columns that BIDS does not know have to be explained. */
void bids_describe_events(FILE *f);

typedef struct BidsRecording {
        const char *task;
        const char *instructions;       /* to the person; NULL: none are known */
        const char *placement;          /* how the electrodes were placed, in words; NULL: not known */
        double rate_hz, duration_s;
        unsigned n_channels;            /* of EMG */
        bool continuous;
} BidsRecording;

/* The sidecar of the samples: the fields that EMG-BIDS requires, and of the others those that are known. */
void bids_describe_recording(FILE *f, const BidsRecording *r);
