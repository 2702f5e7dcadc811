/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* noise.c: how large the outputs of the filters are when nothing happens. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define EVAL_BATCH 8u                   /* noise is learned from so many at a time, see step.c */

#define NOISE_BLOCKS 60
#define NOISE_BLOCK_S 0.5
#define NOISE_BLOCKS_MIN 2

#define NOISE_SIGMAS 64
#define NOISE_CLASSES 512

typedef struct Noise {
        unsigned block_steps;
        unsigned block_evals, fill;     /* of them in the block under way */
        unsigned n_lanes;               /* a multiple of 8 */
        uint16_t counts[NOISE_CLASSES]; /* of the signal's magnitudes in the block under way */
        float *squares; /* [n_lanes] sums of clipped squares of outputs but those of events */
        float *clips;                   /* [n_lanes] clipped at these magnitudes */
        unsigned n_calm;                /* outputs in the sums */
        float *signal_medians;          /* [NOISE_BLOCKS] */
        float *lane_sigmas;             /* [NOISE_BLOCKS][n_lanes] */
        unsigned n_blocks, next, n_skipped;
        float floor_uv;
        float limit_uv;                 /* medians above that are of busy blocks */
        float sigma_uv;                 /* of the signal, long term */
        float recent_uv;                /* of the signal, latest block */
        const float *weights;           /* [n_lanes] the bank's */
        float *inverse;                 /* [n_lanes] weight / sigma of the output, with the margin */
        /* by the mean square that clipping leaves, both in units of the clip */
        float sigmas[NOISE_SIGMAS + 1];
} Noise;

int noise_init(Noise *n, double step_rate_hz, unsigned eval_steps, unsigned n_lanes, const float *weights,
               double lsb_uv);
void noise_done(Noise *n);
void noise_restart(Noise *n);
void noise_break(Noise *n);
static inline bool noise_known(const Noise *n) {
        return n->n_blocks >= NOISE_BLOCKS_MIN;
}
float noise_loudness(const Noise *n, float *magnitudes, unsigned n_magnitudes);
void noise_rescale(Noise *n, unsigned lane, float factor);
void noise_update(Noise *n);
typedef enum NoiseBlock { NOISE_BLOCK_UNDER_WAY, NOISE_BLOCK_BUSY, NOISE_BLOCK_QUIET } NoiseBlock;
NoiseBlock noise_block_end(Noise *n, bool sustained);

NoiseBlock noise_feed(Noise *n, float y, const float *outputs, bool event, bool sustained);
/* That many calm evaluations are not the end of a block yet. */
static inline bool noise_has_room(const Noise *n, unsigned n_evals) {
        return n->fill + n_evals < n->block_evals;
}
void noise_feed_calm(Noise *n, const float *y, unsigned eval_steps,
                     const float *outputs /* [EVAL_BATCH][n_lanes] */);
