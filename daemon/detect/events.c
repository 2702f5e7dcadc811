/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From discharges to events.
 *
 * Discharges of a channel at most 110 ms apart form a chain. Chains of neighbouring channels
 * that begin together (a potential travels at 3 to 6 m/s, so electrodes 20 mm apart see it
 * 3 to 7 ms apart) are one event. It is reported when no further discharge can belong to it.
 * A chain that does not end for half a second is a contraction, whatever it is made of.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect-private.h"

#define NEIGHBOUR_LAG_S 0.010
#define SUSTAINED_S 0.5
#define SUSTAINED_GAP_S 0.5             /* a contraction is over after so long a silence */
#define LONG_S 0.080                    /* one potential is shorter (4-40 ms), also in noise */
#define ALIKE 0.7f                      /* correlation: of the same unit */
#define OTHERS_MAX 1u                   /* discharges of other shape in one event */
#define BURST_S 0.05                    /* discharges that fill so long ... */
#define BURST_SHARE 0.6                 /* ... to this share are not of one unit: they overlap */
#define AFTER_BURST_S 0.5               /* for so long after one the muscle is not at rest */
#define SLOW_S 0.013f                   /* no unit's potential has a lobe so wide (2-8 ms, evoked ones to 12) */
#define BEAT_WIDTH_S 0.04               /* the electrodes' views of a QRS complex peak so near to one another */
#define BEAT_LENGTH_S 0.025             /* the part of one that stands out of noise; a potential's is shorter */
#define BEAT_RATIO 1.5f                 /* to the threshold: at a beat a twitch has to be so large */
#define BEAT_WAKE_S 0.03                /* its last wave may look like a potential */
#define BEAT_UNEVENNESS 0.15
#define TRAIN_S 1.5
#define TRAIN_BEFORE 5u                 /* so many came before in that time, or ... */
#define TRAIN_INTERVAL_S 0.25
#define TRAIN_ROW 3u                    /* ... so many in a row, each so soon after the one before */
#define TRAIN_SMALLER 1.6f              /* in size: a large twitch amid small ones is not one of them, ... */
#define TRAIN_LARGER 4.0f               /* ... a small one amid large ones may be, units come and go */
#define BUMP_FRACTION 0.65f             /* of the threshold */
#define BUMP_APART_S 0.04
#define SURROUNDINGS_BEFORE_S 0.2
#define SURROUNDINGS_AFTER_S 0.1        /* no longer than DISCHARGE_GAP_S: it has to be there when decided */
#define SURROUNDINGS_APART_S 0.01
#define SURROUNDINGS_LOUD 1.3f          /* standard deviations: more than chance makes of quiet ones */
#define SURROUNDINGS_MAX 512u           /* steps */
#define SPIKE_S 0.001f                  /* so far from the peak ... */
#define SPIKE_FRACTION 0.15f            /* ... nothing is left of it */
#define SPIKE_RATE_HZ_MIN 900           /* below, potentials are no wider than that */
#define POTENTIAL_UV_MAX 4000.0f        /* a large unit 5 mm deep makes 2900 (Rosenfalck's model) */
#define JUMP 0.92f                      /* correlation with the figure of a jump */
#define COMMON_LAG_S 0.0005
#define COMMON_CHANNELS_MIN 3u
#define COMMON_SHARE 0.75
#define COMMON_RATIO 4.0f               /* of amplitudes: volume conduction falls off faster */

int events_init(Detector *d) {
        double rate_hz = d->step_rate_hz;

        d->events = (Events) {
                .open = calloc(d->config.n_channels, sizeof *d->events.open),
                .gap = DISCHARGE_GAP_S * rate_hz,
                .sustained_gap = SUSTAINED_GAP_S * rate_hz,
                .sustained_length = SUSTAINED_S * rate_hz,
                .burst_length = BURST_S * rate_hz,
                .after_burst = AFTER_BURST_S * rate_hz,
                .beat = -INFINITY,
                .beat_width = BEAT_WIDTH_S * rate_hz,
                .beat_wake = BEAT_WAKE_S * rate_hz,
                .beat_length = BEAT_LENGTH_S * rate_hz,
                .long_length = LONG_S * rate_hz,
                .neighbour_lag = NEIGHBOUR_LAG_S * rate_hz,
                .common_lag = fmax(COMMON_LAG_S * rate_hz, 0.5),
                .train_length = TRAIN_S * rate_hz,
                .train_interval = TRAIN_INTERVAL_S * rate_hz,
                .bump_apart = BUMP_APART_S * rate_hz,
                .settle = d->bank.n_taps + d->crossing_close_steps,
        };
        return d->events.open ? 0 : -ENOMEM;
}

void events_done(Detector *d) {
        free(d->events.open);
}

static void chain_close(Detector *d, Channel *c) {
        c->chain.open = false;
        if (--d->events.open[c->chain.event].n_chains == 0)
                d->events.n_open--;
}

/* --- reporting --- */

static bool stronger(const Channel *a, const Channel *b) {
        return a->chain.snr > b->chain.snr;
}

static size_t members(const Detector *d, unsigned event, unsigned *ret, size_t max) {
        size_t n = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;
                if (!c->chain.open || c->chain.event != event)
                        continue;

                size_t at = n;
                while (at > 0 && stronger(c, d->channels + ret[at - 1]))
                        at--;
                if (at == max)
                        continue;
                if (n < max)
                        n++;
                for (size_t k = n - 1; k > at; k--)
                        ret[k] = ret[k - 1];
                ret[at] = i;
        }
        return n;
}

/* The same shape at the same time on most channels: a cable, a switch, a discharge to ground. */
static bool is_common(const Detector *d, unsigned event) {
        unsigned n = 0, n_running = 0;
        double first = INFINITY, last = -INFINITY;
        float least = INFINITY, most = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;

                n_running += c->usable;
                if (!c->chain.open || c->chain.event != event)
                        continue;
                n++;
                first = fmin(first, c->chain.first_peak);
                last = fmax(last, c->chain.first_peak);
                least = fminf(least, c->chain.amplitude_uv);
                most = fmaxf(most, c->chain.amplitude_uv);
        }
        return n >= COMMON_CHANNELS_MIN && n >= COMMON_SHARE * n_running &&
                last - first <= d->events.common_lag && most <= COMMON_RATIO * least;
}

/*
 * A unit under will, or one that will not stop, discharges 4 to 20 times a second, and only the largest
 * of its potentials cross the threshold: those that nearly do tell what they belong to. By chance
 * noise has one such in some seconds.
 */
static bool in_train(const Detector *d, const Channel *c) {
        double now = c->chain.first_peak + d->bank.n_taps / 2.0, next = now;
        unsigned n = 0, row = 0;
        bool in_row = true;

        for (unsigned i = 1; i <= BUMPS; i++) {
                const Bump *b = c->bumps + (c->bump_next + BUMPS - i) % BUMPS;

                if (b->step > now - d->events.bump_apart || b->statistic * TRAIN_SMALLER < c->chain.snr ||
                    b->statistic > c->chain.snr * TRAIN_LARGER)
                        continue;
                n += now - b->step <= d->events.train_length;
                in_row = in_row && next - b->step <= d->events.train_interval;
                row += in_row;
                next = b->step;
        }
        return n >= TRAIN_BEFORE || row >= TRAIN_ROW;
}

static float loudness(const Detector *d, const Channel *c, double from_s, double to_s, double at) {
        float magnitudes[SURROUNDINGS_MAX];
        unsigned n = history_magnitudes(&c->history, at + from_s * d->step_rate_hz,
                                        at + to_s * d->step_rate_hz, magnitudes, SURROUNDINGS_MAX);
        return noise_loudness(&c->noise, magnitudes, n);
}

/*
 * A twitch breaks a silence. What is no larger above its surroundings than chance makes it is
 * the tip of something longer: a movement, a word, a clenched jaw.
 */
static bool stands_out(const Detector *d, const Channel *c) {
        float after = loudness(d, c, SURROUNDINGS_APART_S, SURROUNDINGS_AFTER_S, c->chain.end);
        float loud = fmaxf(c->chain.loud_before, after);

        return c->chain.snr >= d->threshold * fmaxf(1, loud / SURROUNDINGS_LOUD);
}

/* Several discharges of one unit have silence between them; a word, a blink, a clenched jaw has not. */
static bool is_burst(const Detector *d, const Chain *chain) {
        double length = chain->end - chain->onset;

        return chain->sustained || chain->is_long || chain->n_others > OTHERS_MAX ||
                (length > d->events.burst_length && chain->active > BURST_SHARE * length);
}

static EventKind kind_of(const Detector *d, const Channel *c, bool sustained) {
        if (sustained)
                return EVENT_CONTRACTION;
        if (in_train(d, c))
                return EVENT_UNIT_TRAIN;
        if (is_burst(d, &c->chain) || c->chain.first_peak < c->rest_from || !stands_out(d, c) ||
            discharge_lobe_s(c->chain.shape) > SLOW_S)
                return EVENT_UNCLASSIFIED;
        switch (c->chain.n_alike) {
        case 1:
                return EVENT_FASCICULATION;
        case 2:
                return EVENT_DOUBLET;
        default:
                return EVENT_MULTIPLET;
        }
}

/* Nothing that comes through skin and fat is over within a millisecond: a discharge to ground, a loose plug. */
static bool is_spike(const Detector *d, const Chain *chain) {
        const float *peak = chain->shape + SHAPE_POINTS / 2;
        float width = SPIKE_S / SHAPE_S * (SHAPE_POINTS - 1);
        int away = (int) width;

        return d->step_rate_hz >= SPIKE_RATE_HZ_MIN &&
                fmaxf(fabsf(peak[-away]), fabsf(peak[away])) < SPIKE_FRACTION * fabsf(peak[0]);
}

/* --- notices --- */

/* False: there is no room for more; nothing has changed. */
bool notices_merge(NoticeIds *to, const NoticeIds *from) {
        if (from->id == 0)
                return true;
        if (to->id == 0) {
                *to = *from;
                return true;
        }
        if (to->n_merged + 1 + from->n_merged > DETECT_MERGED_MAX)
                return false;
        to->merged[to->n_merged++] = from->id;
        for (unsigned i = 0; i < from->n_merged; i++)
                to->merged[to->n_merged++] = from->merged[i];
        return true;
}

static void notice(Detector *d, unsigned channel, const Discharge *discharge) {
        Events *e = &d->events;
        OpenEvent *o = e->open + d->channels[channel].chain.event;

        if (!d->config.on_notice)
                return;
        o->notices.id = ++e->n_ids;
        d->config.on_notice(&(DetectNotice) {
                .id = o->notices.id,
                .n_channels = 1,
                .channels = { channel },
                .peak = detector_frame_of_step(d, discharge->peak),
                .amplitude_uv = (double) discharge->amplitude_uv,
                .snr = (double) discharge->snr,
        }, d->config.userdata);
}

static void report_artefact(Detector *d, ArtefactCause cause, const NoticeIds *notices, const unsigned *channels,
                            size_t n) {
        DetectArtefact artefact = {
                .id = notices->id, .n_merged = notices->n_merged, .cause = cause, .n_channels = n, .from = INFINITY,
        };

        memcpy(artefact.merged, notices->merged, sizeof artefact.merged);

        for (size_t i = 0; i < n; i++) {
                const Chain *chain = &d->channels[channels[i]].chain;
                artefact.channels[i] = channels[i];
                artefact.from = fmin(artefact.from, detector_frame_of_step(d, chain->onset));
                artefact.to = fmax(artefact.to, detector_frame_of_step(d, chain->end));
        }
        if (d->config.on_artefact)
                d->config.on_artefact(&artefact, d->config.userdata);
}

/* Time in which a twitch would not have been seen is no exposure. */
static void take_exposure(Detector *d, unsigned event) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                if (!c->chain.open || c->chain.event != event)
                        continue;
                uint64_t length = (uint64_t) fmax(0, c->chain.end - c->chain.onset);
                c->exposure_steps -= length < c->exposure_steps ? length : c->exposure_steps;
        }
}

/* As slow as a heartbeat, in spite of noise upon it. */
static bool is_slow(const Detector *d, const Chain *chain) {
        return discharge_lobe_s(chain->shape) >= HEARTBEAT_LOBE_MIN_S ||
                chain->end - chain->onset >= d->events.beat_length;
}

/*
 * All channels see the same heart: when one has learned its pace, what another one sees at the time of a
 * beat and as slow, or hardly out of the noise, needs no learning. A beat is also expected where the
 * latest ones say, as channels that see it smaller may be through with it before those that know it.
 */
static bool is_heartbeat(Detector *d, unsigned event, const Channel *strongest) {
        Events *e = &d->events;
        double since = strongest->chain.first_peak - e->beat;
        bool at_beat = fabs(since) <= e->beat_width || fabs(since - e->beat_period) <= e->beat_width;
        bool known = is_slow(d, &strongest->chain) ?
                at_beat || fabs(since - e->beat_period) <= BEAT_UNEVENNESS * e->beat_period :
                at_beat && strongest->chain.snr < BEAT_RATIO * d->threshold;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!c->chain.open || c->chain.event != event ||
                    !heartbeat_next(&c->heartbeat, c->chain.shape, c->chain.first_peak / d->step_rate_hz))
                        continue;
                known = true;
                heart_found(d, c->chain.first_peak, c->heartbeat.period_s * d->step_rate_hz, c->history.end - 1);
                if (c->chain.first_peak > e->beat) {
                        e->beat = c->chain.first_peak;
                        e->beat_period = c->heartbeat.period_s * d->step_rate_hz;
                }
        }
        return known;
}

/* What the strongest channel saw, if it was no twitch; otherwise _ARTEFACT_CAUSE_MAX. */
static ArtefactCause cause_of(Detector *d, unsigned event, Channel *c) {
        if (d->events.open[event].sustained)
                return _ARTEFACT_CAUSE_MAX;
        if (is_common(d, event))
                return ARTEFACT_COMMON;
        if (is_spike(d, &c->chain))
                return ARTEFACT_SPIKE;
        if (c->chain.amplitude_uv > POTENTIAL_UV_MAX ||
            motion_likeness(&c->history, c->chain.first_peak, d->highpass_steps, d->step_rate_hz) >= JUMP)
                return ARTEFACT_MOTION;
        if (is_heartbeat(d, event, c))
                return ARTEFACT_ECG;
        return _ARTEFACT_CAUSE_MAX;
}

static void report_event(Detector *d, const NoticeIds *notices, const unsigned *channels, size_t n, bool sustained) {
        Channel *strongest = d->channels + channels[0];
        const Chain *chain = &strongest->chain;
        DetectEvent event = {
                .id = notices->id ? notices->id : ++d->events.n_ids,
                .n_merged = notices->n_merged,
                .kind = kind_of(d, strongest, sustained),
                .n_channels = n,
                .peak = detector_frame_of_step(d, chain->first_peak),
                .onset = detector_frame_of_step(d, chain->onset),
                .end = detector_frame_of_step(d, chain->end),
                .amplitude_uv = (double) chain->amplitude_uv,
                .snr = (double) chain->snr,
                .discharges = chain->n_alike,
        };

        memcpy(event.merged, notices->merged, sizeof event.merged);
        for (size_t i = 0; i < n; i++)
                event.channels[i] = channels[i];
        strongest->n_events++;
        if (d->config.on_event)
                d->config.on_event(&event, d->config.userdata);
}

static void event_close(Detector *d, unsigned event) {
        unsigned channels[DETECT_EVENT_CHANNELS_MAX] = { 0 };
        size_t n = members(d, event, channels, DETECT_EVENT_CHANNELS_MAX);
        const NoticeIds *notices = &d->events.open[event].notices;
        bool sustained = d->events.open[event].sustained;

        ArtefactCause cause = cause_of(d, event, d->channels + channels[0]);
        if (cause != _ARTEFACT_CAUSE_MAX) {
                take_exposure(d, event);
                report_artefact(d, cause, notices, channels, n);
        } else
                report_event(d, notices, channels, n, sustained);

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!c->chain.open || c->chain.event != event)
                        continue;
                /* Units are quick; a slow wave is long, but no burst of them. */
                if (cause == _ARTEFACT_CAUSE_MAX && is_burst(d, &c->chain) &&
                    discharge_lobe_s(c->chain.shape) < HEARTBEAT_LOBE_MIN_S)
                        c->rest_from = c->chain.end + d->events.after_burst;
                chain_close(d, c);
        }
}

/* --- collecting --- */

static unsigned free_event(const Detector *d) {
        unsigned i = 0;
        while (d->events.open[i].n_chains > 0)
                i++;
        return i;
}

/* The nearest working channel on one side, if it sees something at the same time. */
static const Channel* neighbour(const Detector *d, unsigned channel, int direction, double peak) {
        for (unsigned i = channel + (unsigned) direction; i < d->config.n_channels; i += (unsigned) direction) {
                const Channel *c = d->channels + i;
                if (!c->running)
                        continue;
                return c->chain.open && fabs(c->chain.first_peak - peak) <= d->events.neighbour_lag ? c : NULL;
        }
        return NULL;
}

static void merge(Detector *d, unsigned from, unsigned to) {
        OpenEvent *f = d->events.open + from, *t = d->events.open + to;

        if (!notices_merge(&t->notices, &f->notices))
                return;                 /* so many at once are two */
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open && d->channels[i].chain.event == from)
                        d->channels[i].chain.event = to;
        t->n_chains += f->n_chains;
        t->last = fmax(t->last, f->last);
        t->sustained = t->sustained || f->sustained;
        f->n_chains = 0;
        d->events.n_open--;
}

static void chain_open(Detector *d, unsigned channel, double peak) {
        Channel *c = d->channels + channel;
        const Channel *left = neighbour(d, channel, -1, peak), *right = neighbour(d, channel, 1, peak);
        unsigned event;

        if (left || right) {
                event = left ? left->chain.event : right->chain.event;
                if (left && right && right->chain.event != event)
                        merge(d, right->chain.event, event);
        } else {
                event = free_event(d);
                d->events.open[event] = (OpenEvent) { .last = peak };
                d->events.n_open++;
        }
        d->events.open[event].n_chains++;
        c->chain = (Chain) { .open = true, .event = event, .first_peak = peak, .onset = peak, .end = peak };
        c->exposure_at_chain = c->exposure_steps;
}

static void set_sustained(Detector *d, Channel *c) {
        if (!c->chain.sustained)
                c->exposure_steps = c->exposure_at_chain;
        c->chain.sustained = true;
        d->events.open[c->chain.event].sustained = true;
}

/* A potential in the wake of a heartbeat, or one just before, is an event of its own. */
static bool beside_beat(const Detector *d, const Chain *chain, const Discharge *discharge) {
        bool slow = discharge_lobe_s(discharge->shape) >= HEARTBEAT_LOBE_MIN_S;

        return isfinite(d->events.beat) && is_slow(d, chain) != slow &&
                discharge->onset > chain->end + d->events.beat_wake;
}

void events_discharge(Detector *d, unsigned channel, const Discharge *discharge) {
        Channel *c = d->channels + channel;
        Chain *chain = &c->chain;
        bool is_long = discharge->end - discharge->onset > d->events.long_length;

        if (chain->open) {
                const OpenEvent *e = d->events.open + chain->event;
                double begin = is_long ? discharge->onset : discharge->peak;
                if (begin - e->last > (e->sustained ? d->events.sustained_gap : d->events.gap) ||
                    beside_beat(d, chain, discharge))
                        event_close(d, chain->event);
        }
        if (!chain->open) {
                chain_open(d, channel, discharge->peak);
                if (d->events.open[chain->event].notices.id == 0)
                        notice(d, channel, discharge);
                chain->onset = discharge->onset;
                chain->loud_before = loudness(d, c, -SURROUNDINGS_BEFORE_S, -SURROUNDINGS_APART_S,
                                              discharge->onset);
                memcpy(chain->shape, discharge->shape, sizeof chain->shape);
                chain->n_alike = 1;
        } else if (discharge_similarity(chain->shape, discharge->shape) >= ALIKE)
                chain->n_alike++;
        else
                chain->n_others++;

        OpenEvent *e = d->events.open + chain->event;
        e->last = fmax(e->last, is_long ? discharge->end : discharge->peak);
        chain->last_peak = discharge->peak;
        chain->is_long = chain->is_long || is_long;
        chain->active += discharge->end - discharge->onset;
        chain->end = fmax(chain->end, discharge->end);
        chain->snr = fmaxf(chain->snr, discharge->snr);
        chain->amplitude_uv = fmaxf(chain->amplitude_uv, discharge->amplitude_uv);
        if (chain->end - chain->onset > d->events.sustained_length)
                set_sustained(d, c);
}

/* What nearly crosses the threshold, and what does. */
void events_statistic(Detector *d, unsigned channel, double step, float statistic) {
        Channel *c = d->channels + channel;

        if (statistic < BUMP_FRACTION * d->threshold)
                return;
        Bump *latest = c->bumps + (c->bump_next + BUMPS - 1) % BUMPS;
        if (step - latest->step >= d->events.bump_apart) {
                latest = c->bumps + c->bump_next;
                c->bump_next = (c->bump_next + 1) % BUMPS;
                latest->statistic = 0;
        }
        if (statistic > latest->statistic)
                *latest = (Bump) { .step = step, .statistic = statistic };
}

/* Not a discharge, but activity that does not end. */
void events_sustained(Detector *d, unsigned channel, double step) {
        Channel *c = d->channels + channel;
        Chain *chain = &c->chain;

        if (!chain->open) {
                chain_open(d, channel, step);
                chain->n_alike = 1;
                chain->snr = c->noise.recent_uv / c->noise.sigma_uv;
                chain->amplitude_uv = history_peak_to_peak(&c->history, c->noise.block_steps);
        }
        set_sustained(d, c);
        chain->end = chain->last_peak = step;
        d->events.open[chain->event].last = step;
}

void events_step(Detector *d, double step) {
        Events *e = &d->events;

        if (e->n_open == 0)
                return;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open)
                        e->open[d->channels[i].chain.event].waiting = false;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open && d->channels[i].crossing.active)
                        e->open[d->channels[i].chain.event].waiting = true;

        for (unsigned i = 0; i < d->config.n_channels && e->n_open > 0; i++) {
                const Chain *chain = &d->channels[i].chain;
                if (!chain->open)
                        continue;

                const OpenEvent *o = e->open + chain->event;
                double gap = o->sustained ? e->sustained_gap : e->gap;
                if (!o->waiting && step - o->last > gap + e->settle && !heart_awaited(&d->heart, o->last, step))
                        event_close(d, chain->event);
        }
}

/* What this channel saw lately is not to be believed; if no other one saw it, its notices are answered by the cause. */
void events_drop(Detector *d, unsigned channel, NoticeIds *notices) {
        Channel *c = d->channels + channel;

        if (!c->chain.open)
                return;
        if (d->events.open[c->chain.event].n_chains == 1)
                (void) notices_merge(notices, &d->events.open[c->chain.event].notices);
        chain_close(d, c);
}

void events_flush(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open)
                        event_close(d, d->channels[i].chain.event);
}
