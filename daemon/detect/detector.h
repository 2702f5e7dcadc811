/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a detector: what detector.c puts together. detector.c is what callers see, channel.c one
 * channel's state. The way of a sample of one channel:
 *
 *   frames.c                        the first filters, for all channels at once, frame by frame:
 *   conditioning/validity.c         rails, electrode off, flat: is this sample a measurement at all?
 *   conditioning/highpass.c         20 Hz, linear phase, exact integers (input rate)
 *   conditioning/droop.c            the converter's frequency response made flat (input rate, in one with:)
 *   conditioning/decimator.c        450 Hz and decimation to at most 2048 Hz (input -> processing rate)
 *   step.c                          the others, step by step:
 *   conditioning/mains.c            50/60 Hz and harmonics subtracted (processing rate from here on)
 *   conditioning/line-finder.c      other tones; tones.c subtracts them, tone-search.c knows what follows
 *   ecg/slow-beats.c                beats of the heart that the band hardly shows; slow-qrs.c, beat-locked.c
 *   ecg/ecg-tracker.c               the heartbeat learned and subtracted
 *   statistic/template-bank.c       matched filters for motor unit potentials
 *   statistic/noise.c               how large their outputs are when nothing happens
 *   statistic/level.c, tail.c       how much that fluctuates, and how far it reaches
 *   statistic/whiten.c              fits them to the colour of a channel's noise
 *   potentials/unit-templates.c      filters for the units that a channel knows
 *   crossing.c                      where the statistic is above the threshold
 *   potentials/discharge.c          what stands out: peak, onset, end, amplitude
 *   potentials/amplitude.c          its amplitude, by the waveforms that potentials have
 *   potentials/units.c              which motor unit a discharge is of
 *   potentials/superposition.c      or of which one it shows several, in one another
 *   potentials/missed-discharges.c  the same unit again, below the threshold
 *   potentials/high-frequency.c     discharges so fast that they overlap
 *   potentials/delay.c              how much later another channel sees it
 *   events/notices.c                an early word of it
 *   events/assembly.c               discharges close in time, also of other channels: one candidate event
 *   artefacts/artefact.c            what it was if not a twitch; by motion.c and ecg/qrs-detector.c, too
 *   events/classify.c               what it looks like by itself
 *   events/candidates.c             candidate events until nothing more can come
 *   events/decide.c                 what each is part of: the event
 *   events/trains.c                 one unit again and again: a train, groups
 *   events/contraction.c            what takes in all beside it: a contraction, a jerk, a high-frequency run
 *   exposure.c                      in which time a twitch would have been seen
 *
 * Frames are of the input, steps are of the processing rate: one step is
 * `decimation` frames. All delays are constant, so a step has one true frame position.
 */
#pragma once

#include "daemon/detect/artefacts/electrode-step.h"
#include "daemon/detect/conditioning/decimator.h"
#include "daemon/detect/conditioning/droop.h"
#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/conditioning/line-finder.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/conditioning/tones.h"
#include "daemon/detect/conditioning/validity.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/candidate.h"
#include "daemon/detect/potentials/amplitude.h"
#include "daemon/detect/potentials/high-frequency.h"
#include "daemon/detect/statistic/template-bank.h"
#include "channel.h"
#include "detect.h"
#include "exposure.h"
#include "frames.h"

struct Detector {
        DetectConfig config;
        double step_rate_hz;
        uint64_t position;              /* frames, with those of a lead-in */
        uint64_t origin;                /* frames of the lead-in */
        DetectConfig reports;           /* what is called after it */
        int64_t step;                   /* the latest */
        double delay_frames;            /* of the in-band signal */
        Droop droop;
        unsigned n_lanes;               /* for channels side by side: whole vectors of 8 */
        bool undisturbed;               /* all channels measure, and no artefact of them is under way */
        int64_t next_step;              /* falls on frame next_step * decimation, gaps included */
        int32_t *codes;                 /* [FRAMES_MAX][n_lanes] scratch */
        float *high;                    /* [FRAMES_MAX][n_lanes] scratch: behind the high-pass */
        double *low;                    /* [FRAMES_MAX][n_lanes] and what that took away */
        float *filtered;                /* [n_lanes] scratch: behind the low-pass */
        float *x;                       /* [n_lanes] in one of them: the signal at this step */
        const double *x_low;            /* [n_lanes] and what is below 20 Hz, see highpass_low() */
        Validity validity;
        Highpass highpass;
        Decimator decimator;
        Mains mains;
        LineFinder lines;
        Tones tones;
        EcgTracker ecg;
        TemplateBank bank;
        AmplitudeTemplates amplitude_templates;
        float *outputs;                 /* [n_lanes] scratch */
        double *scratch;                /* [n_taps][2 + n_lanes] for whiten.c */
        unsigned mains_late_steps;      /* mains learn sooner */
        unsigned eval_steps;            /* from one look at the statistic to the next */
        /* length of the rings, whole batches of EVAL_BATCH: then all of a heartbeat is known */
        unsigned n_evals;
        unsigned eval_index;            /* place of the latest in them */
        bool evaluating, learning;      /* at this step */
        float threshold;
        float evaluate_level;           /* where a statistic is so large, those beside it are looked at */
        float peak_memory_level;        /* a statistic below is nothing to remember */
        float idle_level; /* ... nor anything to raise the rate for: how small it is does not matter */
        uint64_t keep_frames, settle_frames, blank_frames;
        unsigned crossing_close_steps, crossing_max_steps, crossing_cut_steps;
        unsigned highpass_steps;
        unsigned mains_start_steps, noise_start_steps;
        Channel *channels;
        unsigned *active;               /* [n_channels] scratch */
        unsigned n_running;             /* channels */
        float *late;                    /* [n_lanes] scratch: the signal as it is known after a while */
        bool noise_moved;               /* some channel's, at the latest step */
        HighFrequencyBank high_frequency_bank;
        ElectrodeSteps electrode_steps;
        Assembly assembly;
        Candidates candidates;
        Exposure exposure;
        bool finished;
};

static inline double in_steps(const Detector *d, double seconds) {
        return seconds * d->step_rate_hz;
}

/* Without those of a lead-in, and with those that are missing. */
static inline uint64_t frames_until_now(const Detector *d) {
        return d->position - d->origin;
}

static inline double detector_frame_of_step(const Detector *d, double step) {
        double frame = step * d->decimator.decimation - d->delay_frames - (double) d->origin;

        return frame > 0 ? frame : 0;
}

/* The channel is in this state from a step on. */
static inline void exposure_state(const Detector *d, Channel *c, int64_t step, uint8_t state) {
        if (c->exposure.state != state)
                exposure_set(d, &c->exposure, detector_frame_of_step(d, (double) step), state);
}
