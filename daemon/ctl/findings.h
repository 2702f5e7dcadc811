/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found in a recording, in the order of time. */
#pragma once

#include "detect/detect.h"

typedef struct Finding {
        bool is_event; /* else an artefact */
        const char *word; /* kind or cause */
        double from_s, time_s, to_s; /* from the start of the file; an artefact has its start as its time */
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX]; /* of the file */
        double lags_ms[DETECT_EVENT_CHANNELS_MAX]; /* to the strongest, the first; NAN: not known */
        double amplitude_uv, snr;
        unsigned discharges;
        unsigned unit; /* 0: of none, or of several */
        EventKind kind; /* of an event */
        uint64_t id; /* of an event that was released, from 1 */
        size_t order; /* of arrival; keeps the sort stable */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n, allocated;
        size_t n_kept; /* of them, and among the released: may not be forgotten */
        size_t n_released; /* of them; those are in the order in which they were */
        uint64_t n_events; /* released ever, with those that were forgotten */
        size_t n_added; /* likewise */
} Findings;

/* channels: of the detector -> of the file; from_s: where in the file the detector began */
int findings_add_event(Findings *f, const DetectEvent *e, double rate_hz, double from_s,
                       const unsigned *channels);
int findings_add_artefact(Findings *f, const DetectArtefact *a, double rate_hz, double from_s,
                          const unsigned *channels);

/* Those of before a time that have not been released yet, in the order of time */
void findings_release(Findings *f, double before_s, void (*release)(const Finding *finding, void *userdata),
                      void *userdata);

/* Those that have been released and need not be kept */
void findings_forget(Findings *f, bool (*keep)(const Finding *finding, void *userdata), void *userdata);
void findings_done(Findings *f);
