/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When units discharge by themselves: fasciculations as a Poisson process with dead times, some of them
 * doublets.
 */
#pragma once

#include "prng.h"

#define PROCESS_REFRACTORY_S 0.004      /* Kleine 2008: 3 to 4 ms, then Poisson */
#define PROCESS_CHANNELS_MAX 64u

typedef struct ProcessConfig {
        uint64_t seed;
        unsigned n_channels;            /* 1 .. PROCESS_CHANNELS_MAX */
        double per_minute;              /* in each channel */
        double min_spacing_s;           /* between twitches of a channel; at least the refractory time is kept */
        double min_spacing_across_s;    /* between any two twitches */
        double doublet_fraction;
        double start_s;                 /* nothing before */
} ProcessConfig;

typedef struct Process {
        ProcessConfig config;
        Prng prng;
        double now_s;
        double last_s[PROCESS_CHANNELS_MAX];
} Process;

typedef struct Firing {
        double at_s;                    /* excitation of the first discharge */
        unsigned channel;
        double unit_draw;               /* [0, 1): which of the channel's units */
        double gap_s;                   /* to the second discharge; 0: there is none */
} Firing;

/* -EINVAL: so many twitches do not fit with these spacings. */
int process_init(Process *p, const ProcessConfig *config);
void process_next(Process *p, Firing *ret);
