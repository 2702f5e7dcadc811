/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a channel has a tone, it is taken out of what was seen lately and of all that comes. */
#include <math.h>

#include "channel.h"
#include "daemon/detect/conditioning/line-finder.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/conditioning/tones.h"
#include "detector.h"
#include "tone-search.h"

/* Chosen on the seeds of tests/unit/test-tones.c; these two for speed. */
#define RESTING_WINDOWS 4               /* one in so many is looked at, where nothing is new, ... */
#define LOUDER 1.2f                     /* ... and no channel is louder than that, lately */
#define TONE_S 1.0                      /* as line_is_tone() wants it, see line-finder.h */
#define LOOK_S 0.01                     /* see hum-correction.c; likewise: */
#define CHANGED_S 0.04                  /* longer than a potential; and for each tone as much */
#define FITS 2u
/* In so long since the filters have settled; at first a few cycles, see MAINS_SETTLE_S for the last. */
static const double FIT_S[FITS] = { 0.05, 0.15 };

/* For so many steps the signal has been behind settled filters. */
static int64_t steps_known(const Detector *d, const Channel *c) {
        return ((int64_t) (d->position - c->started_at) - (int64_t) d->settle_frames) /
                (int64_t) d->decimator.decimation;
}

static bool search_channel(Detector *d, Channel *c, unsigned channel) {
        unsigned n = (unsigned) fmin((double) c->history.keep, (double) steps_known(d, c));
        bool found = false;

        if (n < in_steps(d, TONE_S))
                return false;
        for (double hz = 0; (hz = line_finder_next(&d->lines, channel, hz)) > 0;) {
                LineTone tone;
                bool is_new;

                if (line_is_tone(history_window(&c->history, n), n, d->step_rate_hz, hz, &tone) &&
                    !mains_has(&d->mains, tone.hz) &&
                    tones_channel_add(&d->tones, channel, &tone, &is_new)) {
                        line_tone_subtract(&tone, 0, d->step_rate_hz, c->history.y + c->history.fill - n, n);
                        found |= is_new;
                }
                line_finder_forget(&d->lines, channel, hz);
        }
        c->tone_found_steps = found ? n : 0;
        return found;
}

/* Where there is no hum, a tone may have been taken for it. */
static void mains_begin_anew(Detector *d) {
        mains_forget(&d->mains);
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].running)
                        mains_channel_restart(&d->mains, i);
}

/* The signals of up to eight channels to look at. False: nothing is new, and it is not their turn. */
static bool choose(const Detector *d, unsigned first, unsigned n, const float *ret[static 8]) {
        bool now = d->step / d->lines.n % RESTING_WINDOWS == 0;

        for (unsigned i = 0; i < n; i++) {
                const Channel *c = d->channels + first + i;

                if (!c->running || steps_known(d, c) < d->lines.n)
                        continue;
                ret[i] = history_window(&c->history, d->lines.n);
                now |= !line_finder_knows(&d->lines, first + i) ||
                        c->noise.recent_uv > LOUDER * c->noise.sigma_uv;
        }
        return now;
}

bool tone_search(Detector *d) {
        bool found = false;

        if (d->step % d->lines.n != 0)
                return false;
        for (unsigned first = 0; first < d->config.n_channels; first += 8) {
                const float *signals[8] = { 0 };
                unsigned n = d->config.n_channels - first < 8 ? d->config.n_channels - first : 8;

                if (!choose(d, first, n, signals))
                        continue;
                line_finder_look(&d->lines, first / 8, signals);
                for (unsigned i = 0; i < n; i++)
                        if (signals[i])
                                found |= search_channel(d, d->channels + first + i, first + i);
        }
        if (found && !mains_is_sure(&d->mains))
                mains_begin_anew(d);
        return found;
}

unsigned tone_search_correct(Detector *d, Channel *c, unsigned channel, int64_t step) {
        if (step < c->tones_look_at)
                return 0;
        c->tones_look_at = step + (int64_t) in_steps(d, LOOK_S);
        unsigned n_tones = tones_channel_has(&d->tones, channel);
        unsigned n = (unsigned) in_steps(d, CHANGED_S * (1 + n_tones));
        unsigned now = n / 2;           /* what is older may be from before the change */

        if (n_tones == 0 || !tones_channel_changed(&d->tones, channel, history_window(&c->history, n), n))
                return 0;
        tones_channel_fit(&d->tones, channel, c->history.y + c->history.fill - now, now);
        c->tones_look_at = step + now;
        return n;
}

void tone_search_settle(Detector *d, Channel *c, unsigned channel) {
        double frames = 2 * d->highpass.length + d->decimator.length_frames;

        if (c->tone_fits >= FITS ||
            (double) c->frames < frames + in_steps(d, FIT_S[c->tone_fits]) * d->decimator.decimation)
                return;
        unsigned n = (unsigned) in_steps(d, FIT_S[c->tone_fits++]);
        tones_channel_fit(&d->tones, channel, c->history.y + c->history.fill - n, n);
}
