/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The detector on trial: takes frames, writes what it reports as lines of CSV. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util.h"

typedef struct Subject Subject;

#define SUBJECT_MINUTES_HEADER "channel,from_s,to_s,exposure_s,twitches,voluntary\n"
#define SUBJECT_EVENTS_HEADER "detector,time_s,onset_s,end_s,decided_s,kind,channels,amplitude_uv,snr,discharges,id,merged\n"

int subject_new(unsigned rate_hz, unsigned n_channels, double false_alarms_per_hour, bool sinc3, FILE *events,
                FILE *minutes /* or NULL */, Subject **ret);
Subject* subject_free(Subject *s);      /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Subject*, subject_free);

/* Frame by frame, to know at which one an event is decided; or all at once. */
void subject_push(Subject *s, const int32_t *codes, const uint8_t *flags, size_t n_frames);
void subject_push_block(Subject *s, const int32_t *codes, size_t n_frames);
void subject_finish(Subject *s);

double subject_exposure_s(const Subject *s);    /* mean over channels */
