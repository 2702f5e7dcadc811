/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found in a recording, in the order of time. */
#pragma once

#include "detect/detect.h"

typedef struct Finding {
        bool is_event;                  /* else an artefact */
        const char *word;               /* kind or cause */
        double from_s, time_s, to_s;    /* from the start of the file; an artefact has its start as its time */
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];   /* of the file */
        double lags_ms[DETECT_EVENT_CHANNELS_MAX];      /* to the strongest, the first; NAN: not known */
        double amplitude_uv, snr;
        unsigned discharges;
        unsigned unit;                  /* 0: of none, or of several */
        size_t order;                   /* of arrival; keeps the sort stable */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n, allocated;
} Findings;

/* channels: of the detector -> of the file */
int findings_add_event(Findings *f, const DetectEvent *e, double rate_hz, const unsigned *channels);
int findings_add_artefact(Findings *f, const DetectArtefact *a, double rate_hz, const unsigned *channels);
void findings_sort(Findings *f);
void findings_done(Findings *f);
