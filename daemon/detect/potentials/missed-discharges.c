/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit that has just discharged may do so again: of a doublet, a group or a train some discharges stay
 * below a threshold that lets noise through once an hour. Here what is looked for is known, and there is
 * little time for it to come: so a discharge of the same unit, about as large, needs to stand out less.
 */
#include <math.h>
#include <string.h>

#include "missed-discharges.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/products.h"
#include "daemon/detect/base/simd.h"
#include "daemon/detect/events/activity.h"
#include "units.h"

#define MIDDLE (UNIT_POINTS / 2)
#define NEAR 18                         /* points beside the middle, 9 ms: what is compared */
/*
 * nearer to another discharge superposition.c tells them apart, and a peak may be that of another main phase
 */
#define APART_S 0.015
#define TYPICAL_MIN 0.65f               /* of the unit's typical size */
#define TYPICAL_MAX 1.5f
/*
 * In the 0.2 s around a discharge noise exceeds this once in some hundred activities, and is then seldom
 * alike or of that size.
 */
#define SIGMA_MIN 4.3f
#define NEAR_THRESHOLD 1.3f /* of the threshold, at most: what is larger has been judged already */
#define LIKENESS 0.7f /* correlation: of a potential 6 standard deviations large noise leaves 0.8 */
#define STRETCH_POINTS 900              /* 450 ms */

static const Unit* find_unit(const Units *units, unsigned id) {
        for (unsigned i = 0; i < units->n; i++)
                if (units->units[i].id == id)
                        return units->units + i;
        return NULL;
}

static bool is_seen(const Activity *activity, double peak, double apart) {
        for (unsigned i = 0; i < ACTIVITY_PEAKS; i++)
                if (fabs(activity->peaks[i] - peak) < apart)
                        return true;
        return false;
}

/* As far back as the activity's discharges are known, but not to those of the activity before. */
static double from_where(const Activity *activity, double reach, double apart) {
        double first = activity->last_peak;

        for (unsigned i = 0; i < ACTIVITY_PEAKS; i++)
                if (isfinite(activity->peaks[i]))
                        first = fmin(first, activity->peaks[i]);
        return activity->n_discharges > ACTIVITY_PEAKS ?
                first + apart :
                fmax(first - reach, activity->peak_before + 2 * apart);
}

static double peak_of(const Unit *k, double steps_per_point) {
        int peak = 0;

        for (int i = 1; i < UNIT_POINTS; i++)
                if (fabsf(k->waveform[i]) > fabsf(k->waveform[peak]))
                        peak = i;
        return (peak - MIDDLE) * steps_per_point;
}

/*
 * The activity's unit once more, within reach of a discharge that has been seen but before a step; where its
 * peak is, in steps.
 */
bool find_missed_discharge(const Units *units, const Activity *activity, const History *h,
                           const MissedSearch *s, double *ret_peak) {
        const Unit *k = find_unit(units, activity->units[0].unit);
        double steps_per_point = UNIT_POINT_S * s->step_rate_hz, apart = APART_S * s->step_rate_hz;
        float x[STRETCH_POINTS + 7], products[STRETCH_POINTS + 7], best = 0;

        if (!k || k->n < UNIT_KNOWN_MIN || s->step_rate_hz < UNIT_RATE_HZ_MIN)
                return false;
        const float *waveform = k->waveform + MIDDLE - NEAR;
        float tt = vector_energy(waveform, 2 * NEAR + 1);
        /* Noise of half a step and less is not independent from point to point. */
        float sigma = s->sigma_uv * sqrtf(tt / (float) steps_per_point);
        float least = fmaxf(SIGMA_MIN * sigma, TYPICAL_MIN * tt),
              most = fminf(NEAR_THRESHOLD * s->threshold * sigma, TYPICAL_MAX * tt);
        double reach = s->gap + NEAR * steps_per_point,
               first = fmax(from_where(activity, reach, apart), (double) (h->end - (int64_t) h->fill) + 1);
        double last = fmin(activity->last_peak + reach, (double) h->end - 3),
               peak_at = peak_of(k, steps_per_point);
        int n = (int) fmin((last - first) / steps_per_point, STRETCH_POINTS);

        if (n <= 2 * NEAR)
                return false;
        history_sample(h, first, steps_per_point, x, n);
        memset(x + n, 0, 7 * sizeof *x);
        products_along(x, n - 2 * NEAR, waveform, 2 * NEAR + 1, products);
        for (int at = 0; at + 2 * NEAR < n; at++) {
                float xt = products[at];

                if (xt < least || xt > most || xt <= best)
                        continue;
                double peak = first + (at + NEAR) * steps_per_point + peak_at;
                if (peak > s->until - apart || is_seen(activity, peak, apart) ||
                    xt < LIKENESS * sqrtf(tt * vector_energy(x + at, 2 * NEAR + 1)))
                        continue;
                best = xt;
                *ret_peak = peak;
        }
        return best > 0;
}
