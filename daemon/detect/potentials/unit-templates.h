/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unit-templates.c: filters for the units that a channel knows. */
#pragma once

#include "daemon/detect/base/simd.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/template-bank.h"
#include "daemon/detect/statistic/whiten.h"
#include "units.h"

#define UNIT_TEMPLATE_LANES 8u          /* units x shifts below one step */

typedef struct UnitTemplates {
        unsigned n_lanes;               /* in use; 0: the channel knows no unit well enough */
        float bank_weight; /* on the bank's statistic, at most 1: its share of the false alarms */
        float *waveforms, *taps; /* [n_taps][UNIT_TEMPLATE_LANES] of unit energy; fitted to the noise */
        unsigned like[UNIT_TEMPLATE_LANES];     /* lane of the bank with the most similar output */
        /* on outputs in standard deviations, as those of the bank; may be above 1 */
        float weights[UNIT_TEMPLATE_LANES];
        float inverse[UNIT_TEMPLATE_LANES];     /* weight / sigma */
} UnitTemplates;

int unit_templates_init(UnitTemplates *l, unsigned n_taps);
void unit_templates_done(UnitTemplates *l);
void unit_templates_restart(UnitTemplates *l);
void unit_templates_update(UnitTemplates *l, const Noise *noise);

/* The larger of the bank's statistic and that of the known units. */
static ALWAYS_INLINE float unit_templates_run(const UnitTemplates *l, const TemplateBank *bank,
                                              const float *window_uv, float statistic) {
        float outputs[UNIT_TEMPLATE_LANES];
        f32x8 by_lane;

        template_bank_outputs(bank->n_taps, UNIT_TEMPLATE_LANES, l->taps, window_uv, l->inverse, outputs,
                              &by_lane);
        float own = f32x8_max(&by_lane), other = statistic * l->bank_weight;
        return own > other ? own : other;
}

typedef struct UnitTemplatesContext {   /* of one channel, what its filters are made from */
        const Units *units;
        const TemplateBank *bank;
        const Whiten *whiten;
        const EcgTracker *ecg;          /* its waves are no units */
        const EcgTemplate *ecg_template;
        double *scratch;                /* [n_taps][2 + n_lanes] */
        double step_rate_hz;
        double false_alarms_per_hour;
        float threshold;                /* of the bank's statistic */
        float sigma_uv;                 /* of the noise */
} UnitTemplatesContext;

void unit_templates_refit(UnitTemplates *l, const UnitTemplatesContext *x);
