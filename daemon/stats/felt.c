/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdbool.h>

#include "felt.h"

/* Where an event at some time is met by another: [time + before, time + after]. */
typedef struct Window {
        double before, after;
} Window;

static const Window twitch_before_mark = { -FELT_WITHIN_S, 0 }, mark_after_twitch = { 0, FELT_WITHIN_S };

static bool met(double time, FeltTimes others, Window w) {
        for (size_t i = 0; i < others.n; i++)
                if (others.s[i] >= time + w.before && others.s[i] <= time + w.after)
                        return true;
        return false;
}

static double overlap(double a, double b, double from, double to) {
        return fmax(0, fmin(b, to) - fmax(a, from));
}

/* Time in [from, to] at which something would be met: the union of the others' windows. */
static double meeting_time(FeltTimes others, Window w, double from, double to) {
        double sum = 0, reached = -INFINITY;

        for (size_t i = 0; i < others.n; i++) {
                double a = fmax(others.s[i] - w.after, reached), b = others.s[i] - w.before;

                if (b <= a)
                        continue;
                sum += overlap(a, b, from, to);
                reached = b;
        }
        return sum;
}

static double chance(double time, FeltTimes others, Window w, double from_s, double to_s) {
        double a = fmax(from_s, time - FELT_AROUND_S), b = fmin(to_s, time + FELT_AROUND_S);
        double length = fmax(0, time - FELT_APART_S - a) + fmax(0, b - time - FELT_APART_S);

        if (!(length > 0))
                return 0;
        return (meeting_time(others, w, a, time - FELT_APART_S) +
                meeting_time(others, w, time + FELT_APART_S, b)) / length;
}

typedef struct Comparison {
        double n, met, by_chance;
} Comparison;

static Comparison compare(FeltTimes times, FeltTimes others, Window w, double from_s, double to_s) {
        Comparison c = { .n = (double) times.n };

        for (size_t i = 0; i < times.n; i++) {
                c.met += met(times.s[i], others, w);
                c.by_chance += chance(times.s[i], others, w, from_s, to_s);
        }
        return c;
}

void felt_add(Felt *f, FeltTimes marks, FeltTimes twitches, double from_s, double to_s) {
        Comparison of_marks = compare(marks, twitches, twitch_before_mark, from_s, to_s);
        Comparison of_twitches = compare(twitches, marks, mark_after_twitch, from_s, to_s);

        f->marks += of_marks.n;
        f->marks_met += of_marks.met;
        f->marks_by_chance += of_marks.by_chance;
        f->twitches += of_twitches.n;
        f->twitches_felt += of_twitches.met;
        f->twitches_by_chance += of_twitches.by_chance;
}

static double beyond(double share, double by_chance) {
        return by_chance < 1 ? fmax(0, (share - by_chance) / (1 - by_chance)) : 0;
}

static StatsShare share_beyond(double n, double count_met, double by_chance, double confidence) {
        StatsShare s = stats_share(count_met, n, confidence);

        if (!(n > 0))
                return s;
        return (StatsShare) {
                .share = beyond(s.share, by_chance / n),
                .low = beyond(s.low, by_chance / n),
                .high = beyond(s.high, by_chance / n),
        };
}

StatsShare felt_share_of_marks(const Felt *f, double confidence) {
        return share_beyond(f->marks, f->marks_met, f->marks_by_chance, confidence);
}

StatsShare felt_share_of_twitches(const Felt *f, double confidence) {
        return share_beyond(f->twitches, f->twitches_felt, f->twitches_by_chance, confidence);
}
