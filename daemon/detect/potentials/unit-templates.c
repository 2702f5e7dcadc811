/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matched filters for the units that a channel knows.
 *
 * The bank's waveforms fit every unit a little and none well, and eight of them raise more false alarms than
 * one would. A unit that has discharged often has shown its waveform: a filter for it, fitted to the noise
 * like those of the bank, loses nothing but what noise there is left in the mean.
 *
 * The rate of false alarms stays what the knob says. Each filter gets the share of it that its unit has in
 * the discharges of the channel, and the bank gets the rest: which finds most, as the thresholds that follow
 * differ by the logarithm of how likely it is that the next twitch is of that unit (Bayes).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit-templates.h"
#include "daemon/detect/base/sort.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/template-bank.h"
#include "daemon/detect/statistic/whiten.h"
#include "units.h"

#define DISCHARGES_MIN 10u              /* then noise has left the mean: detection.md, section 3 */
#define SHARE_MIN 0.2 /* of the channel's discharges; with less, its threshold would be above the bank's */
#define SHARE_OF_UNKNOWN 0.5 /* at least, of the false alarms for the bank: units nobody has seen yet */
/*
 * Alarms of single filters to alarms, as noise makes a unit's and the bank's cross together; on training
 * seeds 100001-100003.
 */
#define OVERLAP 1.15
#define EXTENT_S 0.012 /* beside the peak: further out there is next to nothing but noise ... */
#define EDGE_S 0.004                    /* ... and this before it begins to count less */
#define FINE_RATE_HZ 1500.0             /* below, a potential's place between two steps matters */
#define LIKE_HEART 0.7 /* correlation: waves of the heart have 0.9 or more, units up to 0.4 */
#define LEVEL_RATIO_MIN 20.0            /* of crossings to those allowed: 2.4 standard deviations */
#define LIKE_LAGS 6                     /* steps: the bank's waveforms have their peaks elsewhere */

int unit_templates_init(UnitTemplates *l, unsigned n_taps) {
        *l = (UnitTemplates) {
                .bank_weight = 1,
                .taps = calloc((size_t) UNIT_TEMPLATE_LANES * n_taps, sizeof *l->taps),
                .waveforms = calloc((size_t) UNIT_TEMPLATE_LANES * n_taps, sizeof *l->waveforms),
        };
        return l->taps && l->waveforms ? 0 : -ENOMEM;
}

void unit_templates_done(UnitTemplates *l) {
        free(l->taps);
        free(l->waveforms);
}

void unit_templates_restart(UnitTemplates *l) {
        l->n_lanes = 0;
        l->bank_weight = 1;
}

static float* at(float *taps, unsigned lane, unsigned i) {
        return taps + (size_t) i * UNIT_TEMPLATE_LANES + lane;
}

/* 1 around the peak, 0 far from it. */
static double window(double time_s) {
        double beyond = (fabs(time_s) - (EXTENT_S - EDGE_S)) / EDGE_S;

        return beyond <= 0 ? 1 : beyond >= 1 ? 0 : 0.5 + 0.5 * cos(M_PI * beyond);
}

/* The unit's waveform at steps, shifted. */
static void sample(const Unit *unit, double shift_s, double step_rate_hz, double *ret, unsigned n_taps) {
        for (unsigned i = 0; i < n_taps; i++) {
                double time_s = ((double) i - n_taps / 2) / step_rate_hz + shift_s;
                double point = time_s / UNIT_POINT_S + UNIT_POINTS / 2, whole = floor(point);
                int k = (int) whole;

                ret[i] = k >= 0 && k + 1 < UNIT_POINTS ?
                        ((double) unit->waveform[k] +
                         (double) (unit->waveform[k + 1] - unit->waveform[k]) * (point - whole)) *
                                window(time_s) :
                        0;
        }
}

/* Of unit energy. */
static bool set_lane(UnitTemplates *l, unsigned lane, const double *waveform, unsigned n_taps) {
        double energy = 0;

        for (unsigned i = 0; i < n_taps; i++)
                energy += waveform[i] * waveform[i];
        if (!(energy > 0))
                return false;
        for (unsigned i = 0; i < n_taps; i++)
                *at(l->waveforms, lane, i) = (float) (waveform[i] / sqrt(energy));
        return true;
}

static double root_mean_square_of(UnitTemplates *l, unsigned lane, double step_rate_hz, unsigned n_taps) {
        double slope = 0, energy = 0;

        for (unsigned i = 1; i < n_taps; i++) {
                double a = (double) *at(l->waveforms, lane, i - 1), b = (double) *at(l->waveforms, lane, i);

                slope += (b - a) * (b - a);
                energy += (a + b) * (a + b) / 4;
        }
        return sqrt(slope / energy) * step_rate_hz / (2 * M_PI);
}

/*
 * So large is an output so many times an hour, at least. Rice: see template-bank.c, where a filter's own
 * share of what is seen is smaller, as those beside it cross together with it.
 */
static double level(double root_mean_square_hz, double per_hour) {
        return sqrt(2 * log(fmax(2 * root_mean_square_hz * 3600 / per_hour, LEVEL_RATIO_MIN)));
}

/*
 * Which of the bank's filters has the output most like this one's, if one of them comes later? Its noise is
 * measured all the time; in noise as it is known both have the same, and what is wrong with that is wrong
 * with both.
 */
static unsigned most_like(UnitTemplates *l, unsigned lane, const TemplateBank *bank) {
        unsigned best = 0;
        double most = -1;

        for (unsigned b = 0; b < bank->n_lanes; b++)
                for (int lag = -LIKE_LAGS; lag <= LIKE_LAGS; lag++) {
                        double sum = 0;

                        for (int i = 0; i < (int) bank->n_taps; i++)
                                if (i + lag >= 0 && i + lag < (int) bank->n_taps)
                                        sum += (double) *at(l->waveforms, lane, (unsigned) i) *
                                                (double) template_bank_tap(bank, bank->taps, b,
                                                                           (unsigned) (i + lag));
                        if (fabs(sum) > most) {
                                most = fabs(sum);
                                best = b;
                        }
                }
        return best;
}

static bool is_more_frequent(const void *a, const void *b) {
        return (*(const Unit* const*) a)->n > (*(const Unit* const*) b)->n;
}

/*
 * The most often seen first. A heart is found once it has been seen some times, and again at each beat
 * somewhat late: its waves look like units until then.
 */
static unsigned choose(const UnitTemplatesContext *x, const Unit *ret[static UNITS_MAX],
                       unsigned *ret_total) {
        unsigned n = 0, kept = 0, total = 0;

        for (unsigned i = 0; i < x->units->n; i++) {
                const Unit *unit = x->units->units + i;

                if (unit->n >= DISCHARGES_MIN) {
                        sample(unit, 0, x->step_rate_hz, x->scratch, x->bank->n_taps);
                        if (ecg_likeness(x->ecg, x->ecg_template, x->scratch, x->bank->n_taps, x->sigma_uv) >
                            LIKE_HEART)
                                continue;
                        ret[n++] = unit;
                }
                total += unit->n;
        }
        sort_stable(ret, n, sizeof *ret, is_more_frequent);
        while (kept < n && kept < UNIT_TEMPLATE_LANES && (double) ret[kept]->n >= SHARE_MIN * total)
                kept++;
        *ret_total = total;
        return kept;
}

/* After the channel's filters have been fitted to the noise: those for the units known by now. */
void unit_templates_refit(UnitTemplates *l, const UnitTemplatesContext *x) {
        unsigned n_taps = x->bank->n_taps, lane = 0, total;
        double per_hour = OVERLAP * x->false_alarms_per_hour, threshold = (double) x->threshold, unknown = 1;
        const Unit *units[UNITS_MAX];
        unsigned n = choose(x, units, &total);
        unsigned shifts = x->step_rate_hz < FINE_RATE_HZ && 2 * n <= UNIT_TEMPLATE_LANES ? 2 : 1;

        unit_templates_restart(l);
        memset(l->waveforms, 0, (size_t) UNIT_TEMPLATE_LANES * n_taps * sizeof *l->waveforms);
        for (unsigned k = 0; k < n; k++) {
                double share = (1 - SHARE_OF_UNKNOWN) * units[k]->n / total;

                for (unsigned s = 0; s < shifts; s++) {
                        sample(units[k], s / x->step_rate_hz / shifts, x->step_rate_hz, x->scratch, n_taps);
                        if (!set_lane(l, lane, x->scratch, n_taps))
                                continue;
                        double hz = root_mean_square_of(l, lane, x->step_rate_hz, n_taps);

                        l->weights[lane] = (float) (threshold / level(hz, share * per_hour));
                        l->like[lane] = most_like(l, lane, x->bank);
                        lane++;
                }
                unknown -= share;
        }
        if (lane == 0 ||
            !whiten_waveforms(x->whiten, l->waveforms, UNIT_TEMPLATE_LANES, n_taps, x->scratch, l->taps))
                return;
        l->n_lanes = lane;
        l->bank_weight = (float) (threshold / template_bank_threshold(x->bank, unknown * per_hour));
}

/* The noise is known anew. */
void unit_templates_update(UnitTemplates *l, const Noise *noise) {
        for (unsigned i = 0; i < UNIT_TEMPLATE_LANES; i++)
                l->inverse[i] = i < l->n_lanes ?
                        l->weights[i] * noise->inverse[l->like[i]] / noise->weights[l->like[i]] :
                        0;
}
