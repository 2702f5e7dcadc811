/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How large a discharge is, peak to peak, told by all of it.
 *
 * Two values are read off its extremes, each with its noise, and they are those that noise has made extreme: at 15
 * standard deviations that errs by 6 %. Where the potential is known its filter in this noise errs by 4.5 %
 * (the clairvoyant's). Here it is one of some shapes that potentials have, at one of some moments: each tells a size and how
 * likely it is by what it explains, and their mean by that (the posterior mean, Kay 1993, Estimation Theory) errs by
 * 4.8 %. The shapes are of the generator's training units: bench-shapes chose them. Units that the channel
 * knows tell with theirs, too.
 *
 * What is none of these shapes, larger than noise or not alone, leaves more unexplained than noise would: then
 * the extremes count, the more the more is left.
 */
#include <math.h>
#include <string.h>

#include "size.h"
#include "discharge.h"
#include "history.h"
#include "interpolate.h"
#include "simd.h"
#include "units.h"
#include "whiten.h"

#define POINT_S 0.001
#define LAG_S 0.00025
#define SINC_POINTS 8
#define COLUMNS ((SIZE_POINTS + 3) / 4 * 4)
#define ROW_MAX (3 * SIZE_POINTS)       /* steps: DETECT_STEP_RATE_HZ_MAX is less than 3 a millisecond */
#define TABLE_SCALE 1000.0f
/* Variances, sigma^2: chosen on the generator's training seeds 100113 and 100114. */
#define GAINED_VARIANCE 0.6f            /* which the extremes have more than the shapes */
#define SHAPE_ERROR 0.02f               /* of a size, as the table has not all shapes */
#define MISFIT_SHARE 0.1f               /* of what is left beyond the noise, in the error of the size */
#define MISFIT_SIGMA 2.0f               /* more than noise leaves, standard deviations */
#define OWN_MIN 10u                     /* discharges: a unit's mean has its shape, and next to none of its noise */
#define BLURRED (1.01f * DISCHARGE_HIGHPASS)    /* potentials that were not quite put upon one another: the mean is flatter */

static const int16_t table[SIZE_SHAPES][SIZE_POINTS] = {
#include "size-shapes.h"
};

/* Of a band that ends below half of the points' rate: between them by Whittaker's sum, tapered. */
static double moved(const int16_t *shape, int point, double by) {
        double sum = 0;

        for (int k = 0; k < SIZE_POINTS; k++) {
                double u = point - by - k;
                if (fabs(u) < SINC_POINTS)
                        sum += shape[k] * (u != 0 ? sin(M_PI * u) / (M_PI * u) : 1) * (0.5 + 0.5 * cos(M_PI * u / SINC_POINTS));
        }
        return sum;
}

void size_shapes_init(SizeShapes *s) {
        for (int lag = 0; lag < SIZE_LAGS; lag++)
                for (int k = 0; k < SIZE_SHAPES; k++)
                        for (int i = 0; i < SIZE_POINTS; i++)
                                s->shapes[k][lag][i] = (float) moved(table[k], i, (lag - SIZE_LAGS / 2) * LAG_S / POINT_S) / TABLE_SCALE;
}

/* Of a symmetric positive definite matrix, in place (Gauss and Jordan; it needs no pivots). Four columns at a time. */
static ALWAYS_INLINE void invert_any(double a[SIZE_POINTS][COLUMNS]) {
        for (int k = 0; k < SIZE_POINTS; k++) {
                double pivot = 1 / a[k][k];

                a[k][k] = 1;
                for (int j = 0; j < COLUMNS; j += 4)
                        *(QuadDouble*) (a[k] + j) *= pivot;
                for (int i = 0; i < SIZE_POINTS; i++) {
                        double factor = a[i][k];

                        if (i == k)
                                continue;
                        a[i][k] = 0;
                        for (int j = 0; j < COLUMNS; j += 4)
                                *(QuadDouble*) (a[i] + j) -= factor * *(const QuadDouble*) (a[k] + j);
                }
        }
}

STATIC_VECTOR_FUNCTION(void, invert, (double a[SIZE_POINTS][COLUMNS]), (a))

static void apply(const ChannelSize *c, const float *x, float *ret) {
        for (int i = 0; i < SIZE_POINTS; i++)
                ret[i] = vector_product(c->inverse[i], x, SIZE_POINTS);
}

/* To the colour of the noise as it is known by now. */
void size_refit(ChannelSize *c, const SizeShapes *s, const Whiten *whiten, double step_rate_hz) {
        double a[SIZE_POINTS][COLUMNS] = { { 0 } }, lags[SIZE_POINTS], row[ROW_MAX];

        whiten_row(whiten, ROW_MAX, row);
        for (int i = 0; i < SIZE_POINTS; i++) {
                double at = i * POINT_S * step_rate_hz;
                int k = (int) at;

                lags[i] = row[k] + (at - k) * (row[k + 1] - row[k]);
        }
        for (int i = 0; i < SIZE_POINTS; i++)
                for (int j = 0; j < SIZE_POINTS; j++)
                        a[i][j] = lags[i > j ? i - j : j - i];
        invert(a);
        for (int i = 0; i < SIZE_POINTS; i++)
                for (int j = 0; j < SIZE_POINTS; j++)
                        c->inverse[i][j] = (float) a[i][j];
        for (int k = 0; k < SIZE_SHAPES; k++) {
                float x[SIZE_POINTS];

                apply(c, s->shapes[k][SIZE_LAGS / 2], x);
                c->energies[k] = vector_product(x, s->shapes[k][SIZE_LAGS / 2], SIZE_POINTS);
        }
        c->fits = true;
}

/* exp(-x), x >= 0, to some percent down to where it does not matter, and the same on all machines. */
static float likelihood(float x) {
        float eighth = 1 + x / 8 * (1 + x / 16), square = eighth * eighth;

        square *= square;
        return 1 / (square * square);
}

/* What is known of the size (sigma) by now: each moment of each shape has its say. */
typedef struct Say {
        float size, gain;               /* energy explained */
} Say;

#define SAYS ((SIZE_SHAPES + UNITS_MAX) * SIZE_LAGS)

static unsigned hear(const float shapes[SIZE_LAGS][SIZE_POINTS], float energy, const float *filtered, Say *ret) {
        for (int lag = 0; lag < SIZE_LAGS; lag++) {
                float size = fabsf(vector_product(filtered, shapes[lag], SIZE_POINTS)) / energy;
                ret[lag] = (Say) { size, size * size * energy };
        }
        return SIZE_LAGS;
}

/* The shape a unit has shown, as those of the table are. */
static void take_unit(const Unit *unit, float sigma_uv, float ret[SIZE_LAGS][SIZE_POINTS]) {
        float low = 0, high = 0, worth = (float) (unit->n < UNIT_MEMORY_N ? unit->n : UNIT_MEMORY_N);

        for (int i = 0; i < UNIT_POINTS; i++) {
                low = fminf(low, unit->shape[i]);
                high = fmaxf(high, unit->shape[i]);
        }
        float size = fmaxf(BLURRED * (high - low) - DISCHARGE_EXTREMES_SIGMA * sigma_uv / sqrtf(worth), (high - low) / 2);

        for (int lag = 0; lag < SIZE_LAGS; lag++)
                for (int i = 0; i < SIZE_POINTS; i++) {
                        double at = (i * POINT_S - (lag - SIZE_LAGS / 2) * LAG_S) / UNIT_POINT_S, whole = floor(at);
                        int k = (int) whole;
                        float w[4];

                        ret[lag][i] = 0;
                        cubic_weights(at - whole, w);
                        for (int n = 0; n < 4; n++)
                                if (k + n - 1 >= 0 && k + n - 1 < UNIT_POINTS)
                                        ret[lag][i] += w[n] * unit->shape[k + n - 1] / size;
                }
}

/* x, filtered: in standard deviations of the noise, and by the inverse of its covariance. */
static unsigned hear_all(const ChannelSize *c, const SizeShapes *s, const Units *units, const float *filtered, float sigma_uv,
                         Say ret[static SAYS]) {
        unsigned n = 0;

        for (int k = 0; k < SIZE_SHAPES; k++)
                n += hear(s->shapes[k], c->energies[k], filtered, ret + n);
        for (unsigned i = 0; i < units->n; i++) {
                float own[SIZE_LAGS][SIZE_POINTS], x[SIZE_POINTS];

                if (units->units[i].n < OWN_MIN)
                        continue;
                take_unit(units->units + i, sigma_uv, own);
                apply(c, own[SIZE_LAGS / 2], x);
                n += hear(own, vector_product(x, own[SIZE_LAGS / 2], SIZE_POINTS), filtered, ret + n);
        }
        return n;
}

/* Their mean by how likely each is; and what the best leaves of the energy. */
static float told_by_shapes(const Say *says, unsigned n, float energy, float *ret_left) {
        float most = 0, sum = 0, weights = 0;

        for (unsigned i = 0; i < n; i++)
                most = fmaxf(most, says[i].gain);
        for (unsigned i = 0; i < n; i++) {
                float weight = likelihood((most - says[i].gain) / 2);

                sum += weight * says[i].size;
                weights += weight;
        }
        *ret_left = energy - most;
        return sum / weights;
}

/* middle: step around which its energy lies; extremes_uv: its size as read off them. */
float size_uv(const ChannelSize *c, const SizeShapes *s, const Units *units, const History *h, double middle, float extremes_uv,
              float sigma_uv, double step_rate_hz) {
        double steps_per_point = POINT_S * step_rate_hz;
        float x[SIZE_POINTS], filtered[SIZE_POINTS], left;
        Say says[SAYS];

        history_sample(h, round(middle) - SIZE_POINTS / 2 * steps_per_point, steps_per_point, x, SIZE_POINTS);
        for (int i = 0; i < SIZE_POINTS; i++)
                x[i] /= sigma_uv;
        apply(c, x, filtered);
        unsigned n = hear_all(c, s, units, filtered, sigma_uv, says);
        float size = told_by_shapes(says, n, vector_product(filtered, x, SIZE_POINTS), &left), extremes = extremes_uv / sigma_uv;
        float misfit = fmaxf(left - SIZE_POINTS - MISFIT_SIGMA * sqrtf(2.0f * SIZE_POINTS), 0);
        float error = SHAPE_ERROR * SHAPE_ERROR * size * size + MISFIT_SHARE * misfit;

        return sigma_uv * (size + (extremes - size) * error / (error + GAINED_VARIANCE));
}
