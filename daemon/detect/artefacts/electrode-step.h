/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* electrode-step.c: the potential of an electrode jumps, and stays or decays. */
#pragma once

#define ELECTRODE_DECAYS 10             /* time constants; the last one: it stays */
#define ELECTRODE_RISES 3               /* how sharp the jump is */
#define ELECTRODE_PHASES 2              /* places between two steps */
#define ELECTRODE_WIDTHS 6              /* of a muscle's potentials */
#define ELECTRODE_POINTS_MAX 120        /* 57 on either side: the high-pass at 2048 steps a second */

typedef float ElectrodeWaveform[ELECTRODE_POINTS_MAX];  /* behind the high-pass, of unit energy */

typedef struct ElectrodeSteps {         /* private to electrode-step.c */
        unsigned length, search;        /* of a waveform, and of where it may lie, on either side; steps */
        unsigned first_decay;           /* the shortest that is told from a potential */
        ElectrodeWaveform jumps[ELECTRODE_DECAYS][ELECTRODE_RISES][ELECTRODE_PHASES];
        ElectrodeWaveform odd[ELECTRODE_WIDTHS], even[ELECTRODE_WIDTHS];
} ElectrodeSteps;

typedef enum ElectrodeStep {
        ELECTRODE_STEP_NONE,
        ELECTRODE_STEP_DECAYS,          /* within milliseconds: a spike with a tail */
        ELECTRODE_STEP_STAYS,
} ElectrodeStep;

/* highpass_steps: length of each of the high-pass's moving averages (highpass.c). */
void electrode_steps_init(ElectrodeSteps *e, unsigned highpass_steps, double step_rate_hz);
/* So many values on either side of a peak are looked at. */
unsigned electrode_steps_reach(const ElectrodeSteps *e);
/* What has its peak at a value of the signal; sigma_uv: of the noise. */
ElectrodeStep electrode_steps_find(const ElectrodeSteps *e, const float *peak, float sigma_uv);
