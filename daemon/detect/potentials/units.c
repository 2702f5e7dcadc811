/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which discharges are of one motor unit? Those of one waveform and size: a unit's potential is the same
 * each time but for some percent, and noise. Each channel knows some units, the mean of what they have
 * shown.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/products.h"
#include "daemon/detect/base/simd.h"
#include "discharge.h"

#define MIDDLE (UNIT_POINTS / 2)
#define SCALE_MIN 0.65f                 /* of a unit's typical size: still the same */
#define SCALE_MAX 1.5f
#define SLACK 24 /* points: of two main phases about as large noise makes now this, now that the peak */
#define NEAR 18 /* points beside the middle, 9 ms: what is compared; further out the next may be */
/* of the energy that noise leaves of a discharge when the unit's mean is taken out ... */
#define NOISE_MAX 1.8f
#define VARIATION 0.12f                 /* ... and of its own: its discharges differ a little */
#define ONE_UNIT 0.06f /* of the energy of a mean: so near are two that noise has made of one, ... */
#define ONE_UNIT_NOISE 0.4f /* ... by way of each taking the discharges that noise makes more like it */
#define MEMORY 0.1f                     /* of the newest discharge in the mean, at least */

#define LATELY_S 3.0                    /* what a unit does in this time is seldom single ... */
#define LATELY 0.8f                     /* ... so it is rather the one that has just been seen */

/* A known potential put upon a signal where it explains most of it. */
typedef struct Fit {
        int shift;                      /* points */
        float scale;
        float gain;                     /* energy explained */
        float left;                     /* of that near the potential, not explained */
} Fit;

/* x: SLACK points more on either side than the waveform */
static Fit fit(const float *x, const float *waveform) {
        float tt = vector_energy(waveform + MIDDLE - NEAR, 2 * NEAR + 1), products[2 * SLACK + 1 + 7];
        Fit best = { .gain = 0, .left = INFINITY };

        products_along(x + MIDDLE - NEAR, 2 * SLACK + 1, waveform + MIDDLE - NEAR, 2 * NEAR + 1, products);
        for (int shift = -SLACK; shift <= SLACK && tt > 0; shift++) {
                const float *near = x + SLACK + shift + MIDDLE - NEAR;
                float xt = products[SLACK + shift];
                float scale = fmaxf(SCALE_MIN, fminf(SCALE_MAX, xt / tt)),
                      gain = scale * (2 * xt - scale * tt);

                if (gain > best.gain)
                        best = (Fit) { shift, scale, gain, vector_energy(near, 2 * NEAR + 1) - gain };
        }
        return best;
}

/* What the noise of a discharge, and of a mean of n of them, leaves near a potential. */
static float noise_near(unsigned n, float sigma_uv) {
        return (2 * NEAR + 1) * sigma_uv * sigma_uv *
                (1 + 1 / (float) (n < UNIT_MEMORY_N ? n : UNIT_MEMORY_N));
}

/* What it leaves weighs less if it has just been seen. */
float unit_likely(const Unit *k, double now, double step_rate_hz) {
        return step_rate_hz >= UNIT_RATE_HZ_MIN && now - k->last < LATELY_S * step_rate_hz ? LATELY : 1;
}

/*
 * The one that explains the discharge best, of those that leave no more than noise and the unit's own
 * variation do.
 */
static Unit *match_unit(Units *u, const float *x, double now, double step_rate_hz, unsigned except,
                        float sigma_uv, Fit *ret_fit) {
        float best = 1;
        Unit *found = NULL;

        for (unsigned i = 0; i < u->n; i++) {
                Unit *k = u->units + i;

                if (k->id == except)
                        continue;
                Fit f = fit(x, k->waveform);
                float left = f.left / (NOISE_MAX * noise_near(k->n, sigma_uv) + VARIATION * f.gain);
                if (left >= 1)
                        continue;
                left *= unit_likely(k, now, step_rate_hz);
                if (left < best) {
                        best = left;
                        found = k;
                        *ret_fit = f;
                }
        }
        return found;
}

/* The one that has shown itself least, and then longest ago, makes room. */
static Unit* evict_unit(Units *u) {
        if (u->n < UNITS_MAX)
                return u->units + u->n++;

        Unit *least = u->units;
        for (unsigned i = 1; i < UNITS_MAX; i++) {
                Unit *k = u->units + i;
                bool rare = k->n < UNIT_KNOWN_MIN, least_rare = least->n < UNIT_KNOWN_MIN;

                if (rare != least_rare ? rare : k->last < least->last)
                        least = k;
        }
        return least;
}

static void update_template(Unit *k, const float *x, int shift, float amplitude_uv) {
        float weight = fmaxf(1.0f / (float) ++k->n, MEMORY);

        for (int i = 0; i < UNIT_POINTS; i++)
                k->waveform[i] += weight * (x[SLACK + shift + i] - k->waveform[i]);
        k->amplitude_uv += weight * (amplitude_uv - k->amplitude_uv);
}

/* So that no discharge could tell one from the other. */
static bool indistinguishable(const Unit *a, const Unit *b, float sigma_uv) {
        float x[UNIT_POINTS + 2 * SLACK] = { 0 };

        memcpy(x + SLACK, a->waveform, sizeof a->waveform);
        Fit f = fit(x, b->waveform);
        return f.left < ONE_UNIT * f.gain + ONE_UNIT_NOISE * (2 * NEAR + 1) * sigma_uv * sigma_uv;
}

/* Noise has made two of one: the older goes on. */
static Unit* merge_units(Units *u, Unit *k, float sigma_uv) {
        for (unsigned i = 0; i < u->n && k->n >= UNIT_KNOWN_MIN; i++) {
                Unit *other = u->units + i;

                if (other == k || other->n < UNIT_KNOWN_MIN || !indistinguishable(k, other, sigma_uv))
                        continue;
                Unit *stays = k->id < other->id ? k : other, *goes = stays == k ? other : k,
                     *last = u->units + --u->n;
                stays->n += goes->n;
                stays->last = fmax(stays->last, goes->last);
                *goes = *last;
                return stays == last ? goes : stays;
        }
        return k;
}

/*
 * Where the energy of a discharge lies: of two main phases about as large noise makes now this, now that the
 * peak.
 */
double unit_middle(const History *h, const Discharge *discharge, float sigma_uv, double step_rate_hz) {
        double beside = NEAR * UNIT_POINT_S * step_rate_hz, sum = 0, moment = 0;

        for (double at = -floor(beside); at <= beside; at++) {
                float y = history_at(h, discharge->peak + at), e = y * y - NOISE_MAX * sigma_uv * sigma_uv;
                sum += e > 0 ? (double) e : 0;
                moment += e > 0 ? (double) e * at : 0;
        }
        return discharge->peak + (sum > 0 ? moment / sum : 0);
}

/*
 * The number of the unit this discharge is of: a known one (but for one), or a new one. Only one that is
 * alone shows all of it.
 */
unsigned units_assign(Units *u, const History *h, const Discharge *discharge, bool alone, unsigned except,
                      float sigma_uv, double step_rate_hz) {
        double steps_per_point = UNIT_POINT_S * step_rate_hz,
               middle = unit_middle(h, discharge, sigma_uv, step_rate_hz);
        float x[UNIT_POINTS + 2 * SLACK];
        Fit f = { .shift = 0 };

        history_sample(h, middle - (MIDDLE + SLACK) * steps_per_point, steps_per_point, x,
                       UNIT_POINTS + 2 * SLACK);
        Unit *k = match_unit(u, x, discharge->peak, step_rate_hz, except, sigma_uv, &f);
        if (!k) {
                k = evict_unit(u);
                *k = (Unit) { .id = ++u->n_unit_ids };
                alone = true;
        }
        if (alone)
                update_template(k, x, f.shift, discharge->amplitude_uv);
        k->last = discharge->peak;
        return alone ? merge_units(u, k, sigma_uv)->id : k->id;
}
