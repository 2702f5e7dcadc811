/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A signal to judge detectors by: backgrounds and twitches of the generator's ingredients, with twitches on
 * a ladder of detectability rather than of size. Made and judged in segments, so that hours need no memory.
 *
 * d, the detectability, is the mean output of the clairvoyant's filter in standard deviations: see clairvoyant.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/synth/noise.h"
#include "tests/synth/potential.h"
#include "script.h"
#include "util.h"

#define SCENE_SEGMENT_S 20
#define SCENE_CHANNELS_MAX 64u
#define SCENE_LSB_UV 0.02235            /* ADS1299 at gain 24: 4.5 V / 24 / 2^23 */
#define SCENE_CODE_MAX 8388607

typedef struct SceneConfig {
        unsigned rate_hz, n_channels;
        double seconds;                 /* rounded up to whole segments */
        uint64_t seed;
        double noise_uv_lo, noise_uv_hi;        /* RMS in the band; channels spread over it */
        double corner_hz_lo, corner_hz_hi;
        double fluctuation, fluctuation_s;      /* of the level, log-normal: standard deviation, time constant */
        bool laplace;                   /* white, of Laplace's distribution instead of a Gaussian; no corner */
        double level_max;               /* the noise grows by up to that factor and shrinks again; 1: steady */
        double mains_uv, mains_hz;      /* what the clairvoyant does not see, 0: none */
        double ecg_uv, drift_uv;
        enum { SCENE_LADDER, SCENE_ARTEFACTS, SCENE_ALL } contents;     /* SCENE_LADDER: twitches alone, as below */

        bool twitches;
        bool whiten;                    /* also without twitches, to check the bound */
        double interval_s;              /* mean, between twitches of any channel */
        bool fresh;                     /* hardly a unit is seen twice in a channel; else each channel has its own few */
        double depth_mm_lo, depth_mm_hi;
        double rung_db_lo, rung_db_hi;  /* 20 log10 d */
        double rung_db_step;
} SceneConfig;

extern const SceneConfig scene_config_default;

struct Unit {
        Potential potential;
        double end_s;                   /* after the excitation */
};

typedef struct Injection {
        double at_s;                    /* excitation */
        double time_s;                  /* largest peak in the band */
        double end_s;                   /* from here on it is smaller than a tenth of its peak */
        unsigned channel, unit;
        double scale;
        double rung_db;
        double amplitude_uv, snr;       /* peak to peak in the band; over the noise */
        double crossings_hz;            /* of the clairvoyant's filter for it, upwards through zero */
        double clairvoyant;             /* what that filter said */
} Injection;

typedef struct Scene Scene;

int scene_new(const SceneConfig *config, Scene **ret);
Scene* scene_free(Scene *s);            /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Scene*, scene_free);

/*
 * The next segment: false at the end. *ret_codes [frames][n_channels] in counts, and the twitches in it, which
 * lie wholly within; both the scene's until the next call.
 */
bool scene_next(Scene *s, const int32_t **ret_codes, size_t *ret_n_frames, const Injection **ret_injections,
                size_t *ret_n_injections);

const Script* scene_script(const Scene *s);     /* of the whole scene; NULL if its contents are a ladder */
const uint8_t* scene_flags(const Scene *s);     /* of the segment: [frames][n_channels], 1: an electrode is off */

/* For checking the bound itself: what the clairvoyant sees of the segment, and what it knows. */
const double* scene_white(const Scene *s, unsigned channel);            /* [frames of a segment] */
const SynthNoise* scene_noise(const Scene *s, unsigned channel);
const Potential* scene_potential(const Scene *s, unsigned channel);     /* a unit of the channel */
