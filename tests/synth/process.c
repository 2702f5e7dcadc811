/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>

#include "process.h"

/* Kleine 2008: second discharges follow after some 5 ms. */
#define DOUBLET_GAP_S 0.005
#define DOUBLET_GAP_SD_S 0.001
#define DOUBLET_GAP_MIN_S 0.003
#define DOUBLET_GAP_MAX_S 0.008

/* A dead time may take this share of the mean interval; more would be a metronome, not a Poisson process. */
#define DEAD_SHARE_MAX 0.8

int process_init(Process *p, const ProcessConfig *config) {
        ProcessConfig c = *config;

        c.min_spacing_s = fmax(c.min_spacing_s, PROCESS_REFRACTORY_S);
        if (c.n_channels == 1)
                c.min_spacing_across_s = c.min_spacing_s;
        if (c.n_channels == 0 || c.n_channels > PROCESS_CHANNELS_MAX || c.per_minute <= 0)
                return -EINVAL;

        double channel_interval_s = 60 / c.per_minute;
        if (c.min_spacing_s > DEAD_SHARE_MAX * channel_interval_s ||
            c.min_spacing_across_s > DEAD_SHARE_MAX * channel_interval_s / c.n_channels)
                return -EINVAL;

        *p = (Process) {
                .config = c,
                .now_s = c.start_s,
        };
        prng_init(&p->prng, c.seed, PRNG_PROCESS, 0);
        for (unsigned i = 0; i < c.n_channels; i++)
                p->last_s[i] = -INFINITY;
        return 0;
}

/* One of the channels that are past their dead time, or n_channels. */
static unsigned draw_channel(Process *p) {
        unsigned n = 0, ready[PROCESS_CHANNELS_MAX];

        for (unsigned i = 0; i < p->config.n_channels; i++)
                if (p->now_s - p->last_s[i] >= p->config.min_spacing_s)
                        ready[n++] = i;
        return n > 0 ? ready[prng_below(&p->prng, n)] : p->config.n_channels;
}

static double draw_gap(Process *p) {
        if (prng_uniform(&p->prng) >= p->config.doublet_fraction)
                return 0;

        double gap = DOUBLET_GAP_S + DOUBLET_GAP_SD_S * prng_normal(&p->prng);
        return fmax(DOUBLET_GAP_MIN_S, fmin(DOUBLET_GAP_MAX_S, gap));
}

/*
 * The channels' processes are drawn as one: the sum of Poisson processes is a Poisson process whose
 * points fall to the channels at random.
 */
void process_next(Process *p, Firing *ret) {
        const ProcessConfig *c = &p->config;
        double mean_s = 60 / (c->per_minute * c->n_channels) - c->min_spacing_across_s;
        unsigned channel;

        do {
                p->now_s += c->min_spacing_across_s + prng_exponential(&p->prng, mean_s);
                channel = draw_channel(p);
        } while (channel >= c->n_channels);

        p->last_s[channel] = p->now_s;
        *ret = (Firing) {
                .at_s = p->now_s,
                .channel = channel,
                .unit_draw = prng_uniform(&p->prng),
                .gap_s = draw_gap(p),
        };
}
