/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heart below 20 Hz, in all channels together. Where slow-qrs.c finds beats in one of them, what all
 * channels have then, on average, is a matched filter for the next ones: the sum over channels of the
 * correlation with their slopes, each weighted by its noise (Kay 1998, Detection Theory, 4.4; slopes, as
 * noise of skin and electrodes falls with frequency). It sees beats that no channel alone would show, at any
 * pace, and those of the last ten seconds, in which nobody knew that there was a heart.
 *
 * A motor unit that discharges at such a pace is no heart: it has next to nothing below 20 Hz.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/detect/base/sort.h"
#include "slow-beats.h"

/* Chosen on the seeds 1 to 12 of tests/bench/bench-hearts.c; times in ticks. */
#define OF_MEDIAN 1.4826f               /* standard deviation to median of magnitudes, of normal deviates */
#define LEVEL_GAIN 0.01f                /* per tick */
#define LEVEL_MIN_UV 1e-4f
#define CHANNEL_MIN 4.0f                /* of a beat's energy, to the variance of noise: less is chance */
#define CLIP 2.0f                       /* a channel says at most so many beats' worth */
#define OF_NOISE 4.5f                   /* standard deviations: chance once a day; more: misses beats */
#define OF_NOISE_DUE 3.0f               /* ... where one is due */
#define OF_TYPICAL 0.5f                 /* a T wave has less */
#define OF_TYPICAL_MAX 3.0f             /* what moves has more */
#define LIKE 0.65f                      /* correlation over all channels, noise taken out; ... */
#define LIKE_DUE 0.45f                  /* ... where one is due */
#define LIKE_SURE 0.8f
#define SURE_OF_TYPICAL 0.6f
#define DUE 0.2                         /* of the period */
#define HOLD 4u                         /* ticks without a larger one: that was the peak */
#define REFRACTORY 28.0
#define REFINE_GAIN 0.06f               /* per beat */
#define TYPICAL_GAIN 0.1f
#define BEATS_MIN 6u                    /* of the last ten seconds, to begin with */
#define SURE 6.0f                       /* standard deviations, the typical beat, to begin with */
#define LEAST 4.0f                      /* ... to go on */
#define PERIOD_MIN 33.0
#define PERIOD_MAX 170.0
#define LOST 600.0
#define EVEN 0.15
#define EVEN_MIN 4u
#define SUSPECTED_MIN 2u                /* beats alike, ... */
#define SUSPECTED 200.0                 /* ... the latest so long ago at most */
#define OF_BAND 0.35f                   /* of the peak to peak in the band: a unit has less than 0.1 */
#define BESIDE_S 0.2                    /* the latest signal, in which a beat just found is */
#define NOISE_EXTREMES 6.0f             /* of noise alone, so far apart in that time */
#define QRS_CURVATURE 7.0f              /* to the usual */
#define QRS_OF_BEATS 0.5f

int slow_beats_init(SlowBeats *b, unsigned n_channels, double step_rate_hz) {
        *b = (SlowBeats) {
                .n_channels = n_channels,
                .channels = calloc(n_channels, sizeof *b->channels),
                .tick_steps = (unsigned) fmax(1, round(SLOW_TICK_S * step_rate_hz)),
        };
        return b->channels ? 0 : -ENOMEM;
}

void slow_beats_done(SlowBeats *b) {
        free(b->channels);
}

void slow_beats_restart(SlowBeats *b, unsigned channel, float low_uv, int64_t step) {
        SlowChannel *c = b->channels + channel;

        slow_qrs_restart(&c->qrs, low_uv, step / b->tick_steps - 1);
        c->slope_level_uv = 0;
}

/* --- the statistic --- */

static float clip(float x, float limit) {
        return x > limit ? limit : x < -limit ? -limit : x;
}

static void weigh(SlowChannel *c) {
        float sigma_uv = c->slope_level_uv * OF_MEDIAN, inverse = 1 / (sigma_uv * sigma_uv);

        c->energy = 0;
        for (unsigned k = 0; k < SLOW_QRS_POINTS; k++)
                c->energy += c->slopes_uv[k] * c->slopes_uv[k];
        c->weight = c->runs && sigma_uv > 0 && c->energy * inverse > CHANNEL_MIN ? inverse : 0;
}

/* In standard deviations of white noise; a beat has the root of the expected energy. */
static float statistic(const SlowBeats *b, double tick, float *ret_likeness) {
        float sum = 0, own = 0, expected = 0;

        for (unsigned i = 0; i < b->n_channels; i++) {
                const SlowChannel *c = b->channels + i;
                float both = 0, energy = 0;

                if (!(c->weight > 0))
                        continue;
                for (unsigned k = 0; k < SLOW_QRS_POINTS; k++) {
                        float slope = slow_qrs_slope(&c->qrs, tick + k - SLOW_QRS_BEFORE);

                        both += c->slopes_uv[k] * slope;
                        energy += slope * slope;
                }
                sum += c->weight * clip(both, CLIP * c->energy);
                own += c->weight * energy - SLOW_QRS_POINTS;
                expected += c->weight * c->energy;
        }
        *ret_likeness = 0;
        if (!(expected > 0))
                return 0;
        float s = sum / sqrtf(expected);
        *ret_likeness = s / sqrtf(fmaxf(own, s * s));
        return s;
}

/* Of the statistic, where there is no beat. */
static float sigma(const SlowBeats *b) {
        return OF_MEDIAN * b->level;
}

/* --- beats --- */

static bool is_due(const SlowBeats *b, double tick) {
        double periods = (tick - b->beats[0]) / b->period;

        return slow_beats_is_even(b) && periods > 0.5 && fabs(periods - round(periods)) <= DUE;
}

static void remember(SlowBeats *b, double beat) {
        double period = beat - b->beats[0];

        if (b->n_beats > 0 && period < LOST) {
                double gaps = b->n_even > 0 ? fmax(1, round(period / b->period)) : 1;
                period /= gaps;
                bool even = b->period > 0 && fabs(period - b->period) <= EVEN * b->period;
                b->n_even = even ? b->n_even + 1 : 0;
                b->period = even ? b->period + (period - b->period) / 4 : period;
        }
        memmove(b->beats + 1, b->beats, (SLOW_BEATS_KEPT - 1) * sizeof *b->beats);
        b->beats[0] = beat;
        b->n_beats++;
}

/* The statistic one tick later. True: a peak is over, at best_at. */
static bool peak_over(SlowBeats *b, int64_t tick) {
        float likeness, s = statistic(b, (double) tick, &likeness);

        b->level = fmaxf(LEVEL_MIN_UV, b->level * (fabsf(s) > b->level ? 1 + LEVEL_GAIN : 1 - LEVEL_GAIN));
        memmove(b->latest, b->latest + 1, 2 * sizeof *b->latest);
        b->latest[2] = s;
        b->best_age++;
        float x = b->latest[1], bend = b->latest[0] - 2 * x + s;
        double here = (double) (tick - 1) + (bend < 0 ? (double) ((b->latest[0] - s) / (2 * bend)) : 0);
        if (x >= b->latest[0] && x > s && x > b->best &&
            x > fmaxf((is_due(b, here) ? OF_NOISE_DUE : OF_NOISE) * sigma(b), OF_TYPICAL * b->typical) &&
            (b->n_beats == 0 || here - b->beats[0] > REFRACTORY)) {
                b->best = x;
                b->best_at = here;
                b->best_age = 1;
                (void) statistic(b, here, &b->best_likeness);
        }
        if (b->best == 0 || b->best_age <= HOLD)
                return false;
        bool is_beat = b->best_likeness > (is_due(b, b->best_at) ? LIKE_DUE : LIKE) &&
                b->best < OF_TYPICAL_MAX * b->typical;
        if (!is_beat)
                b->best = 0;
        return is_beat;
}

static bool take_peak(SlowBeats *b, int64_t tick) {
        if (!peak_over(b, tick))
                return false;
        b->beat_size = b->best;
        b->typical += TYPICAL_GAIN * (b->best - b->typical);
        b->best = 0;
        remember(b, b->best_at);
        return true;
}

/* --- a heart comes --- */

static void learn(SlowBeats *b, const double *beats, unsigned n) {
        for (unsigned i = 0; i < b->n_channels; i++) {
                SlowChannel *c = b->channels + i;
                unsigned n_seen = 0;

                memset(c->slopes_uv, 0, sizeof c->slopes_uv);
                c->curvature = 0;
                for (unsigned j = 0; j < n; j++) {
                        if (beats[j] - SLOW_QRS_BEFORE <= (double) c->qrs.since)
                                continue;
                        n_seen++;
                        for (unsigned k = 0; k < SLOW_QRS_POINTS; k++)
                                c->slopes_uv[k] += slow_qrs_slope(&c->qrs, beats[j] + k - SLOW_QRS_BEFORE);
                        c->curvature += slow_qrs_curvature(&c->qrs, beats[j]);
                }
                for (unsigned k = 0; k < SLOW_QRS_POINTS && n_seen > 0; k++)
                        c->slopes_uv[k] /= (float) n_seen;
                c->curvature /= n_seen > 0 ? (float) n_seen : 1;
                weigh(c);
        }
}

/* By what has been learned, the beats of the ring; false: they are not a heart's. */
static bool search(SlowBeats *b) {
        int64_t first = b->tick - SLOW_QRS_RING + SLOW_QRS_POINTS + 2, last = b->tick - SLOW_QRS_AFTER;
        float sizes[SLOW_QRS_RING], likeness;
        unsigned n = 0;

        for (unsigned i = 0; i < b->n_channels; i++)
                if (b->channels[i].weight > 0 && b->channels[i].qrs.since + SLOW_QRS_POINTS > first)
                        first = b->channels[i].qrs.since + SLOW_QRS_POINTS;
        for (int64_t t = first; t <= last; t++)
                sizes[n++] = fabsf(statistic(b, (double) t, &likeness));
        if (n < BEATS_MIN * (unsigned) PERIOD_MIN)
                return false;
        sort_stable(sizes, n, sizeof *sizes, sort_floats_up);
        b->level = sizes[n / 2];
        b->typical = 0;
        for (unsigned i = 0; i < b->n_channels; i++)
                b->typical += b->channels[i].weight * b->channels[i].energy;
        b->typical = sqrtf(b->typical);
        b->n_beats = b->n_even = 0;
        b->period = 0;
        b->best = 0;
        memset(b->latest, 0, sizeof b->latest);
        for (int64_t t = first; t <= last; t++)
                (void) take_peak(b, t);
        return b->n_beats >= BEATS_MIN;
}

static bool is_heart(const SlowBeats *b) {
        unsigned n = b->n_beats < SLOW_BEATS_KEPT ? b->n_beats : SLOW_BEATS_KEPT;
        double period = (b->beats[0] - b->beats[n - 1]) / (n - 1);

        return period >= PERIOD_MIN && period <= PERIOD_MAX && b->typical > SURE * sigma(b);
}

static bool begin(SlowBeats *b, const SlowChannel *c) {
        for (unsigned i = 0; i < b->n_channels; i++)
                b->channels[i].weight = 0;
        learn(b, c->qrs.beats, c->qrs.n_alike < SLOW_QRS_BEATS ? c->qrs.n_alike : SLOW_QRS_BEATS);
        if (!search(b))
                return false;
        learn(b, b->beats, b->n_beats < SLOW_QRS_BEATS ? b->n_beats : SLOW_QRS_BEATS);
        return search(b) && is_heart(b);
}

/* --- tick by tick --- */

void slow_beats_begin(SlowBeats *b, int64_t step) {
        b->tick = step / b->tick_steps;
        b->proposer = NULL;
        for (unsigned i = 0; i < b->n_channels; i++)
                b->channels[i].runs = false;
}

void slow_beats_push(SlowBeats *b, unsigned channel, float low_uv, const History *in_band, float sigma_uv) {
        SlowChannel *c = b->channels + channel;

        c->runs = true;
        bool found = slow_qrs_next(&c->qrs, low_uv, b->tick);
        float slope = fabsf(slow_qrs_latest_slope(&c->qrs));
        if (!(c->slope_level_uv > LEVEL_MIN_UV))
                c->slope_level_uv = fmaxf(slope, LEVEL_MIN_UV);
        c->slope_level_uv *= slope > c->slope_level_uv ? 1 + LEVEL_GAIN : 1 - LEVEL_GAIN;
        if (b->known || !found)
                return;
        unsigned n = (unsigned) lround(BESIDE_S / SLOW_TICK_S) * b->tick_steps;
        float in_band_uv = history_peak_to_peak(in_band, n),
              noise_uv = NOISE_EXTREMES * sigma_uv;
        in_band_uv = sqrtf(fmaxf(0, in_band_uv * in_band_uv - noise_uv * noise_uv));
        if (slow_qrs_peak_to_peak(&c->qrs, c->qrs.beats[0]) > OF_BAND * in_band_uv)
                b->proposer = c;
        else
                c->qrs.n_alike = 0;
}

static void refine(SlowBeats *b) {
        for (unsigned i = 0; i < b->n_channels; i++) {
                SlowChannel *c = b->channels + i;
                float limit_uv = OF_NOISE * OF_MEDIAN * c->slope_level_uv;

                for (unsigned k = 0; k < SLOW_QRS_POINTS && c->runs; k++) {
                        float slope = slow_qrs_slope(&c->qrs, b->beats[0] + k - SLOW_QRS_BEFORE);
                        c->slopes_uv[k] += REFINE_GAIN * clip(slope - c->slopes_uv[k], limit_uv);
                }
        }
}

/* True: there was a beat; the first time: some, slow_beats_step() tells which. */
bool slow_beats_end(SlowBeats *b) {
        if (!b->known) {
                b->known = b->is_new = b->proposer && begin(b, b->proposer);
                return b->known;
        }
        b->is_new = false;
        for (unsigned i = 0; i < b->n_channels; i++)
                weigh(b->channels + i);
        bool is_beat = take_peak(b, b->tick - SLOW_QRS_AFTER);
        if (is_beat)
                refine(b);
        if ((double) b->tick - b->beats[0] > LOST || b->typical < LEAST * sigma(b))
                b->known = false;
        return is_beat;
}

/* --- what is known --- */

/* Like all others, and as large. */
bool slow_beats_is_sure(const SlowBeats *b) {
        return b->best_likeness > LIKE_SURE && b->beat_size > SURE_OF_TYPICAL * b->typical &&
                b->beat_size * SURE_OF_TYPICAL < b->typical;
}

double slow_beats_step(const SlowBeats *b) {
        return b->beats[0] * b->tick_steps;
}

double slow_beats_period_steps(const SlowBeats *b) {
        return b->period * b->tick_steps;
}

bool slow_beats_is_even(const SlowBeats *b) {
        return b->n_even >= EVEN_MIN;
}

/* Steps since the nearest beat, less than 0 before it; INFINITY: there is none. */
double slow_beats_since(const SlowBeats *b, double step) {
        double nearest = INFINITY;

        for (unsigned i = 0; b->known && i < b->n_beats && i < SLOW_BEATS_KEPT; i++) {
                double since = step - b->beats[i] * b->tick_steps;
                if (fabs(since) < fabs(nearest))
                        nearest = since;
        }
        return nearest;
}

bool slow_beats_near(const SlowBeats *b, double step, double within_steps) {
        return fabs(slow_beats_since(b, step)) <= within_steps;
}

bool slow_beats_suspected(const SlowBeats *b) {
        for (unsigned i = 0; i < b->n_channels && !b->known; i++) {
                double ago;

                if (b->channels[i].runs && slow_qrs_n_alike(&b->channels[i].qrs, &ago) >= SUSPECTED_MIN &&
                    ago < SUSPECTED)
                        return true;
        }
        return false;
}

bool slow_beats_like_qrs(const SlowBeats *b, unsigned channel, double step, float in_band_uv) {
        const SlowChannel *c = b->channels + channel;
        double tick = step / b->tick_steps;
        float least = b->known ? fmaxf(QRS_CURVATURE, QRS_OF_BEATS * c->curvature) : QRS_CURVATURE;

        return slow_qrs_curvature(&c->qrs, tick) > least &&
                slow_qrs_peak_to_peak(&c->qrs, tick) > OF_BAND * in_band_uv;
}
