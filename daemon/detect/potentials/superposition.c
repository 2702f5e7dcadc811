/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit that discharges again before its potential is over shows the sum of both: axonal doublets are 5 ms
 * apart, potentials 8 to 25 ms long. Such a sum looks like no unit; where one is known, it is told by taking
 * the unit's potential away as often as needed until only noise is left.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "superposition.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/interpolate.h"
#include "daemon/detect/base/products.h"
#include "daemon/detect/base/simd.h"
#include "discharge.h"
#include "units.h"

#define MIDDLE (UNIT_POINTS / 2)
#define PAIR_POINTS (2 * UNIT_POINTS)
#define SHARE_LOW 0.7f                  /* of the unit's typical size, when it overlaps itself */
#define SHARE_HIGH 1.4f
/* points, 3.5 ms: nearer, two look like one broader; axonal doublets are 5 (Kleine 2008) */
#define APART_MIN 7
#define LIMIT_POINTS 0.15f              /* two that would be nearer, were that allowed, are a broader one */
#define ROUNDS 3
#define MARGIN_S 0.008                  /* beside what is to be explained */
#define STRETCH_POINTS 400              /* 200 ms */
#define MISFIT 2.2f /* of the energy that noise leaves: one potential does not explain it ... */
#define MISFIT_SHARE 0.06f              /* ... nor that a unit's potentials differ a little */
#define EXPLAINED 0.45f                 /* of what one leaves, several leave less ... */
#define RESIDUAL_SHARE 0.15f            /* ... and less of the whole */
#define COMMON_MIN 12u                  /* discharges: surely a unit of its own */
/* points, 0.25 ms: doublets, of 4 to 8 ms, differ by more from one to the next, ... */
#define PAIR_EVEN 0.5f
#define PAIRS_EVEN 3u                   /* ... so this many more at one distance than at others are none */
#define RARE 0.05f /* of a unit's discharges: a waveform so rare that it explains may be its doublet */

typedef struct Constituents {
        unsigned n;
        float at[DISCHARGES_MAX];       /* points, and parts: where the template begins */
        float scale[DISCHARGES_MAX];
        float residual;                 /* energy not explained */
} Constituents;

/* Between the points the waveform is cubic through four of them. */
static void add(float *x, int n, const float *waveform, float at, float scale) {
        float whole = floorf(at), t = 1 - (at - whole);
        int first = (int) whole + 1;
        float weights[4];

        cubic_weights_single(t, weights);
        /* Point first + i of x lies t behind point i of the waveform. */
        for (int i = 1; i + 2 < UNIT_POINTS; i++)
                if (first + i >= 0 && first + i < n)
                        x[first + i] += scale * cubic_value(weights, waveform + i);
}

static bool too_near(const Constituents *c, unsigned except, int at) {
        for (unsigned i = 0; i < c->n; i++)
                if (i != except && fabsf(c->at[i] - (float) at) < APART_MIN)
                        return true;
        return false;
}

/* Those of x with a waveform that begins at point -MIDDLE - 1 .. n - MIDDLE. */
typedef struct Products {
        float at[STRETCH_POINTS + 2 + 7];
} Products;

static void products(const float *x, int n, const float *waveform, int length, Products *ret) {
        float padded[PAIR_POINTS + STRETCH_POINTS + PAIR_POINTS] = { 0 };

        memcpy(padded + PAIR_POINTS, x, (size_t) n * sizeof *x);
        products_along(padded + PAIR_POINTS - MIDDLE - 1, n + 2, waveform, length, ret->at);
}

static float product_at(const Products *p, int at) {
        return p->at[at + MIDDLE + 1];
}

/* Where one copy takes most away. */
static float best_constituent(const float *residual, int n, const Unit *k, const Constituents *c,
                              unsigned except, float *ret_at, float *ret_scale) {
        float tt = vector_energy(k->waveform, UNIT_POINTS), best = 0;
        Products p;
        int found = 0;

        products(residual, n, k->waveform, UNIT_POINTS, &p);
        for (int at = -MIDDLE; at < n - MIDDLE; at++) {
                float xt = product_at(&p, at);
                float scale = fmaxf(SHARE_LOW, fminf(SHARE_HIGH, xt / tt)),
                      gain = scale * (2 * xt - scale * tt);
                if (gain > best && !too_near(c, except, at)) {
                        best = gain;
                        found = at;
                }
        }
        if (best <= 0)
                return best;

        double height,
                part = parabola_vertex((double) product_at(&p, found - 1), (double) product_at(&p, found),
                                       (double) product_at(&p, found + 1), &height);
        *ret_at = (float) (found + part);
        *ret_scale = fmaxf(SHARE_LOW, fminf(SHARE_HIGH, (float) height / tt));
        return best;
}

/* Each copy in turn is taken out and put back where it is best. */
static void refine(float *residual, int n, const Unit *k, Constituents *c) {
        for (unsigned round = 0; round < ROUNDS; round++)
                for (unsigned i = 0; i < c->n; i++) {
                        add(residual, n, k->waveform, c->at[i], c->scale[i]);
                        (void) best_constituent(residual, n, k, c, i, c->at + i, c->scale + i);
                        add(residual, n, k->waveform, c->at[i], -c->scale[i]);
                }
        c->residual = vector_energy(residual, n);
}

/* One copy after the other, as long as one explains more than noise would. */
static Constituents explain(const float *x, int n, const Unit *k, unsigned max, float worth) {
        float residual[STRETCH_POINTS];
        Constituents c = { .residual = vector_energy(x, n) };

        memcpy(residual, x, (size_t) n * sizeof *x);
        while (c.n < max) {
                float at, scale;

                if (best_constituent(residual, n, k, &c, DISCHARGES_MAX, &at, &scale) <= worth)
                        break;
                c.at[c.n] = at;
                c.scale[c.n++] = scale;
                add(residual, n, k->waveform, at, -scale);
                refine(residual, n, k, &c);
        }
        return c;
}

/* Two that are near: the first guess of a single one lies between them, and would stay there. */
static Constituents explain_pair(const float *x, int n, const Unit *k) {
        Constituents best = { .residual = INFINITY };

        for (int apart = APART_MIN; apart <= 2 * MIDDLE / 3; apart += 2) {
                float pair[PAIR_POINTS] = { 0 }, tt, most = -INFINITY;
                int length = UNIT_POINTS + apart, where = 0;
                Products p;

                add(pair, length, k->waveform, 0, 1);
                add(pair, length, k->waveform, apart, 1);
                tt = vector_energy(pair, length);
                products(x, n, pair, length, &p);
                for (int at = -MIDDLE; at < n - MIDDLE; at++) {
                        float xt = product_at(&p, at);
                        if (2 * xt - tt > most) {
                                most = 2 * xt - tt;
                                where = at;
                        }
                }

                float residual[STRETCH_POINTS];
                Constituents c = { .n = 2,
                                   .at = { (float) where, (float) (where + apart) },
                                   .scale = { 1, 1 } };
                memcpy(residual, x, (size_t) n * sizeof *x);
                add(residual, n, k->waveform, c.at[0], -1);
                add(residual, n, k->waveform, c.at[1], -1);
                if (vector_energy(residual, n) > 1.5f * best.residual)
                        continue;
                refine(residual, n, k, &c);
                if (c.residual < best.residual)
                        best = c;
        }
        return best;
}

static int peak_of(const float *waveform) {
        int peak = 0;

        for (int i = 1; i < UNIT_POINTS; i++)
                if (fabsf(waveform[i]) > fabsf(waveform[peak]))
                        peak = i;
        return peak;
}

/* Those in the margins belong to the discharges before and behind. */
static unsigned peaks_within(const Constituents *c, int peak, double margin, int n, double first,
                             double steps_per_point, double *ret_peaks) {
        unsigned n_within = 0;

        for (unsigned i = 0; i < c->n; i++) {
                double at = (double) c->at[i] + peak;
                if (at >= margin && at < n - margin)
                        ret_peaks[n_within++] = first + at * steps_per_point;
        }
        return n_within;
}

static int by_place(const void *a, const void *b) {
        const float *x = a, *y = b;
        return (*x > *y) - (*x < *y);
}

/*
 * What looks like two of a unit again and again at the same distance is the broader potential of another
 * one, which comes too seldom to be known by itself. The distance is that of the majority (Boyer and Moore).
 */
static bool pairs_are_another(Unit *k, double peak, float apart, double step_rate_hz) {
        bool even = fabsf(apart - k->pair_points) < PAIR_EVEN;

        if (fabs(peak - k->pair_at) > MARGIN_S * step_rate_hz) { /* else the same one is looked at again */
                k->pair_at = peak;
                if (even)
                        k->n_pairs++;
                else if (k->n_pairs > 0)
                        k->n_pairs--;
                if (k->n_pairs == 0) {
                        k->n_pairs = 1;
                        k->pair_points = apart;
                }
        }
        return even && k->n_pairs >= PAIRS_EVEN;
}

/*
 * Is this one potential of a known unit, or several in one another? How many, and where their peaks are
 * (steps); 0 if no unit explains it.
 */
unsigned resolve_superposition(Units *u, const History *h, const Discharge *discharge, float sigma_uv,
                         double step_rate_hz, double ret_peaks[static DISCHARGES_MAX], unsigned *ret_unit) {
        double steps_per_point = UNIT_POINT_S * step_rate_hz;
        double first = discharge->onset - MARGIN_S * step_rate_hz;
        int n = (int) ((discharge->end + MARGIN_S * step_rate_hz - first) / steps_per_point);
        float x[STRETCH_POINTS], best_single = INFINITY, best_left = INFINITY;
        Constituents best = { .residual = INFINITY };
        Unit *unit = NULL;
        const Unit *alone = NULL;

        if (step_rate_hz < UNIT_RATE_HZ_MIN || n > STRETCH_POINTS)
                return 0;
        history_sample(h, first, steps_per_point, x, n);
        float noise = (float) n * sigma_uv * sigma_uv, whole = vector_energy(x, n);

        for (unsigned i = 0; i < u->n; i++) {
                Unit *k = u->units + i;

                if (k->n < UNIT_KNOWN_MIN || k->amplitude_uv > SHARE_HIGH * discharge->amplitude_uv ||
                    k->amplitude_uv * 2 * SHARE_HIGH < discharge->amplitude_uv)
                        continue;
                Constituents single = explain(x, n, k, 1, 0);
                if (single.residual < fmaxf(MISFIT * noise, MISFIT_SHARE * whole)) {
                        if (k->n >= COMMON_MIN)
                                return 1;
                        if (!alone || k->n > alone->n)
                                alone = k;
                        continue;
                }
                best_single = fminf(best_single, single.residual);
                float worth = SHARE_LOW * SHARE_LOW * vector_energy(k->waveform, UNIT_POINTS);
                Constituents pair = explain_pair(x, n, k), many = explain(x, n, k, DISCHARGES_MAX, worth);
                if (many.n > 2 && many.residual < pair.residual / 1.3f)
                        pair = many;
                float residual = pair.residual * unit_likely(k, discharge->peak, step_rate_hz);
                if (residual < best_left) {
                        best_left = residual;
                        best = pair;
                        unit = k;
                }
        }
        if (best.n < 2 || best.residual > EXPLAINED * best_single ||
            best.residual > fmaxf(RESIDUAL_SHARE * whole, 1.5f * noise))
                return alone ? 1 : 0;
        if (alone && alone->n > RARE * unit->n)
                return 1;
        float apart = fabsf(best.at[1] - best.at[0]);
        if (best.n == 2 &&
            (apart < APART_MIN + LIMIT_POINTS ||
             pairs_are_another(unit, discharge->peak, apart, step_rate_hz)))
                return 0;
        qsort(best.at, best.n, sizeof best.at[0], by_place);
        *ret_unit = unit->id;
        return peaks_within(&best, peak_of(unit->waveform), MARGIN_S / UNIT_POINT_S - APART_MIN, n, first,
                            steps_per_point, ret_peaks);
}
