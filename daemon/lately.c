/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "lately.h"

struct Lately {
        unsigned n_channels;
        size_t n_max;                   /* frames */
        uint64_t first, end;            /* positions: those kept are [first, end) */
        int32_t samples[];              /* frame i is at i % n_max */
};

int lately_new(double rate_hz, unsigned n_channels, Lately **ret) {
        size_t frame = n_channels * sizeof(int32_t), n;

        assert(n_channels > 0);
        n = MIN((size_t) (rate_hz * LATELY_SECONDS), LATELY_BYTES_MAX / frame);
        Lately *l = malloc(sizeof(*l) + n * frame);
        if (!l)
                return -ENOMEM;
        *l = (Lately) { .n_channels = n_channels, .n_max = n };
        *ret = l;
        return 0;
}

Lately* lately_free(Lately *l) {
        free(l);
        return NULL;
}

void lately_push(Lately *l, uint64_t position, const int32_t *samples, size_t n_frames) {
        if (position != l->end)
                l->first = l->end = position;
        for (size_t i = 0; i < n_frames; i++, l->end++)
                memcpy(l->samples + l->end % l->n_max * l->n_channels, samples + i * l->n_channels,
                       l->n_channels * sizeof(int32_t));
        if (l->end - l->first > l->n_max)
                l->first = l->end - l->n_max;
}

bool lately_get(const Lately *l, int64_t from, size_t n, unsigned channel, int32_t *ret) {
        assert(channel < l->n_channels);
        if (from < (int64_t) l->first || from + (int64_t) n > (int64_t) l->end)
                return false;
        for (size_t i = 0; i < n; i++)
                ret[i] = l->samples[((uint64_t) from + i) % l->n_max * l->n_channels + channel];
        return true;
}
