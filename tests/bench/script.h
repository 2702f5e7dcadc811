/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens in a signal besides its background: twitches of all kinds, muscles at work, and artefacts, one
 * after the other. Channels belong to muscles of four.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/synth/fault.h"
#include "tests/synth/impulse.h"
#include "tests/synth/motion.h"
#include "tests/synth/pool.h"
#include "tests/synth/pop.h"
#include "util.h"

#define SCRIPT_MUSCLE_CHANNELS 4u
#define SCRIPT_UNITS_PER_CHANNEL 3u
#define SCRIPT_POTENTIALS_PER_MUSCLE 40u        /* the pool's units take turns in using them */

typedef struct Unit Unit;

typedef struct Happening {
        const char *kind;               /* as the events and artefacts are named */
        double time_s;                  /* largest peak of the first discharge, or the beginning */
        double from_s, to_s;
        unsigned channel;               /* the strongest */
        unsigned first_channel, n_channels;
        unsigned unit;
        double amplitude_uv, snr;       /* 0: does not apply */
} Happening;

typedef struct ScriptArtefact {
        enum { SCRIPT_MOTION, SCRIPT_POP, SCRIPT_FAULT } type;
        unsigned channel;
        double from_s, until_s;         /* after which nothing of it is left */
        SynthMotion motion;
        SynthPop pop;
        SynthFault fault;
} ScriptArtefact;

typedef struct Script {
        Happening *happenings;
        size_t n_happenings;
        ImpulseList *impulses;          /* [n_channels], in order of time */
        ScriptArtefact *artefacts;      /* in order of time */
        size_t n_artefacts;
        unsigned n_channels;
} Script;

typedef struct ScriptConfig {
        uint64_t seed;
        double seconds, lead_in_s;
        unsigned n_channels;
        const double *noise_uv;         /* [n_channels] */
        const Unit *units;              /* own ones of channels, then those of muscles' pools */
        double snr_lo, snr_hi;          /* of units, peak to peak over the noise; each keeps its own */
        double rail_uv;
        bool muscles_at_work;           /* contractions, cramps, jerks, runs and trains, too */
} ScriptConfig;

unsigned script_n_units(unsigned n_channels);
int script_new(const ScriptConfig *config, Script **ret);
Script* script_free(Script *s);         /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Script*, script_free);
