/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each minute of a recording was good for, in the order of time. */
#pragma once

#include "detect/detect.h"
#include "json.h"

typedef struct Minute {
        unsigned channel;               /* of the file */
        double from_s, to_s;            /* from the start of the file */
        DetectMinute found;
} Minute;

typedef struct Minutes {
        Minute *items;
        size_t n, allocated;
} Minutes;

/* channels: of the detector -> of the file; from_s: where in the file the detector began */
int minutes_add(Minutes *m, const DetectMinute *minute, double rate_hz, double from_s, const unsigned *channels);
void minutes_sort(Minutes *m);
void minutes_done(Minutes *m);

/* One line of JSON each */
void minutes_print_json(const Minutes *m, Json *j);
