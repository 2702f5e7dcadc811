/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <samplerate.h>

#include "track.h"

#define PROG program_invocation_short_name
#define BLOCK 1024

struct Track {
        Recording *recording;
        unsigned channel;
        SRC_STATE *resampler;           /* NULL: same rate */
        double ratio;
        uint64_t left;                  /* samples to come */
        bool started;
        double first_nv;                /* level of the first sample, kept out of the resampler */
        double in[BLOCK];
        float block[BLOCK];
        int error;                      /* of reading, inside the resampler's callback */
};

/*
 * libsamplerate asks for more. It works in single precision and takes what was before the beginning for zero,
 * so the level of an electrode, which may be a thousand times the signal, is taken off on the way.
 */
static long feed(void *userdata, float **ret) {
        Track *t = userdata;

        ssize_t n = recording_read_nv(t->recording, t->channel, t->in, BLOCK);
        if (n < 0) {
                t->error = (int) n;
                return 0;
        }
        if (!t->started && n > 0) {
                t->first_nv = t->in[0];
                t->started = true;
        }
        for (ssize_t i = 0; i < n; i++)
                t->block[i] = (float) (t->in[i] - t->first_nv);
        *ret = t->block;
        return n;
}

Track* track_free(Track *t) {
        if (!t)
                return NULL;
        if (t->resampler)
                src_delete(t->resampler);
        free(t);
        return NULL;
}

int track_new(Recording *r, unsigned channel, double rate_hz, Track **ret) {
        _cleanup_(track_freep) Track *t = calloc(1, sizeof(*t));
        double rate_in = recording_rate_hz(r, channel);
        int error = 0;

        if (!t)
                return -ENOMEM;
        t->recording = r;
        t->channel = channel;
        t->ratio = rate_hz / rate_in;
        t->left = (uint64_t) ceil(recording_n_samples(r, channel) * t->ratio - 1e-6);

        if (fabs(t->ratio - 1) > 1e-9) {
                if (!src_is_valid_ratio(t->ratio)) {
                        fprintf(stderr, "%s: channel %u: cannot turn %g Hz into %g Hz\n", PROG, channel, rate_in, rate_hz);
                        return -EINVAL;
                }
                t->resampler = src_callback_new(feed, SRC_SINC_BEST_QUALITY, 1, &error, t);
                if (!t->resampler) {
                        fprintf(stderr, "%s: %s\n", PROG, src_strerror(error));
                        return -ENOMEM;
                }
        }
        *ret = TAKE_PTR(t);
        return 0;
}

/* 1 to BLOCK samples of full precision into t->in, 0 at the end. */
static ssize_t next_block(Track *t, size_t n) {
        n = MIN(n, (size_t) BLOCK);
        if (!t->resampler)
                return recording_read_nv(t->recording, t->channel, t->in, n);

        float out[BLOCK];
        long got = src_callback_read(t->resampler, t->ratio, (long) n, out);
        if (t->error < 0)
                return t->error;
        for (long i = 0; i < got; i++)
                t->in[i] = nearbyint(out[i] + t->first_nv);
        return got;
}

static int32_t clip(double nv, uint64_t *clipped) {
        if (nv >= INT32_MIN && nv <= INT32_MAX)
                return (int32_t) nv;
        (*clipped)++;
        return nv < 0 ? INT32_MIN : INT32_MAX;
}

ssize_t track_read(Track *t, int32_t *ret_nv, size_t n, uint64_t *clipped) {
        size_t done = 0;

        n = MIN((uint64_t) n, t->left);
        while (done < n) {
                ssize_t got = next_block(t, n - done);
                if (got < 0)
                        return got;
                if (got == 0) {
                        /* The resampler may end a sample early. */
                        t->left = done;
                        break;
                }
                for (ssize_t i = 0; i < got; i++)
                        ret_nv[done++] = clip(t->in[i], clipped);
        }
        t->left -= done;
        return (ssize_t) done;
}
