/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How large a discharge is, peak to peak, told by all of it.
 *
 * Two values are read off its extremes, each with its noise, and they are those that noise has made extreme:
 * at 15 standard deviations that errs by 6 %. Where the potential is known its filter in this noise errs by
 * 4.5 % (the clairvoyant's). Here it is one of some waveforms that potentials have, at one of some moments:
 * each tells a size and how likely it is by what it explains, and their mean by that (the posterior mean,
 * Kay 1993, Estimation Theory) errs by 4.8 %. The waveforms are of the generator's training units:
 * bench-waveforms chose them. Units that the channel knows tell with theirs, too.
 *
 * What is none of these waveforms, larger than noise or not alone, leaves more unexplained than noise would:
 * then the extremes count, the more the more is left.
 */
#include <math.h>
#include <string.h>

#include "amplitude.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/interpolate.h"
#include "daemon/detect/base/linalg.h"
#include "daemon/detect/base/products.h"
#include "daemon/detect/base/simd.h"
#include "daemon/detect/statistic/whiten.h"
#include "discharge.h"
#include "units.h"

#define POINT_S 0.001
#define LAG_S 0.00025
#define SINC_POINTS 8
#define COLUMNS MATRIX_COLUMNS(AMPLITUDE_POINTS)
#define ROW_MAX (3 * AMPLITUDE_POINTS)  /* steps: DETECT_STEP_RATE_HZ_MAX is less than 3 a millisecond */
#define TABLE_SCALE 1000.0f
/* Variances, sigma^2: chosen on the generator's training seeds 100113 and 100114. */
#define GAINED_VARIANCE 0.6f            /* which the extremes have more than the waveforms */
#define WAVEFORM_ERROR 0.02f            /* of a size, as the table has not all waveforms */
#define MISFIT_SHARE 0.1f               /* of what is left beyond the noise, in the error of the size */
#define MISFIT_SIGMA 2.0f               /* more than noise leaves, standard deviations */
#define UNIT_BESIDE 8 /* points beyond a unit's waveform: with all lags the cubic needs 7, counted */
#define OWN_MIN 10u /* discharges: a unit's mean has its waveform, and next to none of its noise */
/* potentials that were not quite put upon one another: the mean is flatter */
#define BLURRED (1.01f * DISCHARGE_HIGHPASS)

static const int16_t table[AMPLITUDE_TEMPLATES][AMPLITUDE_POINTS] = {
#include "amplitude-templates.h"
};

/* Of a band that ends below half of the points' rate: between them by Whittaker's sum, tapered. */
static void whittaker(int point, double by, double sinc[static AMPLITUDE_POINTS],
                      double taper[static AMPLITUDE_POINTS]) {
        for (int k = 0; k < AMPLITUDE_POINTS; k++) {
                double u = point - by - k;
                bool near = fabs(u) < SINC_POINTS;

                sinc[k] = !near ? 0 : u != 0 ? sin(M_PI * u) / (M_PI * u) : 1;
                taper[k] = near ? 0.5 + 0.5 * cos(M_PI * u / SINC_POINTS) : 0;
        }
}

/* A point of all waveforms */
static void init_point(AmplitudeTemplates *s, int lag, int point) {
        double sinc[AMPLITUDE_POINTS], taper[AMPLITUDE_POINTS];

        whittaker(point, (lag - AMPLITUDE_LAGS / 2) * LAG_S / POINT_S, sinc, taper);
        for (int t = 0; t < AMPLITUDE_TEMPLATES; t++) {
                double sum = 0;

                for (int k = 0; k < AMPLITUDE_POINTS; k++)
                        sum += table[t][k] * sinc[k] * taper[k];
                s->waveforms[point][t * AMPLITUDE_LAGS + lag] = (float) sum / TABLE_SCALE;
                if (lag == AMPLITUDE_LAGS / 2)
                        s->in_the_middle[point][t] = (float) sum / TABLE_SCALE;
        }
}

static void init_unit_point(AmplitudeUnitPoint *p, int lag, int point) {
        double at = (point * POINT_S - (lag - AMPLITUDE_LAGS / 2) * LAG_S) / UNIT_POINT_S, whole = floor(at);
        float weights[4];

        cubic_weights(at - whole, weights);
        p->first[lag] = (unsigned char) (UNIT_BESIDE + (int) whole - 1);
        for (int n = 0; n < 4; n++)
                p->weights[n][lag] = weights[n];
}

void amplitude_templates_init(AmplitudeTemplates *s) {
        for (int lag = 0; lag < AMPLITUDE_LAGS; lag++)
                for (int i = 0; i < AMPLITUDE_POINTS; i++) {
                        init_point(s, lag, i);
                        init_unit_point(s->unit_points + i, lag, i);
                }
}

static ALWAYS_INLINE void invert_any(double a[AMPLITUDE_POINTS][COLUMNS]) {
        matrix_invert(a[0], AMPLITUDE_POINTS);
}

STATIC_VECTOR_FUNCTION(void, invert, (double a[AMPLITUDE_POINTS][COLUMNS]), (a))

/* To the colour of the noise as it is known by now. */
void amplitude_refit(AmplitudeEstimator *c, const AmplitudeTemplates *s, const Whiten *whiten,
                     double step_rate_hz) {
        double a[AMPLITUDE_POINTS][COLUMNS] = { { 0 } }, lags[AMPLITUDE_POINTS], row[ROW_MAX];
        float energies[AMPLITUDE_TEMPLATES] = { 0 };

        whiten_row(whiten, ROW_MAX, row);
        for (int i = 0; i < AMPLITUDE_POINTS; i++) {
                double at = i * POINT_S * step_rate_hz;
                int k = (int) at;

                lags[i] = row[k] + (at - k) * (row[k + 1] - row[k]);
        }
        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                for (int j = 0; j < AMPLITUDE_POINTS; j++)
                        a[i][j] = lags[i > j ? i - j : j - i];
        invert(a);
        for (int i = 0; i < AMPLITUDE_POINTS; i++) {
                float inverse[AMPLITUDE_POINTS], x[AMPLITUDE_TEMPLATES];

                for (int j = 0; j < AMPLITUDE_POINTS; j++)
                        c->inverse[j][i] = inverse[j] = (float) a[i][j];
                products_of_lanes(inverse, AMPLITUDE_POINTS, s->in_the_middle[0], AMPLITUDE_TEMPLATES, x);
                for (int t = 0; t < AMPLITUDE_TEMPLATES; t++)
                        energies[t] += x[t] * s->in_the_middle[i][t];
        }
        for (int l = 0; l < AMPLITUDE_LANES; l++)
                c->energies[l] = energies[l / AMPLITUDE_LAGS];
        c->fits = true;
}

/* x by the inverse of the noise's covariance */
static void apply(const AmplitudeEstimator *c, const float x[static AMPLITUDE_POINTS],
                  float ret[static AMPLITUDE_POINT_LANES]) {
        products_of_lanes(x, AMPLITUDE_POINTS, c->inverse[0], AMPLITUDE_POINT_LANES, ret);
}

/* exp(-x), x >= 0, to some percent down to where it does not matter, and the same on all machines. */
static ALWAYS_INLINE void likelihoods(f32x8 *x) {
        f32x8 eighth = 1 + *x / 8 * (1 + *x / 16), square = eighth * eighth;

        square *= square;
        *x = 1 / (square * square);
}

/* What is known of the size (sigma) by now: each moment of each waveform has its say. */
#define HYPOTHESES (AMPLITUDE_LANES + UNITS_MAX * AMPLITUDE_LAGS)

typedef struct AmplitudeHypotheses {
        unsigned n;
        float sizes[HYPOTHESES + 8], gains[HYPOTHESES + 8]; /* gain: energy explained */
} AmplitudeHypotheses;

/* What lanes of waveforms tell, by their products with the filtered signal; whole vectors. */
static ALWAYS_INLINE void add_hypotheses_any(AmplitudeHypotheses *says, const float *products,
                                             const float *energies, unsigned n) {
        for (unsigned i = 0; i < n; i += 8) {
                f32x8 energy = *(const f32x8*) (energies + i),
                      size = F32X8_ABS(*(const f32x8*) (products + i)) / energy;

                *(f32x8*) (says->sizes + says->n + i) = size;
                *(f32x8*) (says->gains + says->n + i) = size * size * energy;
        }
        says->n += n;
}

STATIC_VECTOR_FUNCTION(void, add_hypotheses,
                       (AmplitudeHypotheses *says, const float *products, const float *energies, unsigned n),
                       (says, products, energies, n))

/* The waveform a unit has shown, as those of the table are. */
static ALWAYS_INLINE void take_unit_any(const AmplitudeTemplates *s, const float *padded, float size,
                                        float ret[AMPLITUDE_POINTS][AMPLITUDE_LAG_LANES]) {
        for (int i = 0; i < AMPLITUDE_POINTS; i++) {
                const AmplitudeUnitPoint *p = s->unit_points + i;
                f32x8 sum[AMPLITUDE_LAG_LANES / 8] = { { 0 } };

                for (int n = 0; n < 4; n++) {
                        float y[AMPLITUDE_LAG_LANES];

                        for (int lag = 0; lag < AMPLITUDE_LAG_LANES; lag++)
                                y[lag] = padded[p->first[lag] + n];
                        for (int l = 0; l < AMPLITUDE_LAG_LANES / 8; l++)
                                sum[l] += *(const f32x8*) (p->weights[n] + 8 * l) *
                                        *(const f32x8*) (y + 8 * l) / size;
                }
                memcpy(ret[i], sum, sizeof sum);
        }
}

STATIC_VECTOR_FUNCTION(void, take_unit,
                       (const AmplitudeTemplates *s, const float *padded, float size,
                        float ret[AMPLITUDE_POINTS][AMPLITUDE_LAG_LANES]),
                       (s, padded, size, ret))

static void evaluate_unit(const AmplitudeEstimator *c, const AmplitudeTemplates *s, const Unit *unit,
                          const float *filtered, float sigma_uv, AmplitudeHypotheses *says) {
        float low = 0, high = 0, worth = (float) (unit->n < UNIT_MEMORY_N ? unit->n : UNIT_MEMORY_N);
        float padded[UNIT_BESIDE + UNIT_POINTS + UNIT_BESIDE] = { 0 };
        float own[AMPLITUDE_POINTS][AMPLITUDE_LAG_LANES], middle[AMPLITUDE_POINTS], x[AMPLITUDE_POINT_LANES],
                products[AMPLITUDE_LAG_LANES], energies[AMPLITUDE_LAG_LANES];

        for (int i = 0; i < UNIT_POINTS; i++) {
                low = fminf(low, unit->waveform[i]);
                high = fmaxf(high, unit->waveform[i]);
        }
        float size = fmaxf(BLURRED * (high - low) - DISCHARGE_EXTREMES_SIGMA * sigma_uv / sqrtf(worth),
                           (high - low) / 2);

        memcpy(padded + UNIT_BESIDE, unit->waveform, sizeof unit->waveform);
        take_unit(s, padded, size, own);
        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                middle[i] = own[i][AMPLITUDE_LAGS / 2];
        apply(c, middle, x);
        float energy = vector_product(x, middle, AMPLITUDE_POINTS);
        for (int l = 0; l < AMPLITUDE_LAG_LANES; l++)
                energies[l] = energy;
        products_of_lanes(filtered, AMPLITUDE_POINTS, own[0], AMPLITUDE_LAG_LANES, products);
        add_hypotheses(says, products, energies, AMPLITUDE_LAG_LANES);
        says->n -= AMPLITUDE_LAG_LANES - AMPLITUDE_LAGS;        /* these lanes are none */
}

/* filtered: in standard deviations of the noise, and by the inverse of its covariance. */
static void evaluate_templates(const AmplitudeEstimator *c, const AmplitudeTemplates *s, const Units *units,
                               const float *filtered, float sigma_uv, AmplitudeHypotheses *says) {
        float products[AMPLITUDE_LANES];

        products_of_lanes(filtered, AMPLITUDE_POINTS, s->waveforms[0], AMPLITUDE_LANES, products);
        add_hypotheses(says, products, c->energies, AMPLITUDE_LANES);
        for (unsigned i = 0; i < units->n; i++)
                if (units->units[i].n >= OWN_MIN)
                        evaluate_unit(c, s, units->units + i, filtered, sigma_uv, says);
}

static ALWAYS_INLINE void weigh_any(const AmplitudeHypotheses *says, float most,
                                    float ret[static HYPOTHESES + 8]) {
        for (unsigned i = 0; i < says->n; i += 8) {
                f32x8 x = (most - *(const f32x8*) (says->gains + i)) / 2;

                likelihoods(&x);
                *(f32x8*) (ret + i) = x;
        }
}

STATIC_VECTOR_FUNCTION(void, weigh,
                       (const AmplitudeHypotheses *says, float most, float ret[static HYPOTHESES + 8]),
                       (says, most, ret))

/* Their mean by how likely each is; and what the best leaves of the energy. */
static float posterior_mean_amplitude(const AmplitudeHypotheses *says, float energy, float *ret_left) {
        float most = 0, sum = 0, all = 0, weights[HYPOTHESES + 8];

        for (unsigned i = 0; i < says->n; i++)
                most = says->gains[i] > most ? says->gains[i] : most;
        weigh(says, most, weights);
        for (unsigned i = 0; i < says->n; i++) {
                sum += weights[i] * says->sizes[i];
                all += weights[i];
        }
        *ret_left = energy - most;
        return sum / all;
}

/* middle: step around which its energy lies; extremes_uv: its size as read off them. */
float amplitude_estimate_uv(const AmplitudeEstimator *c, const AmplitudeTemplates *s, const Units *units,
                            const History *h, double middle, float extremes_uv, float sigma_uv,
                            double step_rate_hz) {
        double steps_per_point = POINT_S * step_rate_hz;
        float x[AMPLITUDE_POINTS], filtered[AMPLITUDE_POINT_LANES], left;
        AmplitudeHypotheses says;

        history_sample(h, round(middle) - AMPLITUDE_POINTS / 2 * steps_per_point, steps_per_point, x,
                       AMPLITUDE_POINTS);
        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                x[i] /= sigma_uv;
        apply(c, x, filtered);
        says.n = 0;
        evaluate_templates(c, s, units, filtered, sigma_uv, &says);
        float size = posterior_mean_amplitude(&says, vector_product(filtered, x, AMPLITUDE_POINTS), &left),
              extremes = extremes_uv / sigma_uv;
        float misfit = fmaxf(left - AMPLITUDE_POINTS - MISFIT_SIGMA * sqrtf(2.0f * AMPLITUDE_POINTS), 0);
        float error = WAVEFORM_ERROR * WAVEFORM_ERROR * size * size + MISFIT_SHARE * misfit;

        return sigma_uv * (size + (extremes - size) * error / (error + GAINED_VARIANCE));
}
