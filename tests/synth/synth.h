/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Surface EMG of a resting muscle that twitches, with exact truth.
 *
 * Puts the ingredients together (one file each: potential, noise, mains, process). All from the seed:
 * the same configuration gives the same signal on every machine, however it is cut into blocks. Values are
 * exact to the last bits of libm's functions, 1e-15 of the signal, so that rounded to nanovolts they agree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

#define SYNTH_RATE_HZ_MIN 250u
#define SYNTH_RATE_HZ_MAX 16000u
#define SYNTH_CHANNELS_MAX 64u
#define SYNTH_SECONDS_MAX (7u * 24 * 3600)
#define SYNTH_UNITS_MAX 6u              /* of a channel */
#define SYNTH_DISCHARGES_MAX 2u

typedef struct Synth Synth;

typedef struct SynthConfig {
        unsigned rate_hz;
        unsigned n_channels;
        unsigned seconds;
        uint64_t seed;

        double noise_uv;                /* RMS in the band, > 0 */
        double noise_corner_hz;         /* where 1/f noise is as strong as white; 0: white only */
        double mains_uv;                /* peak of the fundamental; 0: none */
        double mains_hz;

        double twitches_per_minute;     /* in each channel; 0: none */
        double lead_in_s;               /* nothing but background before */
        double min_spacing_s;           /* between twitches of one channel */
        double min_spacing_across_s;    /* between any two twitches */
        double doublet_fraction;

        unsigned units_per_channel;     /* 1 .. SYNTH_UNITS_MAX */
        double depth_mm_lo, depth_mm_hi;
        double amplitude_sigma_lo, amplitude_sigma_hi; /* of the units, spread over all; both 0: as physics gives it */
        /*
         * Units whose largest peak surpasses the largest of the other sign that far. Bipolar potentials are nearly
         * symmetric unless the end-plates are close by, and noise then decides which of two peaks 5 ms apart is the
         * larger one: a time to be compared with another must not hang on that. 1: any unit.
         */
        double min_peak_ratio;
        double amplitude_jitter;        /* standard deviation between a unit's discharges, as a fraction */
        bool neighbours;                /* the channels beside it see a unit, too */
        bool sinc3;                     /* through the filter of a converter (sinc3.h), its delay taken off */
} SynthConfig;

/* 8 channels, 1 kHz, 2 uV of noise, 12 twitches a minute and channel, well apart. */
extern const SynthConfig synth_config_default;

typedef struct SynthDischarge {
        double at_s;                    /* excitation at the end-plate */
        double scale;
} SynthDischarge;

typedef struct SynthTwitch {
        double time_s;                  /* largest peak of the first discharge in the band, from the first frame */
        unsigned channel;               /* the channel that sees it best */
        unsigned unit;                  /* counted over all channels */
        double amplitude_uv;            /* of the first discharge, peak to peak in the band */
        double snr;                     /* amplitude / noise_uv */
        unsigned n_discharges;
        SynthDischarge discharges[SYNTH_DISCHARGES_MAX];
} SynthTwitch;

/* -EINVAL: *ret_error, a static string, says which value cannot be. */
int synth_new(const SynthConfig *config, Synth **ret, const char **ret_error);
Synth* synth_free(Synth *s);            /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Synth*, synth_free);

const SynthConfig* synth_config(const Synth *s);
uint64_t synth_n_frames(const Synth *s);

/* All twitches, in order of time; they lie wholly within the signal. */
const SynthTwitch* synth_twitches(const Synth *s, size_t *ret_n);
const char* synth_twitch_kind(const SynthTwitch *t);

/* The next frames, [n_frames][n_channels] in microvolts: how many, 0 at the end. */
size_t synth_read(Synth *s, double *ret_uv, size_t n_frames);

/* The same in nanovolts. */
size_t synth_read_nv(Synth *s, int32_t *ret_nv, size_t n_frames);
