/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "peers.h"
#include "scene.h"

#define BLOCK_S 1                       /* the noise is measured by its median in blocks ... */
#define BLOCKS_LONG 31                  /* ... and its median over so many of them ... */
#define BLOCKS_LOCAL 5                  /* ... or, to follow fluctuating noise, the latest ones */
#define DEAD_S 0.020                    /* one report in that time, at its largest value */
#define NOTCH_Q 30.0
#define NOTCHES 4u
#define MAD_TO_SIGMA 1.4826022          /* of a normal distribution */

/* SPiQE-style: windows with a threshold above this are not evaluated (Bashford 2019). */
#define SPIQE_EXCLUDE_UV 100.0
#define SPIQE_FLOOR_UV 5.0

/* Factors for about one false alarm an hour in the noise of T1. */
#define PLAIN_SIGMA 6.0
#define SPIQE_SIGMA 5.25
#define TKEO_FACTOR 20.2

typedef enum Method { PLAIN, SPIQE, TKEO, _METHODS } Method;

static const char *const names[_METHODS] = { "threshold-6-sigma", "spiqe-style", "tkeo" };

typedef struct Biquad {
        double b0, b1, b2, a1, a2, s1, s2;
} Biquad;

typedef struct Follower {               /* of one method in one channel */
        float *block;                   /* [block_frames] magnitudes of the block under way */
        float medians[BLOCKS_LONG];     /* of blocks, a ring */
        unsigned n_medians;
        double level;                   /* robust size of the signal; 0: not known yet */
        bool active;
        uint64_t from, peak;            /* frames */
        double largest;
} Follower;

typedef struct PeerChannel {
        Biquad notches[NOTCHES], high, low, tkeo_high, tkeo_low;
        double *recent;                 /* [2 k + 1] for TKEO */
        Follower followers[_METHODS];
} PeerChannel;

struct Peers {
        double rate_hz;
        unsigned n_channels, n_notches, block_frames, k;
        uint64_t position;
        FILE *events;
        PeerChannel *channels;
        float *scratch;
};

/* --- filters ----------------------------------------------------------------------- */

static Biquad butterworth(double rate_hz, double corner_hz, bool highpass) {
        double k = tan(M_PI * corner_hz / rate_hz), norm = 1 / (1 + M_SQRT2 * k + k * k);
        double b = highpass ? norm : k * k * norm;

        return (Biquad) {
                .b0 = b,
                .b1 = highpass ? -2 * b : 2 * b,
                .b2 = b,
                .a1 = 2 * (k * k - 1) * norm,
                .a2 = (1 - M_SQRT2 * k + k * k) * norm,
        };
}

static Biquad notch(double rate_hz, double hz) {
        double w = 2 * M_PI * hz / rate_hz, alpha = sin(w) / (2 * NOTCH_Q), norm = 1 / (1 + alpha);

        return (Biquad) {
                .b0 = norm,
                .b1 = -2 * cos(w) * norm,
                .b2 = norm,
                .a1 = -2 * cos(w) * norm,
                .a2 = (1 - alpha) * norm,
        };
}

static double filter(Biquad *q, double x) {
        double y = q->b0 * x + q->s1;

        q->s1 = q->b1 * x - q->a1 * y + q->s2;
        q->s2 = q->b2 * x - q->a2 * y;
        return y;
}

/* --- levels ------------------------------------------------------------------------- */

static int compare_floats(const void *a, const void *b) {
        const float *x = a, *y = b;
        return (*x > *y) - (*x < *y);
}

static float median(float *x, size_t n) {
        qsort(x, n, sizeof(*x), compare_floats);
        return x[n / 2];
}

static void follow(Peers *p, Follower *f, Method method, double magnitude) {
        unsigned at = (unsigned) (p->position % p->block_frames);

        f->block[at] = (float) magnitude;
        if (at + 1 < p->block_frames)
                return;
        memcpy(p->scratch, f->block, p->block_frames * sizeof(float));
        f->medians[f->n_medians++ % BLOCKS_LONG] = median(p->scratch, p->block_frames);

        float recent[BLOCKS_LONG];
        unsigned n = MIN(f->n_medians, method == SPIQE ? (unsigned) BLOCKS_LOCAL : (unsigned) BLOCKS_LONG);
        for (unsigned i = 0; i < n; i++)
                recent[i] = f->medians[(f->n_medians - 1 - i) % BLOCKS_LONG];
        f->level = f->n_medians < 3 ? 0 : MAD_TO_SIGMA * (double) median(recent, n);
}

static double threshold(Method method, double level) {
        if (level == 0)
                return INFINITY;
        if (method == TKEO)
                return TKEO_FACTOR * level;
        if (method == PLAIN)
                return PLAIN_SIGMA * level;
        double t = fmax(SPIQE_SIGMA * level, SPIQE_FLOOR_UV);
        return t > SPIQE_EXCLUDE_UV ? INFINITY : t;
}

/* --- reports ------------------------------------------------------------------------ */

static void report(Peers *p, Follower *f, Method method, unsigned channel) {
        double t = (double) f->peak / p->rate_hz;

        f->active = false;
        fprintf(p->events, "%s,%.6f,%.6f,%.6f,%.6f,fasciculation,%u,%.4f,%.4f,1,0,\n", names[method], t,
                (double) f->from / p->rate_hz, t, (double) p->position / p->rate_hz, channel,
                method == TKEO ? 0 : 2 * f->largest, f->level > 0 ? f->largest / f->level : 0);
}

static void judge(Peers *p, Follower *f, Method method, unsigned channel, double magnitude, double delay_frames) {
        if (f->active && p->position - f->from >= DEAD_S * p->rate_hz)
                report(p, f, method, channel);
        if (magnitude >= threshold(method, f->level) && !f->active) {
                f->active = true;
                f->from = p->position;
                f->largest = 0;
        }
        if (f->active && magnitude > f->largest) {
                f->largest = magnitude;
                f->peak = p->position - (uint64_t) delay_frames;
        }
        follow(p, f, method, magnitude);
}

/* x(t)^2 - x(t - k) x(t + k), smoothed no further: at k = rate / 400 it answers to the band of potentials. */
static double teager(Peers *p, PeerChannel *c, double x) {
        for (unsigned i = 0; i < 2 * p->k; i++)
                c->recent[i] = c->recent[i + 1];
        c->recent[2 * p->k] = x;
        return fabs(c->recent[p->k] * c->recent[p->k] - c->recent[0] * x);
}

static void channel_frame(Peers *p, unsigned channel, double uv) {
        PeerChannel *c = p->channels + channel;

        for (unsigned i = 0; i < p->n_notches; i++)
                uv = filter(c->notches + i, uv);
        double band = fabs(filter(&c->low, filter(&c->high, uv)));
        double energy = teager(p, c, filter(&c->tkeo_low, filter(&c->tkeo_high, uv)));

        judge(p, c->followers + PLAIN, PLAIN, channel, band, 0);
        judge(p, c->followers + SPIQE, SPIQE, channel, band, 0);
        judge(p, c->followers + TKEO, TKEO, channel, energy, p->k);
}

/* --- interface ---------------------------------------------------------------------- */

Peers* peers_free(Peers *p) {
        if (!p)
                return NULL;
        for (unsigned i = 0; p->channels && i < p->n_channels; i++) {
                free(p->channels[i].recent);
                for (int m = 0; m < _METHODS; m++)
                        free(p->channels[i].followers[m].block);
        }
        free(p->channels);
        free(p->scratch);
        free(p);
        return NULL;
}

static int channel_init(Peers *p, PeerChannel *c, double mains_hz) {
        static const unsigned orders[NOTCHES] = { 1, 2, 3, 5 };

        for (unsigned i = 0; i < p->n_notches; i++)
                c->notches[i] = notch(p->rate_hz, orders[i] * mains_hz);
        c->high = butterworth(p->rate_hz, 20, true);
        c->low = butterworth(p->rate_hz, fmin(450, 0.45 * p->rate_hz), false);
        c->tkeo_high = butterworth(p->rate_hz, 30, true);
        c->tkeo_low = butterworth(p->rate_hz, fmin(150, 0.45 * p->rate_hz), false);
        c->recent = calloc(2 * p->k + 1, sizeof(*c->recent));
        if (!c->recent)
                return -ENOMEM;
        for (int m = 0; m < _METHODS; m++) {
                c->followers[m].block = calloc(p->block_frames, sizeof(float));
                if (!c->followers[m].block)
                        return -ENOMEM;
        }
        return 0;
}

int peers_new(unsigned rate_hz, unsigned n_channels, double mains_hz, FILE *events, Peers **ret) {
        _cleanup_(peers_freep) Peers *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        *p = (Peers) {
                .rate_hz = rate_hz,
                .n_channels = n_channels,
                .block_frames = BLOCK_S * rate_hz,
                .k = MAX(rate_hz / 400, 1u),
                .events = events,
        };
        while (mains_hz > 0 && p->n_notches < NOTCHES && (p->n_notches + 2) * mains_hz < 0.45 * rate_hz)
                p->n_notches++;
        p->channels = calloc(n_channels, sizeof(*p->channels));
        p->scratch = calloc(p->block_frames, sizeof(*p->scratch));
        if (!p->channels || !p->scratch)
                return -ENOMEM;
        for (unsigned i = 0; i < n_channels; i++) {
                int r = channel_init(p, p->channels + i, mains_hz);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

void peers_push(Peers *p, const int32_t *codes, size_t n_frames) {
        for (size_t f = 0; f < n_frames; f++) {
                for (unsigned i = 0; i < p->n_channels; i++)
                        channel_frame(p, i, codes[f * p->n_channels + i] * SCENE_LSB_UV);
                p->position++;
        }
}
