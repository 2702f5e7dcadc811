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
#define OWN_MIN 10u /* discharges: a unit's mean has its waveform, and next to none of its noise */
/* potentials that were not quite put upon one another: the mean is flatter */
#define BLURRED (1.01f * DISCHARGE_HIGHPASS)

static const int16_t table[AMPLITUDE_TEMPLATES][AMPLITUDE_POINTS] = {
#include "amplitude-templates.h"
};

/* Of a band that ends below half of the points' rate: between them by Whittaker's sum, tapered. */
static double moved(const int16_t *waveform, int point, double by) {
        double sum = 0;

        for (int k = 0; k < AMPLITUDE_POINTS; k++) {
                double u = point - by - k;
                if (fabs(u) < SINC_POINTS)
                        sum += waveform[k] * (u != 0 ? sin(M_PI * u) / (M_PI * u) : 1) *
                                (0.5 + 0.5 * cos(M_PI * u / SINC_POINTS));
        }
        return sum;
}

void amplitude_templates_init(AmplitudeTemplates *s) {
        for (int lag = 0; lag < AMPLITUDE_LAGS; lag++)
                for (int k = 0; k < AMPLITUDE_TEMPLATES; k++)
                        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                                s->waveforms[k][lag][i] = (float) moved(table[k], i,
                                                                        (lag - AMPLITUDE_LAGS / 2) * LAG_S /
                                                                                POINT_S) /
                                        TABLE_SCALE;
}

static ALWAYS_INLINE void invert_any(double a[AMPLITUDE_POINTS][COLUMNS]) {
        matrix_invert(a[0], AMPLITUDE_POINTS);
}

STATIC_VECTOR_FUNCTION(void, invert, (double a[AMPLITUDE_POINTS][COLUMNS]), (a))

static void apply(const AmplitudeEstimator *c, const float *x, float *ret) {
        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                ret[i] = vector_product(c->inverse[i], x, AMPLITUDE_POINTS);
}

/* To the colour of the noise as it is known by now. */
void amplitude_refit(AmplitudeEstimator *c, const AmplitudeTemplates *s, const Whiten *whiten,
                     double step_rate_hz) {
        double a[AMPLITUDE_POINTS][COLUMNS] = { { 0 } }, lags[AMPLITUDE_POINTS], row[ROW_MAX];

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
        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                for (int j = 0; j < AMPLITUDE_POINTS; j++)
                        c->inverse[i][j] = (float) a[i][j];
        for (int k = 0; k < AMPLITUDE_TEMPLATES; k++) {
                float x[AMPLITUDE_POINTS];

                apply(c, s->waveforms[k][AMPLITUDE_LAGS / 2], x);
                c->energies[k] = vector_product(x, s->waveforms[k][AMPLITUDE_LAGS / 2], AMPLITUDE_POINTS);
        }
        c->fits = true;
}

/* exp(-x), x >= 0, to some percent down to where it does not matter, and the same on all machines. */
static float likelihood(float x) {
        float eighth = 1 + x / 8 * (1 + x / 16), square = eighth * eighth;

        square *= square;
        return 1 / (square * square);
}

/* What is known of the size (sigma) by now: each moment of each waveform has its say. */
typedef struct AmplitudeHypothesis {
        float size, gain;               /* energy explained */
} AmplitudeHypothesis;

#define HYPOTHESES ((AMPLITUDE_TEMPLATES + UNITS_MAX) * AMPLITUDE_LAGS)

static unsigned evaluate_template(const float waveforms[AMPLITUDE_LAGS][AMPLITUDE_POINTS], float energy,
                                  const float *filtered, AmplitudeHypothesis *ret) {
        for (int lag = 0; lag < AMPLITUDE_LAGS; lag++) {
                float size = fabsf(vector_product(filtered, waveforms[lag], AMPLITUDE_POINTS)) / energy;
                ret[lag] = (AmplitudeHypothesis) { size, size * size * energy };
        }
        return AMPLITUDE_LAGS;
}

/* The waveform a unit has shown, as those of the table are. */
static void take_unit(const Unit *unit, float sigma_uv, float ret[AMPLITUDE_LAGS][AMPLITUDE_POINTS]) {
        float low = 0, high = 0, worth = (float) (unit->n < UNIT_MEMORY_N ? unit->n : UNIT_MEMORY_N);

        for (int i = 0; i < UNIT_POINTS; i++) {
                low = fminf(low, unit->waveform[i]);
                high = fmaxf(high, unit->waveform[i]);
        }
        float size = fmaxf(BLURRED * (high - low) - DISCHARGE_EXTREMES_SIGMA * sigma_uv / sqrtf(worth),
                           (high - low) / 2);

        for (int lag = 0; lag < AMPLITUDE_LAGS; lag++)
                for (int i = 0; i < AMPLITUDE_POINTS; i++) {
                        double at = (i * POINT_S - (lag - AMPLITUDE_LAGS / 2) * LAG_S) / UNIT_POINT_S,
                               whole = floor(at);
                        int k = (int) whole;
                        float w[4];

                        ret[lag][i] = 0;
                        cubic_weights(at - whole, w);
                        for (int n = 0; n < 4; n++)
                                if (k + n - 1 >= 0 && k + n - 1 < UNIT_POINTS)
                                        ret[lag][i] += w[n] * unit->waveform[k + n - 1] / size;
                }
}

/* x, filtered: in standard deviations of the noise, and by the inverse of its covariance. */
static unsigned evaluate_templates(const AmplitudeEstimator *c, const AmplitudeTemplates *s,
                                   const Units *units, const float *filtered, float sigma_uv,
                                   AmplitudeHypothesis ret[static HYPOTHESES]) {
        unsigned n = 0;

        for (int k = 0; k < AMPLITUDE_TEMPLATES; k++)
                n += evaluate_template(s->waveforms[k], c->energies[k], filtered, ret + n);
        for (unsigned i = 0; i < units->n; i++) {
                float own[AMPLITUDE_LAGS][AMPLITUDE_POINTS], x[AMPLITUDE_POINTS];

                if (units->units[i].n < OWN_MIN)
                        continue;
                take_unit(units->units + i, sigma_uv, own);
                apply(c, own[AMPLITUDE_LAGS / 2], x);
                n += evaluate_template(own, vector_product(x, own[AMPLITUDE_LAGS / 2], AMPLITUDE_POINTS),
                                       filtered, ret + n);
        }
        return n;
}

/* Their mean by how likely each is; and what the best leaves of the energy. */
static float posterior_mean_amplitude(const AmplitudeHypothesis *says, unsigned n, float energy,
                                      float *ret_left) {
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
float amplitude_estimate_uv(const AmplitudeEstimator *c, const AmplitudeTemplates *s, const Units *units,
                            const History *h, double middle, float extremes_uv, float sigma_uv,
                            double step_rate_hz) {
        double steps_per_point = POINT_S * step_rate_hz;
        float x[AMPLITUDE_POINTS], filtered[AMPLITUDE_POINTS], left;
        AmplitudeHypothesis says[HYPOTHESES];

        history_sample(h, round(middle) - AMPLITUDE_POINTS / 2 * steps_per_point, steps_per_point, x,
                       AMPLITUDE_POINTS);
        for (int i = 0; i < AMPLITUDE_POINTS; i++)
                x[i] /= sigma_uv;
        apply(c, x, filtered);
        unsigned n = evaluate_templates(c, s, units, filtered, sigma_uv, says);
        float size = posterior_mean_amplitude(says, n, vector_product(filtered, x, AMPLITUDE_POINTS), &left),
              extremes = extremes_uv / sigma_uv;
        float misfit = fmaxf(left - AMPLITUDE_POINTS - MISFIT_SIGMA * sqrtf(2.0f * AMPLITUDE_POINTS), 0);
        float error = WAVEFORM_ERROR * WAVEFORM_ERROR * size * size + MISFIT_SHARE * misfit;

        return sigma_uv * (size + (extremes - size) * error / (error + GAINED_VARIANCE));
}
