/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What moves electrodes and cables: is the raw signal moving?
 *
 * A muscle has little below 20 Hz; a movement has most of its energy there: more than three times that
 * of the band above whatever the high-pass makes of it. What is taken out by the high-pass is looked at,
 * without what is slower than breathing, and has to be far more than it usually is: the electrodes
 * drift. Most of a heartbeat is below 20 Hz, too: it is learned there as ecg-tracker.c does above, and
 * taken out, as otherwise small movements would be no more than what is typical.
 */
#include <math.h>
#include <string.h>

#include "motion.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/interpolate.h"

/* Of squares of Gaussian values: what a tenth exceeds, to the mean; of chi squared, by definition. */
#define TYPICAL_OF_MEAN 2.7f

#define HOP_S 0.01
#define SLOW_S 0.1                      /* time constant of what is no movement any more, twice */
#define BEFORE_HOPS 2                   /* around what is asked for */
#define AFTER_HOPS 8
#define LATEST_HOPS 50                  /* half a second tells whether something goes on, and what */
#define SWAY_SHARE 0.5f                 /* of the energy */
#define RATIO 3.0f                      /* of energies, 2-20 Hz to 20-450 Hz */
#define UNUSUAL 3.0f                    /* to the energy that is exceeded a tenth of the time */
#define TYPICAL_RISE 1.02f
#define TYPICAL_FALL 0.998f
#define NOTHING_UV 1e-12f
#define TYPICAL_LATE_HOPS 35            /* by then a heartbeat has been taken out of it */
#define BEAT_BEFORE_HOPS 25             /* of the template: R */
#define BEAT_BEFORE_OF_PERIOD 0.37
#define BEATS_MEMORY 16u
#define BEATS_FIRST 5u                  /* after that it is known what is typical without a heart */
#define OUTLIER_BEATS_MAX 8u
#define EDGE_HOPS 2
#define EARLY_HOPS 6                    /* a beat before its time */
#define UNSETTLED_HOPS 50 /* where the next beat begins: by then it has been found, or there was none */
#define CLIP_USUAL 3.0f                 /* to what is exceeded a tenth of the time: not of the heart, ... */
#define CLIP_BEAT 0.25f                 /* ... nor so much of its largest wave */

void motion_init(Motion *m, double step_rate_hz) {
        *m = (Motion) { .hop_steps = (unsigned) lround(HOP_S * step_rate_hz) };
        m->gain = (float) (HOP_S / SLOW_S);
}

/* As if it had always been there, and nothing is known of what is typical. */
void motion_restart(Motion *m, float low_uv, int64_t step) {
        *m = (Motion) { .hop_steps = m->hop_steps, .gain = m->gain, .slow_uv = { low_uv, 0 }, .end = step };
}

/* Where the latest hop lies in the template. */
static double place_in_beat(const Motion *m) {
        return ((double) (m->end - 1 - m->fill) - m->beat) / m->hop_steps + BEAT_BEFORE_HOPS;
}

/* What a beat that is not known yet may have in a hop at most. */
static float beat_awaited(const Motion *m, unsigned ago) {
        double since = place_in_beat(m) - ago - m->beat_end + EARLY_HOPS;
        float most = 0;

        if (m->n_beats == 0 || since < 0 || since > UNSETTLED_HOPS)
                return 0;
        for (int i = m->beat_first; i < MOTION_BEAT_HOPS && i <= m->beat_first + since + EARLY_HOPS; i++)
                most = fmaxf(most, fabsf(m->beat_uv[i]));
        return most;
}

static float low_energy(const Motion *m, unsigned ago) {
        float low_uv = fabsf(m->low_uv[(m->next + MOTION_HOPS - ago) % MOTION_HOPS]);

        low_uv = fmaxf(0, low_uv - beat_awaited(m, ago));
        return low_uv * low_uv * (float) m->hop_steps;
}

/* The sums of the n hops before some. */
static void energies(const Motion *m, unsigned first, unsigned n, float *ret_low, float *ret_high) {
        *ret_low = *ret_high = 0;
        for (unsigned i = first; i < first + n; i++) {
                *ret_low += low_energy(m, i);
                *ret_high += m->high[(m->next + MOTION_HOPS - i) % MOTION_HOPS];
        }
}

static bool is_slow(const Motion *m, unsigned first, unsigned n) {
        float low, high;

        energies(m, first, n, &low, &high);
        return low > RATIO * high;
}

/* --- the heart below 20 Hz --- */

/* So many hops before now; whole ones are in the rings. */
static float low_at(const Motion *m, double ago) {
        double whole = floor(ago);
        float weights[4];

        if (whole < 1 || whole + 2 >= m->n_hops)
                return 0;
        float x[4];
        for (unsigned i = 0; i < 4; i++)
                x[i] = m->low_uv[(m->next + 2 * MOTION_HOPS + 1 - (unsigned) whole - i) % MOTION_HOPS];
        cubic_weights(ago - whole, weights);
        return cubic_value(weights, x + 1);
}

static float beat_at(const Motion *m, double place) {
        double whole = floor(place);
        int i = (int) whole;
        float weights[4];

        if (i < 1 || i < m->beat_first || i + 2 >= MOTION_BEAT_HOPS || i >= m->beat_end)
                return 0;
        cubic_weights(place - whole, weights);
        return cubic_value(weights, m->beat_uv + i);
}

static float largest_of_beat(const Motion *m) {
        float largest = 0;

        for (int i = 0; i < MOTION_BEAT_HOPS; i++)
                largest = fmaxf(largest, fabsf(m->beat_uv[i]));
        return largest;
}

/*
 * The first beats make the template, then what is left of one that is over moves it. Not if that is more
 * than there is above 20 Hz, as then something moves; if beat after beat is like that, the electrode has
 * been moved.
 */
static void learn_beat(Motion *m) {
        bool settled = m->n_beats >= BEATS_FIRST;
        float gain = 1 / (float) (m->n_beats + 1), limit = INFINITY;
        double latest = place_in_beat(m);
        unsigned from = (unsigned) (latest - m->beat_end), n = (unsigned) (m->beat_end - m->beat_first);

        m->beat_under_way = false;
        m->n_outlier_beats = settled && is_slow(m, from, n) ? m->n_outlier_beats + 1 : 0;
        if (m->n_outlier_beats > OUTLIER_BEATS_MAX) {
                motion_forget_beats(m);
                m->typical = 0;
                return;
        }
        if (m->n_outlier_beats > 0)
                return;
        if (settled)
                limit = fmaxf(CLIP_USUAL * sqrtf(m->typical / (float) m->hop_steps),
                              CLIP_BEAT * largest_of_beat(m));
        m->n_beats += m->n_beats + 1 < BEATS_MEMORY;
        if (m->n_beats == BEATS_FIRST)
                m->typical = 0;         /* until now the heart was part of it */
        for (int i = 0; i < MOTION_BEAT_HOPS; i++)
                if (i < m->beat_first + EDGE_HOPS || i >= m->beat_end - EDGE_HOPS)
                        m->beat_uv[i] = 0;      /* where only part of what is learned would be taken out */
                else
                        m->beat_uv[i] += gain * fmaxf(-limit, fminf(limit, low_at(m, latest - i)));
}

/*
 * A beat has been found; its beginning is taken out of what is remembered, as it has been out of the signal
 * above 20 Hz. At the end of a step.
 */
void motion_beat(Motion *m, double beat, double period, const History *h) {
        m->beat = beat;
        m->beat_first = BEAT_BEFORE_HOPS -
                (int) fmin(BEAT_BEFORE_HOPS, BEAT_BEFORE_OF_PERIOD * period / m->hop_steps);
        m->beat_end = m->beat_first + (int) fmin(period / m->hop_steps, MOTION_BEAT_HOPS - m->beat_first);
        m->beat_under_way = true;

        double latest = place_in_beat(m);
        for (unsigned ago = 0; ago < m->n_hops && latest - ago > m->beat_first; ago++) {
                unsigned k = (m->next + MOTION_HOPS - ago) % MOTION_HOPS;
                size_t behind = m->fill + (size_t) (ago + 1) * m->hop_steps;

                m->low_uv[k] -= beat_at(m, latest - ago);
                if (behind > h->keep)
                        continue;
                m->high[k] = m->sums[k] = 0;
                for (unsigned i = 0; i < m->hop_steps; i++) {
                        float y = h->y[h->fill - behind + i];
                        m->high[k] += y * y;
                        m->sums[k] += y;
                }
        }
}

void motion_forget_beats(Motion *m) {
        memset(m->beat_uv, 0, sizeof m->beat_uv);
        m->n_beats = m->n_outlier_beats = 0;
        m->beat_under_way = false;
}

/* --- is it moving? --- */

/* To begin with: of white noise a tenth has more than 2.7 times the mean. */
static float typical_so_far(const Motion *m) {
        float low, high;

        energies(m, TYPICAL_LATE_HOPS, m->n_hops - TYPICAL_LATE_HOPS, &low, &high);
        return TYPICAL_OF_MEAN * low / (float) (m->n_hops - TYPICAL_LATE_HOPS);
}

/* An average goes on to a value, and gets there: what is nothing any more is no denormal number. */
static float follow(float *average, float gain, float x) {
        *average += gain * (x - *average);
        if (fabsf(x - *average) < NOTHING_UV)
                *average = x;
        return x - *average;
}

/* low_uv: the raw signal below the high-pass. */
void motion_tick(Motion *m, float low_uv) {
        float fast = follow(m->slow_uv + 1, m->gain, follow(m->slow_uv, m->gain, low_uv));

        m->fill = 0;
        m->next = (m->next + 1) % MOTION_HOPS;
        m->low_uv[m->next] = m->beat_under_way ? fast - beat_at(m, place_in_beat(m)) : fast;
        m->high[m->next] = m->above;
        m->sums[m->next] = m->sum;
        m->above = m->sum = 0;
        m->n_hops += m->n_hops < MOTION_HOPS;
        if (m->beat_under_way && place_in_beat(m) > m->beat_end + 2)
                learn_beat(m);
        if (m->n_hops <= TYPICAL_LATE_HOPS)
                return;
        if (!(m->typical > NOTHING_UV * NOTHING_UV))
                m->typical = typical_so_far(m);
        else
                m->typical *= low_energy(m, TYPICAL_LATE_HOPS) > m->typical ? TYPICAL_RISE : TYPICAL_FALL;
}

static bool moves(const Motion *m, unsigned first, unsigned n) {
        float low, high;

        energies(m, first, n, &low, &high);
        return low > RATIO * high && low > UNUSUAL * m->typical * (float) n;
}

/* Between two steps, and just around them; as far as it is remembered. */
bool motion_between(const Motion *m, double from, double to) {
        double now = (double) m->end;
        double first = floor((now - to) / m->hop_steps) - AFTER_HOPS,
               last = ceil((now - from) / m->hop_steps) + BEFORE_HOPS;

        first = fmax(first, 0);
        last = fmin(last, (double) m->n_hops - 1);
        return last > first && moves(m, (unsigned) first, (unsigned) (last - first));
}

/*
 * Is what goes on in the band only what the high-pass has left of something slower? Its mean over 20 ms is
 * nearly as large as it is itself, most of the time; of the interference of many potentials, 40 to 110 Hz, a
 * mean over so long leaves little. A muscle that works while the cable sways is at work, however large the
 * sway is below.
 */
bool motion_is_baseline_sway(Motion *m) {
        unsigned n_slow = 0;

        if (m->baseline_sway_at == m->end - m->fill)
                return m->baseline_sway;
        for (unsigned i = 0; i < LATEST_HOPS && i + 1 < m->n_hops; i++) {
                unsigned k = (m->next + MOTION_HOPS - i) % MOTION_HOPS,
                         before = (k + MOTION_HOPS - 1) % MOTION_HOPS;
                float sum = m->sums[k] + m->sums[before];

                n_slow += sum * sum >
                        SWAY_SHARE * (m->high[k] + m->high[before]) * (float) (2 * m->hop_steps);
        }
        m->baseline_sway_at = m->end - m->fill;
        return m->baseline_sway = 2 * n_slow > LATEST_HOPS;
}

/*
 * What goes on in the band was larger most of the latest half second, as known by now: of heartbeats most is
 * not.
 */
bool motion_is_loud(Motion *m, float uv) {
        float n = (float) m->hop_steps, cubic_root = 1 - 2 / (9 * n);
        /* of chi squared the median (Wilson and Hilferty) */
        float limit = uv * uv * n * cubic_root * cubic_root * cubic_root;
        unsigned n_loud = 0;

        if (m->loud_at == m->end - m->fill)
                return m->loud;
        for (unsigned i = 0; i < LATEST_HOPS && i < m->n_hops; i++)
                n_loud += m->high[(m->next + MOTION_HOPS - i) % MOTION_HOPS] > limit;
        m->loud_at = m->end - m->fill;
        return m->loud = 2 * n_loud > LATEST_HOPS;
}

float motion_level_uv(const Motion *m) {
        float low, high;

        energies(m, 0, LATEST_HOPS, &low, &high);
        return sqrtf(high / (float) (LATEST_HOPS * m->hop_steps));
}
