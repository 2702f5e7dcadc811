/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit that has just discharged may do so again: of a doublet, a group or a train some discharges stay below a
 * threshold that lets noise through once an hour. Here what is looked for is known, and there is little time for it to
 * come: so a discharge of the same unit, about as large, needs to stand out less.
 */
#include <math.h>

#include "repeats.h"
#include "chain.h"
#include "channel.h"
#include "detector.h"
#include "history.h"
#include "simd.h"
#include "units.h"

#define MIDDLE (UNIT_POINTS / 2)
#define NEAR 18                         /* points beside the middle, 9 ms: what is compared */
#define APART_S 0.015                   /* nearer to another discharge sums.c tells them apart, and a peak may be that of another lobe */
#define USUAL_MIN 0.65f                  /* of the unit's usual size */
#define USUAL_MAX 1.5f
/*
 * In the 0.2 s around a discharge noise exceeds this once in some hundred chains, and is then seldom alike or of that size.
 */
#define SIGMA_MIN 4.3f
#define FAINT 1.3f                      /* of the threshold, at most: what is larger has been judged already */
#define LIKENESS 0.7f                   /* correlation: of a potential 6 standard deviations large noise leaves 0.8 */
#define STRETCH_POINTS 900              /* 450 ms */

static const Unit* unit_of(const Channel *c) {
        for (unsigned i = 0; i < c->units.n; i++)
                if (c->units.units[i].number == c->chain.units[0].unit)
                        return c->units.units + i;
        return NULL;
}

static bool is_seen(const Chain *chain, double peak, double apart) {
        for (unsigned i = 0; i < CHAIN_PEAKS; i++)
                if (fabs(chain->peaks[i] - peak) < apart)
                        return true;
        return false;
}

/* As far back as the chain's discharges are known, but not to those of the chain before. */
static double from_where(const Chain *chain, double reach, double apart) {
        double first = chain->last_peak;

        for (unsigned i = 0; i < CHAIN_PEAKS; i++)
                if (isfinite(chain->peaks[i]))
                        first = fmin(first, chain->peaks[i]);
        return chain->n_discharges > CHAIN_PEAKS ? first + apart : fmax(first - reach, chain->peak_before + 2 * apart);
}

static double peak_of(const Unit *k, double steps_per_point) {
        int peak = 0;

        for (int i = 1; i < UNIT_POINTS; i++)
                if (fabsf(k->shape[i]) > fabsf(k->shape[peak]))
                        peak = i;
        return (peak - MIDDLE) * steps_per_point;
}

/* The chain's unit once more, within reach of a discharge that has been seen but before a step; where its peak is, in steps. */
bool repeats_find(const Detector *d, const Channel *c, double until, double *ret_peak) {
        const Chain *chain = &c->chain;
        const History *h = &c->history;
        const Unit *k = unit_of(c);
        double steps_per_point = UNIT_POINT_S * d->step_rate_hz, apart = in_steps(d, APART_S);
        float x[STRETCH_POINTS], best = 0;

        if (!k || k->n < UNIT_KNOWN_MIN || d->step_rate_hz < UNIT_RATE_HZ_MIN)
                return false;
        const float *shape = k->shape + MIDDLE - NEAR;
        float tt = vector_energy(shape, 2 * NEAR + 1);
        /* Noise of half a step and less is not independent from point to point. */
        float sigma = c->noise.sigma_uv * sqrtf(tt / (float) steps_per_point);
        float least = fmaxf(SIGMA_MIN * sigma, USUAL_MIN * tt), most = fminf(FAINT * d->threshold * sigma, USUAL_MAX * tt);
        double reach = d->events.gap + NEAR * steps_per_point, first = fmax(from_where(chain, reach, apart), (double) (h->end - (int64_t) h->fill) + 1);
        double last = fmin(chain->last_peak + reach, (double) h->end - 3), peak_at = peak_of(k, steps_per_point);
        int n = (int) fmin((last - first) / steps_per_point, STRETCH_POINTS);

        history_sample(h, first, steps_per_point, x, n);
        for (int at = 0; at + 2 * NEAR < n; at++) {
                float xt = vector_product(x + at, shape, 2 * NEAR + 1);

                if (xt < least || xt > most || xt <= best)
                        continue;
                double peak = first + (at + NEAR) * steps_per_point + peak_at;
                if (peak > until - apart || is_seen(chain, peak, apart) || xt < LIKENESS * sqrtf(tt * vector_energy(x + at, 2 * NEAR + 1)))
                        continue;
                best = xt;
                *ret_peak = peak;
        }
        return best > 0;
}
