/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a detector: what detector.c puts together. detector.c is what callers see, channel.c one channel's state.
 * The way of a sample of one channel:
 *
 *   frames.c     the first filters, for all channels at once, frame by frame:
 *   raw.c        rails, electrode off, flat: is this sample a measurement at all?
 *   highpass.c   20 Hz, linear phase, exact integers            (input rate)
 *   droop.c      the converter's frequency response made flat   (input rate, in one with:)
 *   lowpass.c    450 Hz and decimation to at most 2048 Hz       (input -> processing rate)
 *   step.c       the others, step by step:
 *   mains.c      50/60 Hz and harmonics estimated and subtracted (processing rate from here on)
 *   heart.c      the heartbeat learned and subtracted
 *   bank.c       matched filters for motor unit potentials
 *   noise.c      how large their outputs are when nothing happens
 *   whiten.c     fits them to the colour of a channel's noise
 *   crossing.c   where the statistic is above the threshold
 *   discharge.c  what stands out: peak, onset, end, amplitude
 *   size.c       its amplitude, by the shapes that potentials have
 *   units.c      which motor unit a discharge is of
 *   sums.c       or of which one it shows several, in one another
 *   repeats.c    the same unit again, below the threshold
 *   learned.c    filters for the units that a channel knows
 *   notices.c    an early word of it
 *   events.c     discharges close in time, also of neighbouring channels, become one happening
 *   causes.c motion.c heartbeat.c   what it was if not a twitch
 *   classify.c tone.c   what it looks like by itself
 *   lags.c       how much later another channel sees it
 *   happenings.c what it is part of, once nothing more can come: the event
 *   waiting.c    until then
 *   trains.c     one unit again and again: a train, groups
 *   work.c       what takes in all beside it: a contraction, a jerk, a tone
 *   exposure.c   in which time a twitch would have been seen
 *
 * Frames are of the input, steps are of the processing rate: one step is
 * `decimation` frames. All delays are constant, so a step has one true frame position.
 */
#pragma once

#pragma once

#include "bank.h"
#include "channel.h"
#include "detect.h"
#include "droop.h"
#include "events.h"
#include "exposure.h"
#include "frames.h"
#include "happening.h"
#include "heart.h"
#include "highpass.h"
#include "lowpass.h"
#include "mains.h"
#include "raw.h"
#include "size.h"
#include "tone.h"

struct Detector {
        DetectConfig config;
        double step_rate_hz;
        uint64_t position;              /* frames */
        int64_t step;                   /* the latest */
        double delay_frames;            /* of the in-band signal */
        Droop droop;
        unsigned n_lanes;               /* for channels side by side: whole Octs */
        bool undisturbed;               /* all channels measure, and no artefact of them is under way */
        int64_t next_step;              /* falls on frame next_step * decimation, gaps included */
        int32_t *codes;                 /* [FRAMES_MAX][n_lanes] scratch */
        float *high;                    /* [FRAMES_MAX][n_lanes] scratch: behind the high-pass */
        double *low;                    /* [FRAMES_MAX][n_lanes] and what that took away */
        float *filtered;                /* [n_lanes] scratch: behind the low-pass */
        float *x;                       /* [n_lanes] in one of them: the signal at this step */
        const double *x_low;            /* [n_lanes] and what is below 20 Hz, see highpass_low() */
        Raw raw;
        Highpass highpass;
        Lowpass lowpass;
        Mains mains;
        Heart heart;
        Bank bank;
        SizeShapes size_shapes;
        float *outputs;                 /* [n_lanes] scratch */
        double *scratch;                /* [n_taps][2 + n_lanes] for whiten.c */
        unsigned mains_late_steps;      /* mains learn sooner */
        unsigned look_steps;            /* from one look at the statistic to the next */
        unsigned n_looks;               /* length of the rings, whole LOOKS: then all of a heartbeat is known */
        unsigned look;                  /* place of the latest in them */
        bool looking, learning;         /* at this step */
        float threshold;
        float wake;                     /* where a statistic is so large, those beside it are looked at */
        float heed;                     /* a statistic below is nothing to remember */
        float nothing;                  /* ... nor anything to wake by: how small it is does not matter */
        uint64_t keep_frames, settle_frames, blank_frames;
        unsigned crossing_close_steps, crossing_max_steps, crossing_cut_steps;
        unsigned highpass_steps;
        unsigned mains_start_steps, noise_start_steps;
        Channel *channels;
        unsigned *active;               /* [n_channels] scratch */
        unsigned n_running;             /* channels */
        float *late;                    /* [n_lanes] scratch: the signal as it is known after a while */
        bool noise_moved;               /* some channel's, at the latest step */
        Tones tones;
        Events events;
        Happenings happenings;
        Exposure exposure;
        bool finished;
};

double detector_floor_uv(const Detector *d, const Channel *c);
double detector_frame_of_step(const Detector *d, double step);

static inline double in_steps(const Detector *d, double seconds) {
        return seconds * d->step_rate_hz;
}

/* The channel is in this state from a step on. */
static inline void exposure_state(const Detector *d, Channel *c, int64_t step, uint8_t state) {
        if (c->exposure.state != state)
                exposure_set(d, &c->exposure, detector_frame_of_step(d, (double) step), state);
}
