/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The discharges of one channel that belong together: what events.c fills and the others read. */
#pragma once

#include <stdbool.h>
#include "discharge.h"
#include "rhythm.h"
#include "tone.h"

#define CHAIN_PEAKS 8u

#define CHAIN_UNITS 4u

typedef struct ChainUnit {
        unsigned unit;
        unsigned n;                     /* discharges */
        double last;                    /* peak of the latest, step */
        Rhythm rhythm;
} ChainUnit;

typedef struct Chain {                  /* discharges of one channel that belong together */
        bool open;
        unsigned event;                 /* index of Events.open: channels that see the same happening share it */
        ChainUnit units[CHAIN_UNITS];   /* the one that most discharges are of first */
        unsigned n_discharges;
        unsigned n_repeats;             /* of them below the threshold */
        double peak_before;             /* the last one of the chain before, step */
        float shape[SHAPE_POINTS];      /* of the first */
        double first_peak, onset, end;  /* steps */
        double peaks[CHAIN_PEAKS];      /* of the latest discharges, a ring */
        unsigned next_peak;
        double last_peak;
        double busy_until;              /* end of the latest discharge, or of the latest block of activity */
        float snr, amplitude_uv;
        double active;                  /* steps in discharges, of those from onset to end */
        float loud_before;              /* the signal just before, in standard deviations */
        bool is_long;                   /* one of them lasts longer than a potential does */
        bool sustained;
        bool sways;                     /* for as long as work would, but slowly */
        Tone tone;                      /* since it began */
        double look_at;                 /* step of the next look */
} Chain;
