/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The time of frames, from the timestamps of their data-ready edges.
 *
 * A timestamp can be late (interrupts off, a busy CPU), never early: the true
 * time of frame n is the line t0 + n * period that the timestamps touch from
 * above. The clock follows that line, answers when a position was, and decides
 * how many frames are missing where the driver says that scans were lost, or
 * where the timestamps stay shifted without it saying so. A late interrupt
 * alone is no gap.
 *
 * Pure: no clock is read and nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FRAME_CLOCK_BINS 64u
/* The internal oscillator is off by up to 2.5 % (SBAS499C section 7.5); a little more is allowed. */
#define FRAME_CLOCK_TOLERANCE 0.03

typedef struct FramePoint {
        int64_t frame;                  /* true frame number */
        int64_t time_ns;
} FramePoint;

typedef struct FrameClock {
        double nominal_period_ns;
        uint64_t n_frames;              /* pushed */
        uint64_t position;              /* of the next frame if nothing is missing before it */

        /* The line: frame anchor.frame was at anchor.time_ns. */
        FramePoint anchor;
        double period_ns;

        /* Earliest timestamp of each bin of frames, the oldest first: what the line is fitted to. */
        FramePoint bins[FRAME_CLOCK_BINS];
        unsigned n_bins, frames_per_bin, frames_per_bin_max;
        FramePoint bin;                 /* the one being filled */
        unsigned n_in_bin;

        int64_t last_time_ns;
        double last_late_ns;

        /* Lowest lateness of short windows. */
        unsigned frames_per_window, n_in_window;
        double window_late_ns, previous_window_late_ns;

        /* After a jump: is it late interrupts, or are frames missing? */
        bool in_doubt;
        unsigned windows_in_doubt;
        double late_before_ns;
        uint64_t counted;               /* frames declared missing since */
        int64_t on_line_ns;             /* the latest frame that was where the line is */

        uint64_t owed;                  /* to be declared missing before the next frame */

        /* True frame number = position - slip, from slip_position on; before it, - slip_before. */
        int64_t slip, slip_before;
        uint64_t slip_position;
} FrameClock;

void frame_clock_init(FrameClock *c, double nominal_rate_hz);

/*
 * The next frame: when its data-ready edge was, and whether the driver flagged that scans
 * were lost just before it. Returns how many frames are missing before it.
 */
uint64_t frame_clock_push(FrameClock *c, int64_t time_ns, bool lost);

/* When a position (frames from the first one, missing ones included) was. */
int64_t frame_clock_time_ns(const FrameClock *c, double position);

/* Frames a second as the timestamps show; 0 until there are some seconds of them. */
double frame_clock_rate_hz(const FrameClock *c);
