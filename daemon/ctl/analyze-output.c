/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "analyze-output.h"
#include "stats/poisson.h"

AnalyzeRate analyze_rate(const AnalysisChannel *c) {
        double minutes = c->stats.rest_s / 60;

        if (c->left_out || c->stats.rest_s < ANALYZE_REST_MIN_S)
                return (AnalyzeRate){ NAN, NAN, NAN };
        PoissonInterval i = poisson_interval(c->stats.rest_twitches, 0.95);
        return (AnalyzeRate){ (double) c->stats.rest_twitches / minutes, i.low / minutes, i.high / minutes };
}

void analyze_excluded(const Analysis *a, unsigned channel, double ret_s[static _EXCLUSION_MAX]) {
        for (unsigned k = 0; k < _EXCLUSION_MAX; k++)
                ret_s[k] = 0;
        for (size_t i = 0; i < a->minutes.n; i++)
                for (unsigned k = 0; k < _EXCLUSION_MAX && a->minutes.items[i].channel == channel; k++)
                        ret_s[k] += a->minutes.items[i].found.excluded_s[k];
}

bool analyze_counts_discharges(const Finding *f) {
        switch (f->kind) {
        case EVENT_FASCICULATION:
        case EVENT_DOUBLET:
        case EVENT_MULTIPLET:
                return true;
        case EVENT_MYOKYMIC:
        case EVENT_HIGH_FREQUENCY_RUN:
        case EVENT_UNIT_TRAIN:
                return f->discharges > 1;
        default:
                return false;
        }
}
