/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tones.c: tones that are no mains, subtracted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "line-finder.h"

#define TONES_MAX 8u                    /* chosen: more are seldom, and cost time */
#define TONES_STEPS_MAX 1024u           /* tones_channel_changed() may look at, see tone-search.c */

typedef struct ToneLanes8 {             /* eight channels side by side; flags: all bits set or none */
        float re[8], im[8];             /* amplitudes, microvolts */
        float gain[8];                  /* of the least mean squares; 0: the channel has no such tone */
        float last_re[8], last_im[8];   /* at the latest look at its frequency */
        int32_t has[8];                 /* flag: the channel has it */
        int64_t heard[8];               /* look at which it was last of some size */
} ToneLanes8;

typedef struct Tone {                   /* one frequency, common to all channels that have it */
        double hz;
        double phase;                   /* turns */
        float re, im;                   /* cosine and sine of it */
        ToneLanes8 *lanes;              /* [n_lanes8] */
} Tone;

typedef struct Tones {
        double step_rate_hz;
        unsigned n;                     /* tones known: mostly none, and then nothing is computed */
        unsigned n_lanes8;
        Tone tones[TONES_MAX];
        float *limit_uv;                /* [n_lanes] what is larger is not learned from */
        float *sigma_uv;                /* [n_lanes] noise; 0: not known */
        int32_t *learning;              /* [n_lanes] flag */
        unsigned look_steps, look_fill; /* between two looks at the frequencies */
        int64_t looks;
} Tones;

/* n_lanes: channels, up to a multiple of 8. Returns 0 or -ENOMEM. */
int tones_init(Tones *t, double step_rate_hz, unsigned n_lanes);
void tones_done(Tones *t);
/* Nothing is connected any more. */
void tones_forget(Tones *t);
/* The tones go on while samples are missing. */
void tones_advance(Tones *t, uint64_t steps);
/* The channel's signal begins anew, and nothing is subtracted until tones_channel_fit(). */
void tones_channel_restart(Tones *t, unsigned channel);
/* y: the latest n steps; its tones are measured in them and taken out of them, and from here on. */
void tones_channel_fit(Tones *t, unsigned channel, float *y, unsigned n);
/* Its noise, long term (0: not known) and lately, uV. */
void tones_channel_expect(Tones *t, unsigned channel, float sigma_uv, float recent_uv);
/* Is what is left in the latest n steps hardly anything but its tones? */
bool tones_channel_changed(const Tones *t, unsigned channel, const float *y, unsigned n);
/* How many it has. */
unsigned tones_channel_has(const Tones *t, unsigned channel);
/* A tone of a channel, as at the latest step. False: as many are known as can be. */
bool tones_channel_add(Tones *t, unsigned channel, const LineTone *tone, bool *ret_new);
/* The next step of all channels: x without the tones. */
void tones_subtract(Tones *t, float *x /* [n_lanes] */);
/* From what is left of it; now and then the frequencies are put right by that. */
void tones_learn(Tones *t, const float *left /* [n_lanes] */);
