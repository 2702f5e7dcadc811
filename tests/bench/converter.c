/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "converter.h"
#include "tests/synth/sinc3.h"

struct Converter {
        unsigned factor, n_channels;
        Sinc3 *filters;                 /* [n_channels] */
        int32_t *codes;                 /* [frames_max / factor + 1][n_channels] */
        uint8_t *flags;                 /* likewise */
};

Converter* converter_free(Converter *c) {
        if (!c)
                return NULL;
        free(c->filters);
        free(c->codes);
        free(c->flags);
        free(c);
        return NULL;
}

int converter_new(unsigned rate_hz, unsigned n_channels, size_t frames_max, Converter **ret) {
        _cleanup_(converter_freep) Converter *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->factor = sinc3_factor(rate_hz);
        c->n_channels = n_channels;
        size_t n = (frames_max / c->factor + 1) * n_channels;
        c->filters = calloc(n_channels, sizeof(*c->filters));
        c->codes = calloc(n, sizeof(*c->codes));
        c->flags = calloc(n, sizeof(*c->flags));
        if (!c->filters || !c->codes || !c->flags)
                return -ENOMEM;
        for (unsigned i = 0; i < n_channels; i++)
                sinc3_init(c->filters + i, c->factor);
        *ret = TAKE_PTR(c);
        return 0;
}

unsigned converter_factor(const Converter *c) {
        return c->factor;
}

size_t converter_run(Converter *c, const int32_t *codes, const uint8_t *flags, size_t n_frames, const int32_t **ret_codes,
                     const uint8_t **ret_flags) {
        size_t n = 0;

        for (size_t f = 0; f < n_frames; f++) {
                int ready = 0;

                for (unsigned i = 0; i < c->n_channels; i++) {
                        size_t from = f * c->n_channels + i, to = n * c->n_channels + i;
                        double y = 0;

                        ready = sinc3_next(c->filters + i, codes[from], &y);
                        c->codes[to] = (int32_t) lround(y);
                        c->flags[to] = flags[from];
                }
                n += (size_t) ready;
        }
        *ret_codes = c->codes;
        *ret_flags = c->flags;
        return n;
}
