/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A second at a time of all channels that may still be copies: of most recordings, one second. Channels are
 * held against each other by a hash of their samples, which needs no memory for them.
 */
#include <math.h>

#include "twins.h"
#include "util.h"

#define CONSTANT_S 60.0 /* what has not varied for so long is an unused input; chosen */

typedef struct Twin {
        uint64_t hash; /* of all samples so far */
        uint64_t n_read;
        int32_t first; /* sample */
        bool varies, at_end;
        bool candidate; /* may still be a copy, or have one */
} Twin;

/* A multiplication and a shift each, as the end of SplitMix does (Steele, Lea & Flood 2014). */
static uint64_t mix(uint64_t hash, int32_t sample) {
        hash = (hash ^ (uint32_t) sample) * 0xbf58476d1ce4e5b9u;
        return hash ^ (hash >> 31);
}

static int read_second(FileSource *f, unsigned channel, int32_t *samples, Twin *t) {
        uint64_t position;
        ssize_t n = file_source_read(f, channel, &position, samples,
                                     (size_t) ceil(file_source_channel(f, channel)->rate_hz));

        if (n < 0)
                return (int) n;
        if (n > 0 && t->n_read == 0)
                t->first = samples[0];
        for (ssize_t i = 0; i < n; i++) {
                t->hash = mix(t->hash, samples[i]);
                t->varies = t->varies || samples[i] != t->first;
        }
        t->n_read += (uint64_t) n;
        t->at_end = n == 0;
        return 0;
}

static bool is_constant(const FileSource *f, const Twin *t, unsigned channel) {
        return !t->varies &&
                (t->at_end ||
                 (double) t->n_read >= CONSTANT_S * file_source_channel(f, channel)->rate_hz);
}

static bool are_alike(const FileSource *f, const Twin *twins, unsigned a, unsigned b) {
        const FileChannel *x = file_source_channel(f, a), *y = file_source_channel(f, b);

        return twins[a].candidate && twins[b].candidate && twins[a].hash == twins[b].hash &&
                x->rate_hz == y->rate_hz && x->lsb_uv == y->lsb_uv && x->offset_uv == y->offset_uv;
}

/* By what was read so far. True if more has to be read. */
static bool match(const FileSource *f, Twin *twins, unsigned *ret) {
        unsigned n = file_source_n_channels(f);
        bool more = false;

        for (unsigned i = 0; i < n; i++)
                twins[i].candidate = twins[i].candidate && !is_constant(f, twins + i, i);
        for (unsigned i = 0; i < n; i++) {
                ret[i] = TWINS_NONE;
                for (unsigned k = 0; k < i && ret[i] == TWINS_NONE; k++)
                        if (are_alike(f, twins, k, i))
                                ret[i] = k;
        }
        for (unsigned i = 0; i < n; i++)
                twins[i].candidate = ret[i] != TWINS_NONE;
        for (unsigned i = 0; i < n; i++)
                if (ret[i] != TWINS_NONE) {
                        twins[ret[i]].candidate = true;
                        more = more || !twins[i].at_end;
                }
        return more;
}

/* Enough for a second of each */
static int32_t *new_samples(const FileSource *f) {
        double most = 1;

        for (unsigned i = 0; i < file_source_n_channels(f); i++)
                most = fmax(most, ceil(file_source_channel(f, i)->rate_hz));
        return calloc((size_t) most, sizeof(int32_t));
}

static int compare(FileSource *f, Twin *twins, int32_t *samples, unsigned *ret) {
        do
                for (unsigned i = 0; i < file_source_n_channels(f); i++) {
                        int r = twins[i].candidate ? read_second(f, i, samples, twins + i) : 0;
                        if (r < 0)
                                return r;
                }
        while (match(f, twins, ret));
        return 0;
}

int twins_find(FileSource *f, const bool *wanted, unsigned *ret) {
        unsigned n = file_source_n_channels(f);
        _cleanup_free_ Twin *twins = calloc(MAX(n, 1u), sizeof *twins);
        _cleanup_free_ int32_t *samples = new_samples(f);

        if (!twins || !samples)
                return -ENOMEM;
        for (unsigned i = 0; i < n; i++)
                twins[i].candidate = wanted[i];
        int r = compare(f, twins, samples, ret);
        for (unsigned i = 0; i < n; i++)
                if (wanted[i])
                        file_source_seek(f, i, 0);
        return r;
}
