/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "../util.h"
#include "clock.h"

/*
 * A line is fitted to at most 64 bins of 0.25 s: long enough that a jitter of 50 us leaves a
 * few ppm, short enough that a warming oscillator stays on a straight line.
 */
#define BIN_NS 250e6
#define FRAMES_PER_BIN_FIRST 16u
#define RATE_KNOWN_NS 4e9
#define LEARNING_BINS 8u

/* Two windows in a row that agree end the doubt after a jump. */
#define WINDOW_NS 100e6
#define WINDOW_FRAMES_MIN 32u
/* If no frame is on the line for so long, the line itself is in doubt. */
#define ASTRAY_NS 4e9

/* In periods */
#define JUMP 1.7                        /* between two timestamps: something happened */
#define SHIFT 0.7                       /* this late for good: a frame is missing */
#define AGREE 0.25

#define MISSING_MAX (UINT64_C(1) << 32)

void frame_clock_init(FrameClock *c, double nominal_rate_hz) {
        *c = (FrameClock) {
                .nominal_period_ns = 1e9 / nominal_rate_hz,
                .period_ns = 1e9 / nominal_rate_hz,
                .frames_per_bin = FRAMES_PER_BIN_FIRST,
                .frames_per_bin_max = MAX((unsigned) (BIN_NS * 1e-9 * nominal_rate_hz),
                                          FRAMES_PER_BIN_FIRST),
                .frames_per_window = MAX((unsigned) (WINDOW_NS * 1e-9 * nominal_rate_hz), WINDOW_FRAMES_MIN),
                .window_late_ns = INFINITY,
                .previous_window_late_ns = NAN,
        };
}

static double late_ns(const FrameClock *c, FramePoint p) {
        return (double) (p.time_ns - c->anchor.time_ns) -
               (double) (p.frame - c->anchor.frame) * c->period_ns;
}

static void move_line(FrameClock *c, double by_ns) {
        c->anchor.time_ns += llround(by_ns);
}

/* Does b lie on or above the line from a to d? */
static bool above(FramePoint a, FramePoint b, FramePoint d) {
        return (double) (b.time_ns - a.time_ns) * (double) (d.frame - a.frame) >=
               (double) (d.time_ns - a.time_ns) * (double) (b.frame - a.frame);
}

/*
 * The line below all points with the least mean distance to them is the edge of the lower
 * convex hull that spans their mean abscissa (Moon, Skelly, Towsley: Estimation and removal
 * of clock skew from network delay measurements, INFOCOM 1999).
 */
static void fit_line(FrameClock *c) {
        FramePoint hull[FRAME_CLOCK_BINS];
        unsigned n = 0;
        double mean = 0;

        for (unsigned i = 0; i < c->n_bins; i++) {
                while (n >= 2 && above(hull[n - 2], hull[n - 1], c->bins[i]))
                        n--;
                hull[n++] = c->bins[i];
                mean += (double) (c->bins[i].frame - c->bins[0].frame) / c->n_bins;
        }
        if (n < 2)
                return;

        unsigned i = 1;
        while (i < n - 1 && (double) (hull[i].frame - hull[0].frame) < mean)
                i++;

        double period_ns = (double) (hull[i].time_ns - hull[i - 1].time_ns) /
                           (double) (hull[i].frame - hull[i - 1].frame);
        c->anchor = hull[i];
        c->period_ns = fmin(fmax(period_ns, c->nominal_period_ns * (1 - FRAME_CLOCK_TOLERANCE)),
                            c->nominal_period_ns * (1 + FRAME_CLOCK_TOLERANCE));
        if (c->period_ns != period_ns)
                for (i = 0; i < c->n_bins; i++)
                        move_line(c, fmin(late_ns(c, c->bins[i]), 0));
}

/* Halve the number of bins while they are short, then forget the oldest. */
static void make_room_for_bin(FrameClock *c) {
        if (c->n_bins < FRAME_CLOCK_BINS)
                return;

        if (c->frames_per_bin * 2 <= c->frames_per_bin_max) {
                for (unsigned i = 0; i < FRAME_CLOCK_BINS / 2; i++) {
                        FramePoint a = c->bins[2 * i], b = c->bins[2 * i + 1];
                        c->bins[i] = late_ns(c, a) <= late_ns(c, b) ? a : b;
                }
                c->n_bins = FRAME_CLOCK_BINS / 2;
                c->frames_per_bin *= 2;
        } else {
                memmove(c->bins, c->bins + 1, sizeof(c->bins) - sizeof(c->bins[0]));
                c->n_bins--;
        }
}

static void add_to_bin(FrameClock *c, FramePoint p) {
        if (c->n_in_bin == 0 || late_ns(c, p) < late_ns(c, c->bin))
                c->bin = p;
        if (++c->n_in_bin < c->frames_per_bin)
                return;

        c->n_in_bin = 0;
        make_room_for_bin(c);
        c->bins[c->n_bins++] = c->bin;
        fit_line(c);
}

/* How late edges come on schedule. More than half a period is a machine that was late already. */
static double usual_late_ns(const FrameClock *c) {
        if (c->in_doubt)
                return c->late_before_ns;
        if (isnan(c->previous_window_late_ns))
                return 0;
        return fmin(fmax(c->previous_window_late_ns, 0), c->period_ns / 2);
}

/* Too few frames to know the rate: the line may be off by 2.5 % of their time. */
static bool learning(const FrameClock *c) {
        return c->n_bins < LEARNING_BINS && c->frames_per_bin == FRAMES_PER_BIN_FIRST;
}

/* Something happened just before the next frame. While learning, nothing is known to doubt. */
static void begin_doubt(FrameClock *c) {
        if (!c->in_doubt) {
                c->late_before_ns = usual_late_ns(c);
                c->counted = 0;
                c->slip_before = c->slip;
                c->slip_position = c->position;
                c->on_line_ns = c->last_time_ns;
        }
        c->in_doubt = !learning(c);
        c->windows_in_doubt = 0;
        c->n_in_window = 0;
        c->window_late_ns = INFINITY;
}

/*
 * A frame so much too early: too many were declared missing, because the first edge after the loss was late.
 * Positions stay as they were given; the frame numbers behind them go back. Returns by how many.
 */
static int64_t take_back(FrameClock *c, double late) {
        int64_t k = MIN(llround(-late / c->period_ns), (long long) c->counted);

        if (k <= 0)
                return 0;
        c->slip += k;
        c->counted -= (uint64_t) k;
        return k;
}

/* The timestamps have settled, shift_ns away from where they were before the jump. */
static void end_doubt(FrameClock *c, double shift_ns) {
        double shift = shift_ns / c->period_ns;

        c->in_doubt = false;
        if (fabs(shift) < SHIFT)
                return;

        /* Accounted for below: from here on edges come as late as before the jump. */
        c->previous_window_late_ns = c->late_before_ns;
        if (shift > 0)
                c->owed = MIN((uint64_t) llround(shift), MISSING_MAX);
        else
                move_line(c, shift_ns);
}

/* Forgets all but the latest frame, however late it is: those that come earlier will correct it. */
static void begin_again(FrameClock *c) {
        c->anchor = (FramePoint) {
                .frame = (int64_t) c->position - 1 - c->slip,
                .time_ns = c->last_time_ns,
        };
        c->period_ns = c->nominal_period_ns;
        c->n_bins = c->n_in_bin = 0;
        c->frames_per_bin = FRAMES_PER_BIN_FIRST;
        c->previous_window_late_ns = NAN;
        c->last_late_ns = 0;
        c->in_doubt = false;
}

static void end_window(FrameClock *c) {
        double late = c->window_late_ns, previous = c->previous_window_late_ns;

        c->previous_window_late_ns = late;
        c->window_late_ns = INFINITY;
        c->n_in_window = 0;
        if (!c->in_doubt || ++c->windows_in_doubt < 2)
                return;
        if (fabs(late - previous) < AGREE * c->period_ns)
                end_doubt(c, late - c->late_before_ns);
}

/*
 * A flagged loss: the line tells how much is missing, unless frames came late already before it.
 * Nothing, where the edge is on schedule: the driver may flag a loss some scans after it happened,
 * when the jump has been accounted for.
 */
static uint64_t count_lost(const FrameClock *c, double late, double step_ns) {
        double usual = usual_late_ns(c);
        bool by_step = learning(c) || c->last_late_ns - usual > c->period_ns;
        double m = by_step ? step_ns / c->period_ns - 1 : (late - usual) / c->period_ns;

        return m < 0.5 ? 0 : m < (double) MISSING_MAX ? (uint64_t) llround(m) : MISSING_MAX;
}

/* Lets a frame correct the line, if it may. */
static void learn(FrameClock *c, FramePoint p, double late) {
        double off = (late - usual_late_ns(c)) / c->period_ns;

        /* One edge on schedule proves that nothing was missing: it cannot be early. */
        if (c->in_doubt && c->counted == 0 && fabs(off) < 0.5)
                c->in_doubt = false;

        if (!c->in_doubt) {
                if (late < 0)
                        move_line(c, late);
                add_to_bin(c, p);
        } else if (off > -0.1 && off < 0.5)
                /* It fits what was counted: losses without end must not stop the clock. */
                add_to_bin(c, p);
        else
                return;
        c->on_line_ns = p.time_ns;
}

uint64_t frame_clock_push(FrameClock *c, int64_t time_ns, bool lost) {
        FramePoint p = { .frame = (int64_t) c->position - c->slip, .time_ns = time_ns };

        if (c->n_frames++ == 0) {
                c->anchor = p;
                c->last_time_ns = time_ns;
                c->position = 1;
                add_to_bin(c, p);
                return 0;
        }

        uint64_t missing = c->owed;
        c->owed = 0;
        p.frame += (int64_t) missing;

        double step_ns = (double) time_ns - (double) c->last_time_ns;
        if (step_ns < 0)                /* no clock goes backwards: this timestamp says nothing */
                p.time_ns = c->last_time_ns;

        if (lost) {
                uint64_t m = count_lost(c, late_ns(c, p), step_ns);
                begin_doubt(c);
                c->counted += m;
                missing += m;
                p.frame += (int64_t) m;
        } else if (step_ns > JUMP * c->period_ns && !c->in_doubt && !learning(c))
                begin_doubt(c);

        p.frame -= take_back(c, late_ns(c, p) - usual_late_ns(c));
        double late = late_ns(c, p);
        if (step_ns >= 0)
                learn(c, p, late);

        c->last_time_ns = p.time_ns;
        c->last_late_ns = late;
        c->position += missing + 1;
        c->window_late_ns = fmin(c->window_late_ns, late);
        if (++c->n_in_window >= c->frames_per_window)
                end_window(c);
        if (c->in_doubt && (double) (c->last_time_ns - c->on_line_ns) > ASTRAY_NS)
                begin_again(c);
        return missing;
}

int64_t frame_clock_time_ns(const FrameClock *c, double position) {
        int64_t slip = position < (double) c->slip_position ? c->slip_before : c->slip;

        return c->anchor.time_ns +
               llround((position - (double) slip - (double) c->anchor.frame) * c->period_ns);
}

double frame_clock_rate_hz(const FrameClock *c) {
        if (c->n_bins < 2 ||
            (double) (c->bins[c->n_bins - 1].time_ns - c->bins[0].time_ns) < RATE_KNOWN_NS)
                return 0;
        return 1e9 / c->period_ns;
}
