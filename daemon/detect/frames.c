/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames, all channels side by side: which of them measure, the filters before the steps, and when there is
 * one.
 */
#include <string.h>

#include "frames.h"
#include "daemon/detect/conditioning/decimator.h"
#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/conditioning/validity.h"
#include "channel.h"
#include "detect.h"
#include "detector.h"

/* Whether each channel can be used at this frame, which validity_next() has been given. */
static void check_frame(Detector *d, const int32_t *codes, const uint8_t *flags) {
        d->undisturbed = true;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                d->undisturbed &= channel_check(d, d->channels + i, i, codes[i],
                                                flags && flags[i] & DETECT_SAMPLE_LEAD_OFF);
}

/*
 * Frames that are measurements in all channels that run: through the filters side by side, and their steps.
 */
static void filter_frames(Detector *d, const int32_t *codes, unsigned n_frames) {
        unsigned n, n_lanes = d->n_lanes;

        highpass_next(&d->highpass, codes, n_frames, d->high, d->low);
        for (unsigned begin = 0; begin < n_frames; begin += n) {
                uint64_t step_at = (uint64_t) d->next_step * d->decimator.decimation,
                         until = step_at - d->position + 1;
                const float *first = d->high + (size_t) begin * n_lanes;

                n = n_frames - begin < until ? n_frames - begin : (unsigned) until;
                if (d->decimator.needed)
                        decimator_feed(&d->decimator, first, n);
                d->position += n;
                if (n < until)
                        continue;
                d->x = d->decimator.needed ? d->filtered : d->high + (size_t) (begin + n - 1) * n_lanes;
                d->x_low = d->low + (size_t) (begin + n - 1) * n_lanes;
                d->step = d->next_step++;
                step_run(d);
        }
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

static bool any_flag(const uint8_t *flags, size_t n) {
        uint8_t any = 0;

        for (size_t i = 0; i < n; i++)
                any |= flags[i];
        return any != 0;
}

/*
 * At most FRAMES_MAX. Where all channels measure they are taken together, otherwise each channel is looked
 * at frame by frame.
 */
void frames_push(Detector *d, const int32_t *samples, const uint8_t *flags, unsigned n_frames) {
        const int32_t *codes = lay_out(d, samples, n_frames);

        if (flags && !any_flag(flags, (size_t) n_frames * d->config.n_channels))
                flags = NULL;
        while (n_frames > 0) {
                bool watch = flags || !d->undisturbed;
                unsigned n_checked = watch ? 1 : n_frames,
                         good = validity_next(&d->validity, codes, n_checked), n = watch ? 0 : good;

                filter_frames(d, codes, n);
                if (n < n_checked) {
                        const int32_t *next = codes + (size_t) n++ * d->n_lanes;

                        check_frame(d, next, flags);
                        filter_frames(d, next, 1);
                }
                codes += (size_t) n * d->n_lanes;
                flags = flags ? flags + (size_t) n * d->config.n_channels : NULL;
                n_frames -= n;
        }
}
