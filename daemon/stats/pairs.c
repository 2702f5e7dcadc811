/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>

#include "pairs.h"

#define ROUNDING_H 1e-6

bool pairs_match(const PairsSession *a, const PairsSession *b) {
        double apart = fabs(a->start_days - b->start_days), days = round(apart);

        return a->exposed != b->exposed && (a->sites & b->sites) && days >= PAIRS_DAYS_MIN &&
                        days <= PAIRS_DAYS_MAX && fabs(apart - days) * 24 <= PAIRS_HOURS + ROUNDING_H;
}

int pairs_partner(const PairsSession *sessions, size_t n) {
        const PairsSession *newest = sessions + n - 1;
        int best = -1;

        if (n == 0 || newest->used)
                return -1;
        for (size_t i = n - 1; i-- > 0;) {
                if (newest->start_days - sessions[i].start_days > PAIRS_DAYS_MAX + 1)
                        break;
                if (!sessions[i].used && pairs_match(newest, sessions + i) &&
                    (best < 0 || sessions[i].start_days > sessions[best].start_days))
                        best = (int) i;
        }
        return best;
}

int pairs_difference(const PairsCounts *sites, size_t n, double *ret_d) {
        double with = 0, without = 0;
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                double both = sites[i].exposure_min + sites[i].exposure_min_other;

                if (!(sites[i].exposure_min > 0 && sites[i].exposure_min_other > 0))
                        continue;
                with += sites[i].events * sites[i].exposure_min_other / both;
                without += sites[i].events_other * sites[i].exposure_min / both;
                any = true;
        }
        if (!any)
                return -ENODATA;
        *ret_d = log((with + 0.25) / (without + 0.25));
        return 0;
}
