/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mains.c: 50/60 Hz and harmonics estimated and subtracted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAINS_HARMONICS_MAX 12          /* even */
#define MAINS_OSCILLATORS 16            /* these, the two finders', and up to a multiple of 8 */

typedef struct MainsFinder {
        float nominal_hz;
        double phase;                   /* of the demodulating oscillator, turns */
        double rotation_re, rotation_im;        /* mean product of successive blocks, over channels */
        double power;                   /* the same of magnitudes: |turn| <= power */
} MainsFinder;

typedef struct MainsOscillators {       /* exp(2 pi i phase) at a step: */
        /* [1 ... times the fundamental - 1], 0 where not subtracted; [MAINS_HARMONICS_MAX + finder] */
        float re[MAINS_OSCILLATORS];
        float im[MAINS_OSCILLATORS];
        float alternation;              /* 1, -1, 1 ... */
} MainsOscillators;

typedef struct Mains {                  /* common to all channels */
        double step_rate_hz;
        bool known;                     /* frequency has been found */
        double hz;
        double drift_hz;                /* from one look at it to the next */
        double tracked_s;               /* for so long since it was found */
        bool learns_late;
        double surprise;                /* squares of phases, to what information lets expect; about 1 */
        double information;             /* on the phase in an evaluation: inverse of a variance */
        MainsFinder finders[2];         /* 50, 60 */
        unsigned block_steps, block_fill;
        unsigned track_steps, track_fill;
        double phase;                   /* of the fundamental, turns */
        unsigned n_harmonics;           /* up to the highest that is subtracted */
        bool harmonics[MAINS_HARMONICS_MAX];    /* [of the fundamental - 1] subtracted */
        unsigned n_lanes8;
        struct MainsLanes8 *lanes8;     /* all channels */
        float *hum;                     /* ring [delay + 1][8 * n_lanes8]: what was subtracted */
        unsigned delay;                 /* steps from the subtraction to the learning */
        /* of the rings of delay + 1, this step's place and that of the step learned from */
        unsigned now, late;
        MainsOscillators *oscillators;  /* ring */
        MainsOscillators rotation;      /* by which they go on from step to step */
        bool moved;                     /* a frequency or phase, so that it is another now */
        unsigned gain_steps_min;
} Mains;

typedef struct MainsLanes8 {            /* eight channels side by side; flags: all bits set or none */
        float re[MAINS_HARMONICS_MAX][8], im[MAINS_HARMONICS_MAX][8];   /* amplitudes, microvolts */
        float alternation[8];           /* from step to step, microvolts */
        /* of the least mean squares, when settled */
        float gains[MAINS_HARMONICS_MAX][8], alternation_gain[8];
        int32_t running[8];             /* flag */
        int32_t listening[8];           /* steps for which nothing is learned but the frequency */
        int32_t wait[8];                /* steps until the ring is of one piece */
        int32_t age[8];                 /* steps adapted, up to a limit */
        float limit_uv[8];              /* what is learned from is clipped there */
        float sigma_uv[8];              /* noise, long term */
        float track_re[8], track_im[8]; /* what was left of the fundamental since the latest evaluation */
        float track_power[8];           /* sum of squares of all that was left */
        float block_re[2][8], block_im[2][8], last_re[2][8], last_im[2][8];
        unsigned n_blocks[8], skip[8];
} MainsLanes8;

int mains_init(Mains *m, double step_rate_hz, unsigned delay, unsigned n_lanes);
void mains_done(Mains *m);
void mains_forget(Mains *m);
void mains_advance(Mains *m, uint64_t steps);
void mains_oscillate(Mains *m);
void mains_channel_restart(Mains *m, unsigned channel);
void mains_channel_break(Mains *m, unsigned channel);
void mains_channel_run(Mains *m, unsigned channel, bool running);
void mains_channel_listen(Mains *m, unsigned channel, unsigned steps);
void mains_channel_expect(Mains *m, unsigned channel, float sigma_uv, float recent_uv);
void mains_channel_correct(Mains *m, unsigned channel, float *y /* [n], the latest */, unsigned n);
/* A fundamental has been found, is there by now, and is no tone beyond what mains may be. */
bool mains_is_sure(const Mains *m);
/* Is that the frequency of a harmonic, or too near to one to be told from it? */
bool mains_has(const Mains *m, double hz);
float mains_channel_size_uv(const Mains *m, unsigned channel);
void mains_subtract(Mains *m, float *x  /* [lanes] */);
void mains_learn(Mains *m, const float *y       /* [lanes] */, bool late);
/* A step is over. True: the frequency is to be looked at. */
static inline bool mains_count(Mains *m) {
        m->block_fill++;
        m->track_fill++;
        return m->block_fill >= m->block_steps || m->track_fill >= m->track_steps;
}
void mains_track(Mains *m, const unsigned *active, unsigned n_active, bool *ret_changed);
