/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which discharges are of one motor unit? Those of one shape and size: a unit's potential is the same each time but
 * for some percent, and noise. Each channel knows some units, the mean of what they have shown.
 *
 * A unit that discharges again before its potential is over shows the sum of both: axonal doublets are 5 ms apart,
 * potentials 8 to 25 ms long. Such a sum looks like no unit; where one is known, it is told by taking
 * the unit's potential away as often as needed until only noise is left.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect-private.h"

#define MIDDLE (UNIT_POINTS / 2)
#define SCALE_MIN 0.65f                  /* of a unit's usual size: still the same */
#define SCALE_MAX 1.5f
#define SLACK 24                        /* points: of two lobes about as large noise makes now this, now that the peak */
#define NEAR 18                         /* points beside the middle, 9 ms: what is compared; further out the next may be */
#define NOISE_MAX 1.8f                  /* of the energy that noise leaves of a discharge when the unit's mean is taken out ... */
#define VARIATION 0.12f                 /* ... and of its own: its discharges differ a little */
#define ONE_UNIT 0.06f                  /* of the energy of a mean: so near are two that noise has made of one, ... */
#define ONE_UNIT_NOISE 0.4f             /* ... by way of each taking the discharges that noise makes more like it */
#define MEMORY 0.1f                     /* of the newest discharge in the mean, at least */
#define MEMORY_N 19u                    /* discharges with that memory are worth a mean of so many */

#define LATELY_S 3.0                    /* what a unit does in this time is seldom single ... */
#define LATELY 0.8f                     /* ... so it is rather the one that has just been seen */

#define MEAN_MIN 10u                    /* discharges: the mean's own size is known */
#define EXTREMES_VARIANCE 1.8f          /* of a size, sigma^2: read off the extremes, on the generator's training seeds; ... */
#define WHOLE_VARIANCE 1.1f             /* ... off the whole shape: what the clairvoyant's has */
#define SIZE_VARIATION 0.03f            /* the shape is not always the same */
#define BLURRED (1.01f * DISCHARGE_HIGHPASS) /* a mean of potentials that were not quite put upon one another is flatter */

#define KNOWN_MIN 3u                    /* discharges: then the mean is clean enough to subtract */
#define SHARE_LOW 0.6f                  /* of the unit's usual size, when it overlaps itself */
#define SHARE_HIGH 1.5f
#define APART_MIN 5                     /* points, 2.5 ms: refractory */
#define ROUNDS 3
#define MARGIN_S 0.008                  /* beside what is to be explained */
#define STRETCH_POINTS 400              /* 200 ms */
#define MISFIT 2.2f                     /* of the energy that noise leaves: one potential does not explain it ... */
#define MISFIT_SHARE 0.06f              /* ... nor that a unit's potentials differ a little */
#define EXPLAINED 0.45f                 /* of what one leaves, several leave less ... */
#define LEFT_SHARE 0.15f                /* ... and less of the whole */
#define COMMON_MIN 12u                  /* discharges: surely a unit of its own */
#define RARE 0.15f                      /* of a unit's discharges: a waveform so rare that it explains may be its doublet */

static float energy(const float *x, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++)
                sum += x[i] * x[i];
        return sum;
}

static float product(const float *a, const float *b, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++)
                sum += a[i] * b[i];
        return sum;
}

/* The in-band signal between its steps: cubic through four of them. */
static float signal_at(const History *h, double step) {
        double at = step - (double) (h->end - (int64_t) h->fill), whole = floor(at);

        if (whole < 1 || whole + 2 >= (double) h->fill)
                return 0;
        const float *y = h->y + (size_t) whole;
        float t = (float) (at - whole);
        return y[-1] * (-t * (t - 1) * (t - 2) / 6) + y[0] * ((t + 1) * (t - 1) * (t - 2) / 2) +
                y[1] * (-t * (t + 1) * (t - 2) / 2) + y[2] * (t * (t + 1) * (t - 1) / 6);
}

static void sample(const History *h, double first_step, double steps_per_point, float *ret, int n) {
        for (int i = 0; i < n; i++)
                ret[i] = signal_at(h, first_step + i * steps_per_point);
}

/* A known potential put upon a signal where it explains most of it. */
typedef struct Fit {
        int shift;                      /* points */
        float scale;
        float gain;                     /* energy explained */
        float left;                     /* of that near the potential, not explained */
} Fit;

/* x: SLACK points more on either side than the shape */
static Fit fit(const float *x, const float *shape) {
        float tt = energy(shape + MIDDLE - NEAR, 2 * NEAR + 1);
        Fit best = { .gain = 0, .left = INFINITY };

        for (int shift = -SLACK; shift <= SLACK && tt > 0; shift++) {
                const float *near = x + SLACK + shift + MIDDLE - NEAR;
                float xt = product(near, shape + MIDDLE - NEAR, 2 * NEAR + 1);
                float scale = fmaxf(SCALE_MIN, fminf(SCALE_MAX, xt / tt)), gain = scale * (2 * xt - scale * tt);

                if (gain > best.gain)
                        best = (Fit) { shift, scale, gain, energy(near, 2 * NEAR + 1) - gain };
        }
        return best;
}

/* What the noise of a discharge, and of a mean of n of them, leaves near a potential. */
static float noise_near(unsigned n, float sigma_uv) {
        return (2 * NEAR + 1) * sigma_uv * sigma_uv * (1 + 1 / (float) (n < MEMORY_N ? n : MEMORY_N));
}

static bool seen_lately(const Unit *k, double now, double step_rate_hz) {
        return step_rate_hz >= UNIT_RATE_HZ_MIN && now - k->last < LATELY_S * step_rate_hz;
}

/* The one that explains the discharge best, of those that leave no more than noise and the unit's own variation do. */
static Unit* find(Units *u, const float *x, double now, double step_rate_hz, unsigned except, float sigma_uv,
                  Fit *ret_fit) {
        float best = 1;
        Unit *found = NULL;

        for (unsigned i = 0; i < u->n; i++) {
                Unit *k = u->units + i;

                if (k->number == except)
                        continue;
                Fit f = fit(x, k->shape);
                float left = f.left / (NOISE_MAX * noise_near(k->n, sigma_uv) + VARIATION * f.gain);
                if (left >= 1)
                        continue;
                if (seen_lately(k, now, step_rate_hz))
                        left *= LATELY;
                if (left < best) {
                        best = left;
                        found = k;
                        *ret_fit = f;
                }
        }
        return found;
}

/* The one that has shown itself least, and then longest ago, makes room. */
static Unit* room(Units *u) {
        if (u->n < UNITS_MAX)
                return u->units + u->n++;

        Unit *least = u->units;
        for (unsigned i = 1; i < UNITS_MAX; i++) {
                Unit *k = u->units + i;
                bool rare = k->n < KNOWN_MIN, least_rare = least->n < KNOWN_MIN;

                if (rare != least_rare ? rare : k->last < least->last)
                        least = k;
        }
        return least;
}

static void learn(Unit *k, const float *x, int shift, float amplitude_uv) {
        float weight = fmaxf(1.0f / (float) ++k->n, MEMORY);

        for (int i = 0; i < UNIT_POINTS; i++)
                k->shape[i] += weight * (x[SLACK + shift + i] - k->shape[i]);
        k->amplitude_uv += weight * (amplitude_uv - k->amplitude_uv);
}

/* So that no discharge could tell one from the other. */
static bool alike(const Unit *a, const Unit *b, float sigma_uv) {
        float x[UNIT_POINTS + 2 * SLACK] = { 0 };

        memcpy(x + SLACK, a->shape, sizeof a->shape);
        Fit f = fit(x, b->shape);
        return f.left < ONE_UNIT * f.gain + ONE_UNIT_NOISE * (2 * NEAR + 1) * sigma_uv * sigma_uv;
}

/* Noise has made two of one: the older goes on. */
static Unit* unite(Units *u, Unit *k, float sigma_uv) {
        for (unsigned i = 0; i < u->n && k->n >= KNOWN_MIN; i++) {
                Unit *other = u->units + i;

                if (other == k || other->n < KNOWN_MIN || !alike(k, other, sigma_uv))
                        continue;
                Unit *stays = k->number < other->number ? k : other, *goes = stays == k ? other : k, *last = u->units + --u->n;
                stays->n += goes->n;
                stays->last = fmax(stays->last, goes->last);
                *goes = *last;
                return stays == last ? goes : stays;
        }
        return k;
}

/*
 * Two values, both with their noise, are read off the extremes of a discharge; all of them tell its size if the shape is
 * known, as well as it is. The mean of both by their variances.
 */
static float amplitude(const Unit *k, const Fit *f, float extremes_uv, float sigma_uv) {
        float low = 0, high = 0, worth = (float) (k->n < MEMORY_N ? k->n : MEMORY_N);

        for (int i = MIDDLE - NEAR; i <= MIDDLE + NEAR; i++) {
                low = fminf(low, k->shape[i]);
                high = fmaxf(high, k->shape[i]);
        }
        float own_uv = f->scale * (BLURRED * (high - low) - DISCHARGE_EXTREMES_SIGMA * sigma_uv / sqrtf(worth));
        float varies = SIZE_VARIATION * extremes_uv / sigma_uv;
        float extremes = EXTREMES_VARIANCE, whole = WHOLE_VARIANCE + varies * varies;

        return (extremes * own_uv + whole * extremes_uv) / (extremes + whole);
}

/* Where the energy of a discharge lies: of two lobes about as large noise makes now this, now that the peak. */
static double middle_of(const History *h, const Discharge *discharge, float sigma_uv, double step_rate_hz) {
        double beside = NEAR * UNIT_POINT_S * step_rate_hz, sum = 0, moment = 0;

        for (double at = -floor(beside); at <= beside; at++) {
                float y = signal_at(h, discharge->peak + at), e = y * y - NOISE_MAX * sigma_uv * sigma_uv;
                sum += e > 0 ? (double) e : 0;
                moment += e > 0 ? (double) e * at : 0;
        }
        return discharge->peak + (sum > 0 ? moment / sum : 0);
}

/*
 * The number of the unit this discharge is of: a known one (but for one), or a new one. Only one that is
 * alone shows all of it. Its size, too, as exact as the unit's shape makes it.
 */
unsigned units_assign(Units *u, const History *h, const Discharge *discharge, bool alone, unsigned except,
                      float sigma_uv, double step_rate_hz, float *ret_amplitude_uv) {
        double steps_per_point = UNIT_POINT_S * step_rate_hz, middle = middle_of(h, discharge, sigma_uv, step_rate_hz);
        float x[UNIT_POINTS + 2 * SLACK];
        Fit f = { .shift = 0 };

        sample(h, middle - (MIDDLE + SLACK) * steps_per_point, steps_per_point, x, UNIT_POINTS + 2 * SLACK);
        Unit *k = find(u, x, discharge->peak, step_rate_hz, except, sigma_uv, &f);
        *ret_amplitude_uv = k && k->n >= MEAN_MIN ? amplitude(k, &f, discharge->amplitude_uv, sigma_uv) : discharge->amplitude_uv;
        if (!k) {
                k = room(u);
                *k = (Unit) { .number = ++u->n_numbers };
                alone = true;
        }
        if (alone)
                learn(k, x, f.shift, discharge->amplitude_uv);
        k->last = discharge->peak;
        return alone ? unite(u, k, sigma_uv)->number : k->number;
}

/* --- sums ------------------------------------------------------------------------------------ */

typedef struct Copies {
        unsigned n;
        float at[DISCHARGES_MAX];       /* points, and parts: where the template begins */
        float scale[DISCHARGES_MAX];
        float left;                     /* energy not explained */
} Copies;

/* Between the points the shape is cubic through four of them. */
static void add(float *x, int n, const float *shape, float at, float scale) {
        float whole = floorf(at), t = 1 - (at - whole);
        int first = (int) whole + 1;
        float w[4] = {
                -t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2, -t * (t + 1) * (t - 2) / 2, t * (t + 1) * (t - 1) / 6,
        };

        /* Point first + i of x lies t behind point i of the shape. */
        for (int i = 1; i + 2 < UNIT_POINTS; i++)
                if (first + i >= 0 && first + i < n)
                        x[first + i] += scale * (w[0] * shape[i - 1] + w[1] * shape[i] + w[2] * shape[i + 1] + w[3] * shape[i + 2]);
}

static bool too_near(const Copies *c, unsigned except, int at) {
        for (unsigned i = 0; i < c->n; i++)
                if (i != except && fabsf(c->at[i] - (float) at) < APART_MIN)
                        return true;
        return false;
}

static float product_at(const float *x, int n, const float *shape, int length, int at) {
        int from = at < 0 ? -at : 0, to = at + length < n ? length : n - at;
        return product(x + at + from, shape + from, to - from);
}

/* Where one copy takes most away. */
static float best_copy(const float *left, int n, const Unit *k, const Copies *c, unsigned except, float *ret_at,
                       float *ret_scale) {
        float tt = energy(k->shape, UNIT_POINTS), best = 0;
        int found = 0;

        for (int at = -MIDDLE; at < n - MIDDLE; at++) {
                if (too_near(c, except, at))
                        continue;
                float xt = product_at(left, n, k->shape, UNIT_POINTS, at);
                float scale = fmaxf(SHARE_LOW, fminf(SHARE_HIGH, xt / tt)), gain = scale * (2 * xt - scale * tt);
                if (gain > best) {
                        best = gain;
                        found = at;
                }
        }
        if (best <= 0)
                return best;

        float before = product_at(left, n, k->shape, UNIT_POINTS, found - 1), at = product_at(left, n, k->shape, UNIT_POINTS, found);
        float after = product_at(left, n, k->shape, UNIT_POINTS, found + 1), curve = before - 2 * at + after;
        float part = curve < 0 ? fmaxf(-0.5f, fminf(0.5f, 0.5f * (before - after) / curve)) : 0;
        *ret_at = (float) found + part;
        *ret_scale = fmaxf(SHARE_LOW, fminf(SHARE_HIGH, (at + 0.25f * (after - before) * part) / tt));
        return best;
}

/* Each copy in turn is taken out and put back where it is best. */
static void refine(float *left, int n, const Unit *k, Copies *c) {
        for (unsigned round = 0; round < ROUNDS; round++)
                for (unsigned i = 0; i < c->n; i++) {
                        add(left, n, k->shape, c->at[i], c->scale[i]);
                        (void) best_copy(left, n, k, c, i, c->at + i, c->scale + i);
                        add(left, n, k->shape, c->at[i], -c->scale[i]);
                }
        c->left = energy(left, n);
}

/* One copy after the other, as long as one explains more than noise would. */
static Copies explain(const float *x, int n, const Unit *k, unsigned max, float worth) {
        float left[STRETCH_POINTS];
        Copies c = { .left = energy(x, n) };

        memcpy(left, x, (size_t) n * sizeof *x);
        while (c.n < max) {
                float at, scale;

                if (best_copy(left, n, k, &c, DISCHARGES_MAX, &at, &scale) <= worth)
                        break;
                c.at[c.n] = at;
                c.scale[c.n++] = scale;
                add(left, n, k->shape, at, -scale);
                refine(left, n, k, &c);
        }
        return c;
}

/* Two that are near: the first guess of a single one lies between them, and would stay there. */
static Copies explain_pair(const float *x, int n, const Unit *k) {
        Copies best = { .left = INFINITY };

        for (int apart = APART_MIN; apart <= 2 * MIDDLE / 3; apart += 2) {
                float pair[UNIT_POINTS + UNIT_POINTS] = { 0 }, tt, most = -INFINITY;
                int length = UNIT_POINTS + apart, where = 0;

                add(pair, length, k->shape, 0, 1);
                add(pair, length, k->shape, apart, 1);
                tt = energy(pair, length);
                for (int at = -MIDDLE; at < n - MIDDLE; at++) {
                        float xt = product_at(x, n, pair, length, at);
                        if (2 * xt - tt > most) {
                                most = 2 * xt - tt;
                                where = at;
                        }
                }

                float left[STRETCH_POINTS];
                Copies c = { .n = 2, .at = { (float) where, (float) (where + apart) }, .scale = { 1, 1 } };
                memcpy(left, x, (size_t) n * sizeof *x);
                add(left, n, k->shape, c.at[0], -1);
                add(left, n, k->shape, c.at[1], -1);
                if (energy(left, n) > 1.5f * best.left)
                        continue;
                refine(left, n, k, &c);
                if (c.left < best.left)
                        best = c;
        }
        return best;
}

static int peak_of(const float *shape) {
        int peak = 0;

        for (int i = 1; i < UNIT_POINTS; i++)
                if (fabsf(shape[i]) > fabsf(shape[peak]))
                        peak = i;
        return peak;
}

/* Those in the margins belong to the discharges before and behind. */
static unsigned peaks_within(const Copies *c, int peak, double margin, int n, double first, double steps_per_point, double *ret_peaks) {
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
 * Is this one potential of a known unit, or several in one another? How many, and where their peaks are (steps);
 * 0 if no unit explains it.
 */
unsigned units_take_apart(const Units *u, const History *h, const Discharge *discharge, float sigma_uv,
                          double step_rate_hz, double ret_peaks[static DISCHARGES_MAX], unsigned *ret_unit) {
        double steps_per_point = UNIT_POINT_S * step_rate_hz;
        double first = discharge->onset - MARGIN_S * step_rate_hz;
        int n = (int) ((discharge->end + MARGIN_S * step_rate_hz - first) / steps_per_point);
        float x[STRETCH_POINTS], best_single = INFINITY, best_left = INFINITY;
        Copies best = { .left = INFINITY };
        const Unit *unit = NULL, *alone = NULL;

        if (step_rate_hz < UNIT_RATE_HZ_MIN || n > STRETCH_POINTS)
                return 0;
        sample(h, first, steps_per_point, x, n);
        float noise = (float) n * sigma_uv * sigma_uv, whole = energy(x, n);

        for (unsigned i = 0; i < u->n; i++) {
                const Unit *k = u->units + i;

                if (k->n < KNOWN_MIN || k->amplitude_uv > SHARE_HIGH * discharge->amplitude_uv ||
                    k->amplitude_uv * 2 * SHARE_HIGH < discharge->amplitude_uv)
                        continue;
                Copies single = explain(x, n, k, 1, 0);
                if (single.left < fmaxf(MISFIT * noise, MISFIT_SHARE * whole)) {
                        if (k->n >= COMMON_MIN)
                                return 1;
                        if (!alone || k->n > alone->n)
                                alone = k;
                        continue;
                }
                best_single = fminf(best_single, single.left);
                float worth = SHARE_LOW * SHARE_LOW * energy(k->shape, UNIT_POINTS);
                Copies pair = explain_pair(x, n, k), many = explain(x, n, k, DISCHARGES_MAX, worth);
                if (many.n > 2 && many.left < pair.left / 1.3f)
                        pair = many;
                float left = pair.left * (seen_lately(k, discharge->peak, step_rate_hz) ? LATELY : 1);
                if (left < best_left) {
                        best_left = left;
                        best = pair;
                        unit = k;
                }
        }
        if (best.n < 2 || best.left > EXPLAINED * best_single ||
            best.left > fmaxf(LEFT_SHARE * whole, 1.5f * noise))
                return alone ? 1 : 0;
        if (alone && alone->n > RARE * unit->n)
                return 1;
        qsort(best.at, best.n, sizeof best.at[0], by_place);
        *ret_unit = unit->number;
        return peaks_within(&best, peak_of(unit->shape), MARGIN_S / UNIT_POINT_S - APART_MIN, n, first, steps_per_point, ret_peaks);
}
