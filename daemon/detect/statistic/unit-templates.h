/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unit-templates.c: filters for the units that a channel knows. */
#pragma once

#include "template-bank.h"
#include "noise.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

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
float unit_templates_run(const UnitTemplates *l, const TemplateBank *bank, const float *window_uv,
                         float statistic);

void unit_templates_refit(const Detector *d, Channel *c);
