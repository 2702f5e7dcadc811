/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames up to the next step, all channels side by side: which of them measure, and the filters before the steps.
 */
#include <string.h>

#include "detect-private.h"

/* Whether each channel can be used at this frame, which raw_next() has been given. */
static void look_at_frame(Detector *d, const int32_t *codes, const uint8_t *flags) {
        d->undisturbed = true;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                d->undisturbed &= channel_check(d, d->channels + i, i, codes[i], flags && flags[i] & DETECT_SAMPLE_LEAD_OFF);
}

/* The filters before the steps, all channels side by side. */
static void filter_frames(Detector *d, const int32_t *codes, unsigned n_frames) {
        highpass_next(&d->highpass, codes, n_frames, d->x);
        if (d->lowpass.needed)
                lowpass_feed(&d->lowpass, d->x, n_frames, d->position);
}

/* Codes of frames for all lanes: the caller's own, if they are for as many. */
static const int32_t *lay_out(Detector *d, const int32_t *samples, unsigned n_frames) {
        unsigned n = d->config.n_channels;

        if (n == d->n_lanes)
                return samples;
        for (unsigned f = 0; f < n_frames; f++)
                memcpy(d->codes + (size_t) f * d->n_lanes, samples + (size_t) f * n, n * sizeof *samples);
        return d->codes;
}

/* A frame at which each channel has to be looked at by itself; raw_next() has been given it. */
static void push_frame(Detector *d, const int32_t *codes, const uint8_t *flags) {
        look_at_frame(d, codes, flags);
        filter_frames(d, codes, 1);
        d->position++;
}

static bool any_flag(const uint8_t *flags, size_t n) {
        uint8_t any = 0;

        for (size_t i = 0; i < n; i++)
                any |= flags[i];
        return any != 0;
}

/* Frames up to that of the next step. */
void frames_push(Detector *d, const int32_t *samples, const uint8_t *flags, unsigned n_frames) {
        const int32_t *codes = lay_out(d, samples, n_frames);

        if (flags && !any_flag(flags, (size_t) n_frames * d->config.n_channels))
                flags = NULL;
        while (n_frames > 0) {
                bool watch = flags || !d->undisturbed;
                unsigned look = watch ? 1 : n_frames, good = raw_next(&d->raw, codes, look), n = watch ? 0 : good;

                filter_frames(d, codes, n);
                d->position += n;
                if (n < look)
                        push_frame(d, codes + (size_t) n++ * d->n_lanes, flags);
                codes += (size_t) n * d->n_lanes;
                flags = flags ? flags + (size_t) n * d->config.n_channels : NULL;
                n_frames -= n;
        }
}
