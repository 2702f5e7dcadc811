/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The discharges of one channel that belong together: what assembly.c fills and the others read. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/intervals.h"
#include "daemon/detect/potentials/discharge.h"
#include "daemon/detect/potentials/high-frequency.h"

#define ACTIVITY_PEAKS 8u

#define ACTIVITY_UNITS 4u

typedef struct ActivityUnit {
        unsigned unit;
        unsigned n;                     /* discharges */
        double last;                    /* peak of the latest, step */
        IntervalStats intervals;
} ActivityUnit;

typedef struct Activity {               /* discharges of one channel that belong together */
        bool open;
        unsigned event; /* index of Assembly.open: channels that see the same candidate event share it */
        ActivityUnit units[ACTIVITY_UNITS];     /* the one that most discharges are of first */
        unsigned n_discharges;
        unsigned n_missed;              /* of them below the threshold */
        double peak_before;             /* the last one of the activity before, step */
        float waveform[WAVEFORM_POINTS];        /* of the first */
        double first_peak, onset, end;  /* steps */
        double peaks[ACTIVITY_PEAKS];   /* of the latest discharges, a ring */
        unsigned next_peak;
        double last_peak;
        double busy_until;              /* end of the latest discharge, or of the latest block of activity */
        float snr, amplitude_uv;
        double active;                  /* steps in discharges, of those from onset to end */
        float loud_before;              /* the signal just before, in standard deviations */
        bool is_long;                   /* one of them lasts longer than a potential does */
        bool sustained;
        bool baseline_sway;             /* for as long as work would, but slowly */
        HighFrequency high_frequency;   /* since it began */
        double evaluate_at;             /* step of the next evaluation */
} Activity;
