/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In which time a twitch would have been seen, and why not in the rest.
 *
 * A channel is in one state at a time: at rest, or excluded for some reason. Where the state changes a span
 * begins, and spans are remembered for some minutes, because what becomes of a stretch is decided later: an
 * activity of discharges was a contraction, or an artefact. When nothing undecided reaches back into a
 * minute any more, its spans are added up and it is given. All spans together are the whole time, so that
 * nothing is counted twice and nothing is left out.
 */
#include <math.h>
#include <string.h>

#include "exposure.h"
#include "daemon/detect/events/candidate.h"
#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/template-bank.h"
#include "channel.h"
#include "detect.h"
#include "detector.h"

#define MINUTE_S 60.0                   /* by definition */

#define EVAL_S 5.0
/* so far back at most reaches what is not even an activity yet, or a heartbeat that is taken back */
#define DECIDED_S 1.5
#define CONTRACTION_BESIDE_S 0.5        /* around a contraction a muscle is not at rest */
#define VOLUNTARY_S 0.4                 /* seen, of half a second: the first units are too small to be */
#define VETO_S 0.2                      /* before a rail or an electrode off: it announces itself */
#define ROOM 4u                         /* spans that one exclusion, or one change, adds at most */

void exposure_init(Detector *d) {
        d->exposure = (Exposure) {
                .minute_frames = MINUTE_S * d->config.rate_hz,
                .eval_steps = (unsigned) lround(EVAL_S * d->step_rate_hz),
        };
        d->exposure.evaluate_at = (d->step / d->exposure.eval_steps + 1) * d->exposure.eval_steps;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                ChannelExposure *e = &d->channels[i].exposure;

                *e = (ChannelExposure) { .state = EXCLUSION_SETTLING, .unusable = EXCLUSION_SETTLING };
                e->spans[0] = (ExposureSpan) { .from = 0, .state = e->state };
                e->n_spans = 1;
        }
}

/* --- minutes --- */

static uint64_t minute_of(const Exposure *e, double frame) {
        return (uint64_t) (fmax(frame, 0) / e->minute_frames);
}

/* The first that waits, for what comes too late for its own. */
static ExposureMinute* minute_at(const Detector *d, Channel *c, double frame) {
        uint64_t index = minute_of(&d->exposure, frame), first = d->exposure.first;

        return c->exposure.minutes + (index > first ? index : first) % DETECT_MINUTES_PENDING;
}

static double overlap(double from, double to, double begin, double end) {
        return fmax(0, fmin(to, end) - fmax(from, begin));
}

static double span_end(const ChannelExposure *e, unsigned i) {
        return i + 1 < e->n_spans ? e->spans[i + 1].from : INFINITY;
}

/* Spans before the frame are decided: they count in their minutes and are forgotten. */
static void settle_until(const Detector *d, ChannelExposure *e, double frame) {
        double minute = d->exposure.minute_frames;
        unsigned n_done = 0;

        for (unsigned i = 0; i < e->n_spans && e->spans[i].from < frame; i++) {
                double from = e->spans[i].from, to = fmin(span_end(e, i), frame);

                for (unsigned k = 0; k < DETECT_MINUTES_PENDING; k++) {
                        uint64_t index = d->exposure.first + k;
                        e->minutes[index % DETECT_MINUTES_PENDING].frames[e->spans[i].state] +=
                                overlap(from, to, (double) index * minute, (double) (index + 1) * minute);
                }
                n_done += span_end(e, i) <= frame;
        }
        memmove(e->spans, e->spans + n_done, (e->n_spans - n_done) * sizeof *e->spans);
        e->n_spans -= n_done;
        e->spans[0].from = fmax(e->spans[0].from, frame);
}

static void give_minute(Detector *d, unsigned channel, double from, double to, bool given_up) {
        ChannelExposure *e = &d->channels[channel].exposure;
        ExposureMinute *m = e->minutes + d->exposure.first % DETECT_MINUTES_PENDING;
        double rate_hz = d->config.rate_hz;
        DetectMinute minute = {
                .channel = channel,
                .from = from,
                .to = to,
                .exposure_s = m->frames[EXPOSURE_REST] / rate_hz,
                .noise_uv = m->n_evals > 0 ? m->noise_uv / m->n_evals : NAN,
                .floor_uv = m->n_evals > 0 ? m->floor_uv / m->n_evals : NAN,
                .events = m->n_events,
                .twitches = m->n_twitches,
                .voluntary = (given_up ? m->frames[EXCLUSION_CONTRACTION] : m->voluntary_frames) >=
                        VOLUNTARY_S * rate_hz,
        };

        for (unsigned i = 0; i < _EXCLUSION_MAX; i++)
                minute.excluded_s[i] = m->frames[i] / rate_hz;
        e->n_minutes++;
        e->frames += m->frames[EXPOSURE_REST];
        if (minute.voluntary)
                e->n_voluntary++;
        else {
                e->rest_frames += m->frames[EXPOSURE_REST];
                e->rest_twitches += m->n_twitches;
        }
        *m = (ExposureMinute) { .n_evals = 0 };
        if (d->config.on_minute)
                d->config.on_minute(&minute, d->config.userdata);
}

/* The first one that waits. */
static void give_minutes(Detector *d, double end, bool given_up) {
        double from = (double) d->exposure.first * d->exposure.minute_frames;
        double to = fmin(from + d->exposure.minute_frames, end);

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                settle_until(d, &d->channels[i].exposure, to);
                give_minute(d, i, from, to, given_up);
        }
        d->exposure.first++;
}

/* --- spans --- */

static void make_room(const Detector *d, ChannelExposure *e) {
        if (e->n_spans + ROOM > EXPOSURE_SPANS)
                settle_until(d, e, e->spans[EXPOSURE_SPANS / 2].from);
}

static void append(ChannelExposure *e, double from, uint8_t state) {
        if (e->n_spans == 0 || e->spans[e->n_spans - 1].state != state)
                e->spans[e->n_spans++] = (ExposureSpan) { .from = from, .state = state };
}

void exposure_set(const Detector *d, ChannelExposure *e, double frame, uint8_t state) {
        ExposureSpan *latest = e->spans + e->n_spans - 1;

        e->state = state;
        if (frame <= latest->from && e->n_spans > 1) {
                frame = latest->from;
                e->n_spans--;
        } else if (frame <= latest->from) {
                latest->state = state;
                return;
        }
        append(e, frame, state);
        make_room(d, e);
}

static bool may_become(uint8_t state, Exclusion why) {
        /* What could not be measured stays that; of artefacts the first to be found. */
        return state == EXPOSURE_REST || (state == EXCLUSION_CONTRACTION && why != EXCLUSION_CONTRACTION);
}

static void exclude(const Detector *d, ChannelExposure *e, double from, double to, Exclusion why) {
        ExposureSpan before[EXPOSURE_SPANS];
        unsigned n = e->n_spans;

        memcpy(before, e->spans, n * sizeof *before);
        e->n_spans = 0;
        for (unsigned i = 0; i < n; i++) {
                double begin = fmax(before[i].from, from), next = i + 1 < n ? before[i + 1].from : INFINITY;
                double end = fmin(next, to);

                if (!(begin < end) || !may_become(before[i].state, why)) {
                        append(e, before[i].from, before[i].state);
                        continue;
                }
                if (before[i].from < begin)
                        append(e, before[i].from, before[i].state);
                append(e, begin, (uint8_t) why);
                if (end < next)
                        append(e, end, before[i].state);
        }
        make_room(d, e);
}

/* Steps that have been are excluded. */
void exposure_exclude(Detector *d, Channel *c, double from_step, double to_step, Exclusion why) {
        exclude(d, &c->exposure, detector_frame_of_step(d, from_step),
                detector_frame_of_step(d, fmin(to_step, (double) (d->step + 1))), why);
}

/* --- what is no measurement --- */

static double delayed(const Detector *d) {
        return fmax(0, (double) frames_until_now(d) - d->delay_frames);
}

/* The filters have not given out yet what they were fed last, and never will. */
void exposure_stop(Detector *d, Channel *c) {
        exposure_set(d, &c->exposure, delayed(d), EXCLUSION_SETTLING);
}

/* At this frame nothing can be measured. */
void exposure_invalid(Detector *d, Channel *c, Exclusion why) {
        double before_s = why == EXCLUSION_FLAT ? d->validity.flat_frames / d->config.rate_hz : VETO_S;

        if (c->exposure.state == why)
                return;
        if (c->running) {
                exposure_set(d, &c->exposure, delayed(d), (uint8_t) why);
                exclude(d, &c->exposure, (double) frames_until_now(d) - before_s * d->config.rate_hz,
                        (double) frames_until_now(d), why);
        } else
                exposure_set(d, &c->exposure, (double) frames_until_now(d), (uint8_t) why);
        c->exposure.unusable = why == EXCLUSION_FLAT ? EXCLUSION_SETTLING : (uint8_t) why;
}

void exposure_resume(Detector *d, Channel *c) {
        exposure_set(d, &c->exposure, (double) frames_until_now(d), c->exposure.unusable);
}

/* All is decided that was before. */
void exposure_gap(Detector *d, uint64_t n_frames) {
        double from = (double) frames_until_now(d), to = (double) (frames_until_now(d) + n_frames);

        for (unsigned i = 0; i < d->config.n_channels; i++)
                exposure_set(d, &d->channels[i].exposure, from, EXCLUSION_GAP);
        while (d->exposure.first <= minute_of(&d->exposure, from) &&
               d->exposure.first < minute_of(&d->exposure, to))
                give_minutes(d, INFINITY, false);
        if (d->exposure.first < minute_of(&d->exposure, to))
                d->exposure.first = minute_of(&d->exposure, to);
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                d->channels[i].exposure.unusable = EXCLUSION_SETTLING;
                exposure_set(d, &d->channels[i].exposure, to, EXCLUSION_SETTLING);
        }
}

/* --- what was decided --- */

/* What an event means for its channels. */
void exposure_event(Detector *d, const CandidateEvent *h, EventKind kind) {
        double peak = detector_frame_of_step(d, h->peak), minute = d->exposure.minute_frames;
        ExposureMinute *m = minute_at(d, d->channels + h->channels[0], peak);

        m->n_events++;
        m->n_twitches += event_kind_is_twitch(kind);
        if (h->class != CLASS_CONTRACTION)
                return;

        double beside = CONTRACTION_BESIDE_S * d->step_rate_hz;
        for (size_t i = 0; i < h->n_channels; i++) {
                Channel *c = d->channels + h->channels[i];
                double from = detector_frame_of_step(d, h->contraction_from[i]),
                       to = detector_frame_of_step(d, h->contraction_to[i]);

                exposure_exclude(d, c, h->onset - beside, h->end + beside, EXCLUSION_CONTRACTION);
                for (uint64_t k = d->exposure.first;
                     kind == EVENT_CONTRACTION && k < d->exposure.first + DETECT_MINUTES_PENDING; k++)
                        c->exposure.minutes[k % DETECT_MINUTES_PENDING].voluntary_frames +=
                                overlap(from, to, (double) k * minute, (double) (k + 1) * minute);
        }
}

/* Frame up to which nothing changes any more, whatever comes. */
static double decided_until(const Detector *d) {
        double first = (double) d->step - DECIDED_S * d->step_rate_hz;
        unsigned left = d->candidates.n;

        for (unsigned i = 0; i < d->config.n_channels && d->assembly.n_open > 0; i++)
                if (d->channels[i].activity.open)
                        first = fmin(first, d->channels[i].activity.onset);
        for (unsigned i = 0; left > 0; i++)
                if (d->candidates.waiting[i].used) {
                        first = fmin(first, d->candidates.waiting[i].onset);
                        left--;
                }
        return detector_frame_of_step(d, first - CONTRACTION_BESIDE_S * d->step_rate_hz);
}

double exposure_floor_uv(const Detector *d, const Channel *c) {
        return d->droop.typical_gain *
                (double) level_raise_typical(&c->level, d->threshold) *
                template_bank_floor_uv(&d->bank, c->whiten.taps, c->noise.inverse, (double) d->threshold);
}

static void sample_noise(const Detector *d, Channel *c) {
        ExposureMinute *m = minute_at(d, c, detector_frame_of_step(d, (double) d->step));

        if (!c->running || !noise_known(&c->noise))
                return;
        m->noise_uv += (double) c->noise.sigma_uv;
        m->floor_uv += exposure_floor_uv(d, c);
        m->n_evals++;
}

/* Now and then, after a step. */
void exposure_sample(Detector *d) {
        Exposure *e = &d->exposure;
        double now = detector_frame_of_step(d, (double) d->step), decided = decided_until(d);

        for (unsigned i = 0; i < d->config.n_channels; i++)
                sample_noise(d, d->channels + i);
        while ((double) (e->first + 1) * e->minute_frames <= decided)
                give_minutes(d, INFINITY, false);
        while (minute_of(e, now + 2 * EVAL_S * d->config.rate_hz) >= e->first + DETECT_MINUTES_PENDING)
                give_minutes(d, INFINITY, true);
        e->evaluate_at = (d->step / e->eval_steps + 1) * e->eval_steps;
}

/* The last minute, though it is not over. */
void exposure_finish(Detector *d) {
        double end = (double) frames_until_now(d);

        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i]
                            .exposure.minutes[minute_of(&d->exposure, delayed(d)) % DETECT_MINUTES_PENDING]
                            .n_evals == 0)
                        sample_noise(d, d->channels + i);
        while ((double) d->exposure.first * d->exposure.minute_frames < end)
                give_minutes(d, end, false);
}

double exposure_s(const Detector *d, const Channel *c) {
        const ChannelExposure *e = &c->exposure;
        double now = c->running ? delayed(d) : (double) frames_until_now(d), frames = e->frames;

        for (unsigned k = 0; k < DETECT_MINUTES_PENDING; k++)
                frames += e->minutes[k].frames[EXPOSURE_REST];
        for (unsigned i = 0; i < e->n_spans; i++)
                if (e->spans[i].state == EXPOSURE_REST)
                        frames += fmax(0, fmin(span_end(e, i), now) - e->spans[i].from);
        return frames / d->config.rate_hz;
}
