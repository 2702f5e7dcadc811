/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From discharges to happenings.
 *
 * Discharges of a channel at most 110 ms apart form a chain. Chains of neighbouring channels
 * that begin together (a potential travels at 3 to 6 m/s, so electrodes 20 mm apart see it
 * 3 to 7 ms apart) are one happening; while a muscle works its potentials meet those of any other, and
 * only crosstalk joins. It is over when no further discharge can belong to it; whether it is part of
 * something longer is the question of happenings.c. A chain of many units that does not end for half a
 * second is a muscle at work, whatever it is made of.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "causes.h"
#include "chain.h"
#include "channel.h"
#include "classify.h"
#include "crossing.h"
#include "crosstalk.h"
#include "detect.h"
#include "detector.h"
#include "discharge.h"
#include "exposure.h"
#include "happening.h"
#include "happenings.h"
#include "heart.h"
#include "heartbeat.h"
#include "history.h"
#include "lags.h"
#include "motion.h"
#include "notice-ids.h"
#include "notices.h"
#include "repeats.h"
#include "rhythm.h"
#include "sums.h"
#include "tone.h"
#include "units.h"
#include "waiting.h"

#define NEIGHBOUR_LAG_S 0.016           /* and the largest lobe of one need not be that of the other */
#define SUSTAINED_S 0.5
#define SUSTAINED_GAP_S 0.5             /* a contraction is over after so long a silence */
#define LONG_S 0.080                    /* one potential is shorter (4-40 ms), also in noise */
#define BURST_S 0.05                    /* discharges that fill so long may be those of many units */
#define AFTER_BURST_S 0.5               /* for so long after one the muscle is not at rest */
#define AFTER_WORK_S 1.0                /* muscles relax unit by unit */
#define BEAT_WIDTH_S 0.04               /* the electrodes' views of a QRS complex peak so near to one another */
#define BEAT_LENGTH_S 0.025             /* the part of one that stands out of noise; a potential's is shorter */
#define BEAT_WAKE_S 0.03                /* its last wave may look like a potential */
#define VETO_S 0.2                      /* before a rail or an electrode off: it announces itself */
#define TRAIN_S 1.5
#define TRAIN_INTERVAL_S 0.25
#define BUMP_EVERY_S 5.0                /* noise makes one as high as that in so long; ... */
#define BUMP_EVERY_SLOW_S 0.8           /* ... where units cannot be told apart, what surrounds a twitch has to tell more */
#define BUMP_APART_S 0.04
#define SURROUNDINGS_BEFORE_S 0.2
#define SURROUNDINGS_APART_S 0.01
#define COMMON_LAG_S 0.0005
#define NOTICE_WAIT_S 0.005             /* behind the statistic's maximum */
#define NOTICE_WAIT_HEART_S 0.025       /* ... and where a beat is due, which is known by then */
#define LOOK_APART_S 0.012
#define CLUSTER_S 0.025                 /* peaks so near may be of one potential, or of overlapping ones */
#define BRIEF_S 0.030                   /* one potential may last so long */
#define TWICE 0.8f                      /* correlation of two peaks in such a time that are two discharges */
#define REFRACTORY_S 0.003              /* of a unit (Kleine 2008): what is nearer is the same discharge */
#define ALONE_S 0.04                    /* no other one before for so long */
#define TONE_AFTER_S 0.015              /* the first peak: its potential is over, and only what follows counts */
#define ONE_UNIT_SHARE 0.6              /* of a chain's discharges */
#define ONE_UNIT_ACTIVE 0.6             /* of its time: potentials of a unit have silence between them */
#define CHAIN_S_MAX 30.0

/* Noise crosses a level L at a rate of exp(-L^2 / 2) times a constant (Rice), which the threshold tells. */
static float heed(float threshold, double false_alarms_per_hour, double step_rate_hz) {
        double every_s = step_rate_hz < UNIT_RATE_HZ_MIN ? BUMP_EVERY_SLOW_S : BUMP_EVERY_S;
        double more = fmax(1, 3600 / every_s / false_alarms_per_hour);

        return sqrtf(fmaxf(0, threshold * threshold - 2 * (float) log(more)));
}

int events_init(Detector *d) {
        double rate_hz = d->step_rate_hz;

        d->heed = heed(d->threshold, d->config.false_alarms_per_hour, d->step_rate_hz);
        d->nothing = fminf(d->heed, d->wake);
        d->events = (Events) {
                .open = calloc(d->config.n_channels, sizeof *d->events.open),
                .gap = DISCHARGE_GAP_S * rate_hz,
                .sustained_gap = SUSTAINED_GAP_S * rate_hz,
                .sustained_length = SUSTAINED_S * rate_hz,
                .burst_length = BURST_S * rate_hz,
                .after_burst = AFTER_BURST_S * rate_hz,
                .after_work = AFTER_WORK_S * rate_hz,
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
                .notice_wait = NOTICE_WAIT_S * rate_hz,
                .notice_wait_heart = NOTICE_WAIT_HEART_S * rate_hz,
                .look_apart = LOOK_APART_S * rate_hz,
                .alone = ALONE_S * rate_hz,
                .refractory = REFRACTORY_S * rate_hz,
                .next = EVENTS_NEXT_S * rate_hz,
                .cluster = CLUSTER_S * rate_hz,
                .brief = BRIEF_S * rate_hz,
                .chain_length_max = CHAIN_S_MAX * rate_hz,
        };
        return d->events.open ? 0 : -ENOMEM;
}

void events_done(Detector *d) {
        free(d->events.open);
}

static void chain_close(Detector *d, Channel *c) {
        c->chain.open = false;
        c->n_checkpoints = 0;
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

/* Time in which a twitch would not have been seen is no exposure. */
static void take_exposure(Detector *d, unsigned event, ArtefactCause cause) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                if (c->chain.open && c->chain.event == event)
                        exposure_exclude(d, c, c->chain.onset, c->chain.sustained ? INFINITY : c->chain.end, (Exclusion) cause);
        }
}

static double longest_work(const Detector *d, const unsigned *channels, size_t n) {
        double longest = 0;

        for (size_t i = 0; i < n; i++) {
                const Chain *chain = &d->channels[channels[i]].chain;
                if (chain->sustained)
                        longest = fmax(longest, chain->busy_until - chain->onset);
        }
        return longest;
}

static bool see_one_muscle(Detector *d, unsigned channel, unsigned other) {
        Channel *c = d->channels + channel;
        const Channel *o = d->channels + other;

        return c->running && o->running &&
                crosstalk_between(&c->crosstalk, &c->history, other, &o->history, d->step, d->step_rate_hz);
}

/* Other channels that are busy, and with what this one sees, too. */
static void look_beside(Detector *d, Happening *h) {
        for (unsigned i = 0; i < d->config.n_channels && h->n_beside < BESIDE_MAX; i++) {
                const Chain *chain = &d->channels[i].chain;

                if (chain->open && chain->event != d->channels[h->channels[0]].chain.event &&
                    chain->busy_until > h->onset &&
                    (chain->sustained || chain->end - chain->onset > d->events.burst_length) &&
                    see_one_muscle(d, h->channels[0], i))
                        h->beside[h->n_beside++] = i;
        }
}

static void hand_on(Detector *d, const OpenEvent *o, const unsigned *channels, size_t n) {
        const Channel *strongest = d->channels + channels[0];
        const Chain *chain = &strongest->chain;
        Happening h = {
                .form = classify(d, strongest, o->sustained, longest_work(d, channels, n)),
                .notices = o->notices,
                .n_channels = n,
                .peak = chain->first_peak,
                .onset = chain->onset,
                .end = chain->end,
                .last_peak = chain->units[0].last,
                .amplitude_uv = chain->amplitude_uv,
                .snr = chain->snr,
                .n_discharges = chain->units[0].n,
                .rhythm = chain->units[0].rhythm,
                .n_groups = 1,
                .least_in_group = chain->units[0].n,
                .last_group = chain->first_peak,
                .faint = !o->sustained && classify_in_train(d, strongest),
                .slow = discharge_lobe_s(chain->shape) >= HEARTBEAT_LOBE_MIN_S,
        };

        for (size_t i = 0; i < n; i++) {
                const Chain *member = &d->channels[channels[i]].chain;

                h.channels[i] = channels[i];
                h.units[i] = member->units[0].unit;
                h.lags[i] = lag_steps(chain->shape, chain->first_peak, member->shape, member->first_peak, d->step_rate_hz);
                h.work_from[i] = member->sustained ? member->onset : INFINITY;
                h.work_to[i] = member->sustained ? member->busy_until : -INFINITY;
                if (h.form == FORM_WORK || h.form == FORM_BURST) {
                        h.onset = fmin(h.onset, member->onset);
                        h.end = fmax(h.end, member->busy_until);
                }
        }
        if (h.form < FORM_TRAIN)
                look_beside(d, &h);
        happenings_add(d, &h);
}

static void event_close(Detector *d, unsigned event) {
        unsigned channels[DETECT_EVENT_CHANNELS_MAX] = { 0 };
        size_t n = members(d, event, channels, DETECT_EVENT_CHANNELS_MAX);
        const OpenEvent *o = d->events.open + event;

        ArtefactCause cause = cause_of(d, event, d->channels + channels[0]);
        if (cause != _ARTEFACT_CAUSE_MAX) {
                take_exposure(d, event, cause);
                report_artefact(d, cause, &o->notices, channels, n);
        } else
                hand_on(d, o, channels, n);

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!c->chain.open || c->chain.event != event)
                        continue;
                /* Units are quick; a slow wave is long, but no burst of them. */
                if (cause == _ARTEFACT_CAUSE_MAX && (c->chain.sustained || (classify_is_burst(d, &c->chain) &&
                    discharge_lobe_s(c->chain.shape) < HEARTBEAT_LOBE_MIN_S))) {
                        c->rest_from = c->chain.end + (c->chain.sustained ? d->events.after_work : d->events.after_burst);
                        exposure_exclude(d, c, c->chain.end, c->rest_from, EXCLUSION_CONTRACTION);
                }
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
                for (unsigned k = 0; c->chain.open && k < CHAIN_PEAKS; k++)
                        if (fabs(c->chain.peaks[k] - peak) <= d->events.neighbour_lag)
                                return c;
                return NULL;
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
        unsigned event = free_event(d);

        d->events.open[event] = (OpenEvent) { .last = peak, .n_chains = 1 };
        d->events.n_open++;
        c->chain = (Chain) {
                .open = true, .event = event, .first_peak = peak, .onset = peak, .end = peak, .busy_until = peak,
                .units = { { .last = peak } }, .peaks = { peak }, .next_peak = 1,
                .look_at = peak + in_steps(d, TONE_AFTER_S + TONE_WINDOW_S),
                .peak_before = c->chain.last_peak,
        };
        for (unsigned i = 1; i < CHAIN_PEAKS; i++)
                c->chain.peaks[i] = -INFINITY;
}

/* While a muscle works its potentials meet any twitch. */
static bool may_merge(Detector *d, unsigned channel, const Channel *other) {
        const OpenEvent *a = d->events.open + d->channels[channel].chain.event;
        const OpenEvent *b = d->events.open + other->chain.event;

        return (!a->sustained && !b->sustained) ||
                see_one_muscle(d, channel, (unsigned) (other - d->channels));
}

/* Channels that see a discharge together see one happening. */
static void meet_neighbours(Detector *d, unsigned channel, double peak) {
        const Chain *chain = &d->channels[channel].chain;

        for (int direction = -1; direction <= 1; direction += 2) {
                const Channel *c = neighbour(d, channel, direction, peak);
                if (c && c->chain.event != chain->event && may_merge(d, channel, c))
                        merge(d, c->chain.event, chain->event);
        }
}

/* A chain that met another one's by chance, as it turns out. */
static void part(Detector *d, Channel *c) {
        unsigned event = free_event(d);

        d->events.open[c->chain.event].n_chains--;
        d->events.open[event] = (OpenEvent) {
                .n_chains = 1, .last = c->chain.is_long ? c->chain.end : c->chain.last_peak,
        };
        d->events.n_open++;
        c->chain.event = event;
}

/* Of a muscle at work only channels that see it are part. */
static void part_from_work(Detector *d, unsigned channel) {
        unsigned event = d->channels[channel].chain.event;

        for (unsigned i = 0; i < d->config.n_channels && d->events.open[event].n_chains > 1; i++) {
                Channel *c = d->channels + i;

                if (i != channel && c->chain.open && c->chain.event == event && !c->chain.sustained &&
                    !see_one_muscle(d, channel, i))
                        part(d, c);
        }
}

/* Two channels at work, of one muscle. */
static void meet_work(Detector *d, unsigned channel) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Chain *other = &d->channels[i].chain;

                if (other->open && other->sustained && other->event != d->channels[channel].chain.event &&
                    see_one_muscle(d, channel, i))
                        merge(d, other->event, d->channels[channel].chain.event);
        }
}

static void set_sustained(Detector *d, unsigned channel) {
        Channel *c = d->channels + channel;

        if (!c->chain.sustained)
                exposure_exclude(d, c, c->chain.onset, INFINITY, EXCLUSION_CONTRACTION);
        c->chain.sustained = true;
        if (!d->events.open[c->chain.event].sustained)
                part_from_work(d, channel);
        d->events.open[c->chain.event].sustained = true;
        if (d->step >= c->meet_work_at) {
                meet_work(d, channel);
                c->meet_work_at = d->step + (int64_t) in_steps(d, CROSSTALK_AGAIN_S);
        }
}

/* One unit again and again is no muscle at work, however long. */
static bool is_one_unit(const Chain *chain) {
        return !chain->is_long && chain->units[0].n >= ONE_UNIT_SHARE * chain->n_discharges &&
                chain->active < ONE_UNIT_ACTIVE * (chain->end - chain->onset);
}

/* Nor is what a neighbour sees of it, for whom its discharges hardly stand out of the noise. */
static bool is_work(const Detector *d, const Chain *chain) {
        const Chain *best = chain;

        if (chain->end - chain->onset <= d->events.sustained_length)
                return false;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Chain *k = &d->channels[i].chain;
                if (k->open && k->event == chain->event && k->snr > best->snr)
                        best = k;
        }
        return !is_one_unit(best);
}

static void chain_begin(Detector *d, unsigned channel, const Discharge *discharge) {
        Channel *c = d->channels + channel;
        Chain *chain = &c->chain;

        chain_open(d, channel, discharge->peak);
        notices_take(d, channel, &d->events.open[chain->event].notices);
        chain->onset = discharge->onset;
        chain->loud_before = classify_loudness(d, c, -SURROUNDINGS_BEFORE_S, -SURROUNDINGS_APART_S, discharge->onset);
        tone_begin(&chain->tone, &d->tones, &c->history, discharge->onset);
        memcpy(chain->shape, discharge->shape, sizeof chain->shape);
}

/* One more of a unit; 0: of none that is known. */
static void chain_count(Chain *chain, unsigned unit, double peak) {
        unsigned i = 0;

        chain->n_discharges++;
        if (unit == 0)
                return;
        while (i + 1 < CHAIN_UNITS && chain->units[i].n > 0 && chain->units[i].unit != unit)
                i++;
        ChainUnit *u = chain->units + i;
        if (u->n == 0 || u->unit != unit)       /* free, or that of the fewest */
                *u = (ChainUnit) { .unit = unit, .n = 1, .last = peak };
        else {
                u->n++;
                rhythm_add(&u->rhythm, peak - u->last);
                u->last = peak;
        }
        for (; i > 0 && u->n > u[-1].n; i--, u--) {
                ChainUnit t = u[-1];
                u[-1] = *u;
                *u = t;
        }
}

/* A discharge that has been found late, of the unit that most are of. */
static void chain_insert(Chain *chain, double peak) {
        double before = -INFINITY, behind = INFINITY;
        ChainUnit *u = chain->units;

        for (unsigned i = 0; i < CHAIN_PEAKS; i++) {
                if (chain->peaks[i] < peak)
                        before = fmax(before, chain->peaks[i]);
                else
                        behind = fmin(behind, chain->peaks[i]);
        }
        if (u->n == chain->n_discharges) {      /* else who knows of which unit those beside it are */
                if (isinf(before) || isinf(behind))
                        rhythm_add(&u->rhythm, isinf(before) ? behind - peak : peak - before);
                else
                        rhythm_split(&u->rhythm, peak - before, behind - peak);
        }
        chain->n_discharges++;
        chain->n_repeats++;
        u->n++;
        u->last = fmax(u->last, peak);
        chain->peaks[chain->next_peak] = peak;
        chain->next_peak = (chain->next_peak + 1) % CHAIN_PEAKS;
        chain->first_peak = fmin(chain->first_peak, peak);
        chain->onset = fmin(chain->onset, peak);
        chain->last_peak = fmax(chain->last_peak, peak);
        chain->end = fmax(chain->end, peak);
        chain->busy_until = fmax(chain->busy_until, peak);
}

/* Before an event is closed: has the unit that is seen best discharged more often than was seen? */
static void look_for_repeats(Detector *d, unsigned event, double until) {
        OpenEvent *o = d->events.open + event;
        unsigned channel;
        double peak;

        if (o->sustained || members(d, event, &channel, 1) == 0)
                return;
        Channel *c = d->channels + channel;
        for (unsigned i = 0; i < DISCHARGES_MAX && !c->chain.is_long && c->chain.tone.heard == 0 && repeats_find(d, c, until, &peak); i++) {
                chain_insert(&c->chain, peak);
                o->last = fmax(o->last, peak);
        }
}

static void chain_add(Detector *d, unsigned channel, const Discharge *discharge, unsigned unit) {
        Channel *c = d->channels + channel;
        Chain *chain = &c->chain;
        bool is_long = discharge->end - discharge->onset > d->events.long_length;

        if (chain->open && chain->sustained && motion_sways(&c->motion))
                return;                 /* the muscle rests again, and the cable sways on */
        if (chain->open) {
                const OpenEvent *e = d->events.open + chain->event;
                double begin = is_long ? discharge->onset : discharge->peak;
                double gap = e->sustained ? d->events.sustained_gap : d->events.gap;

                if (begin - e->last > gap)
                        look_for_repeats(d, chain->event, discharge->onset);
                if (begin - e->last > gap ||
                    chain->end - chain->onset > d->events.chain_length_max || cause_beside_beat(d, chain, discharge)) {
                        event_close(d, chain->event);
                        c->measured_until = fmax(c->measured_until, chain->end + 1);
                        crossing_checkpoint(c);         /* the one before went with the chain */
                }
        }
        if (!chain->open)
                chain_begin(d, channel, discharge);
        else {
                chain->peaks[chain->next_peak] = discharge->peak;
                chain->next_peak = (chain->next_peak + 1) % CHAIN_PEAKS;
        }
        chain_count(chain, unit, discharge->peak);
        meet_neighbours(d, channel, discharge->peak);

        OpenEvent *e = d->events.open + chain->event;
        e->last = fmax(e->last, is_long ? discharge->end : discharge->peak);
        chain->last_peak = discharge->peak;
        chain->is_long = chain->is_long || is_long;
        chain->active += fmax(0, discharge->end - fmax(discharge->onset, chain->active > 0 ? chain->end : -INFINITY));
        chain->end = fmax(chain->end, discharge->end);
        chain->busy_until = fmax(chain->busy_until, discharge->end);
        chain->snr = fmaxf(chain->snr, discharge->snr);
        chain->amplitude_uv = fmaxf(chain->amplitude_uv, discharge->amplitude_uv);
        if (is_work(d, chain)) {
                if (motion_sways(&c->motion))
                        chain->sways = true;
                else
                        set_sustained(d, channel);
        }
}

static void several(Detector *d, unsigned channel, const Discharge *whole, unsigned unit, const double *peaks, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                Discharge part = *whole;

                part.peak = peaks[i];
                part.onset = i == 0 ? fmin(whole->onset, peaks[i]) : (peaks[i - 1] + peaks[i]) / 2;
                part.end = i + 1 == n ? fmax(whole->end, peaks[i]) : (peaks[i] + peaks[i + 1]) / 2;
                chain_add(d, channel, &part, unit);
        }
}

/* With what came before: a potential that is looked at in two parts is explained by its neighbours, too. */
static bool is_counted(const Detector *d, const Chain *chain, double peak) {
        for (unsigned i = 0; chain->open && i < CHAIN_PEAKS; i++)
                if (fabs(chain->peaks[i] - peak) < d->events.refractory)
                        return true;
        return false;
}

static Discharge whole_of(const Discharge *parts, size_t n) {
        Discharge whole = parts[0];

        for (size_t i = 1; i < n; i++) {
                if (parts[i].amplitude_uv > whole.amplitude_uv) {
                        memcpy(whole.shape, parts[i].shape, sizeof whole.shape);
                        whole.peak = parts[i].peak;
                        whole.amplitude_uv = parts[i].amplitude_uv;
                }
                whole.end = fmax(whole.end, parts[i].end);
        }
        return whole;
}

/*
 * Lobes near one another: of one potential, if a known one explains them, or of several that overlap, if that does;
 * else each counts.
 */
static void cluster_add(Detector *d, unsigned channel, const Discharge *parts, size_t n) {
        Channel *c = d->channels + channel;
        float sigma_uv = c->noise.sigma_uv;
        double peaks[DISCHARGES_MAX];
        unsigned unit = 0;

        if (c->chain.open && c->chain.sustained) {
                for (size_t i = 0; i < n; i++)
                        chain_add(d, channel, parts + i, 0);
                return;
        }
        Discharge whole = whole_of(parts, n);
        /* What may be a heartbeat has to keep its peak. */
        bool slow = discharge_lobe_s(whole.shape) >= HEARTBEAT_LOBE_MIN_S;
        unsigned copies = slow ? 0 : sums_take_apart(&c->units, &c->history, &whole, sigma_uv, d->step_rate_hz, peaks, &unit);
        /* What may yet turn out to be a beat's is seen anew once that is known. */
        bool alone = whole.peak - c->chain.last_peak > d->events.alone && !heart_awaited(&d->heart, whole.peak, (double) d->step);
        bool brief = whole.end - whole.onset < d->events.brief;
        unsigned n_new = 0;
        for (unsigned i = 0; copies > 1 && i < copies; i++)
                if (!is_counted(d, &c->chain, peaks[i]))
                        peaks[n_new++] = peaks[i];
        if (n_new > 0) {
                /* Should it come again and again, it is a unit's whose potential only looks so. */
                if (copies == 2 && brief)
                        (void) units_assign(&c->units, &c->history, &whole, alone, unit, sigma_uv, d->step_rate_hz);
                several(d, channel, &whole, unit, peaks, n_new);
                return;
        }
        if (copies == 1 || (brief && !slow && (n != 2 || discharge_similarity(parts[0].shape, parts[1].shape) < TWICE))) {
                parts = &whole;
                n = 1;
        }
        for (size_t i = 0; i < n; i++) {
                unit = units_assign(&c->units, &c->history, parts + i, alone && n == 1, 0, sigma_uv, d->step_rate_hz);
                chain_add(d, channel, parts + i, unit);
        }
}

/* Those of one crossing of the threshold */
void events_discharges(Detector *d, unsigned channel, const Discharge *discharges, size_t n) {
        for (size_t from = 0, to; from < n; from = to) {
                to = from + 1;
                while (to < n && discharges[to].peak - discharges[to - 1].peak <= d->events.cluster)
                        to++;
                cluster_add(d, channel, discharges + from, to - from);
        }
}

/* What nearly crosses the threshold, and what does. */
void events_statistic(Detector *d, unsigned channel, double step, float statistic) {
        Channel *c = d->channels + channel;

        if (statistic < d->heed)
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
        double since = step - d->events.sustained_length / 2;   /* most of the latest half second: it has begun by then, or goes on until then */

        if (!chain->open) {
                chain_open(d, channel, since);
                notices_take(d, channel, &d->events.open[chain->event].notices);
                chain->n_discharges = chain->units[0].n = 1;
                chain->snr = motion_level_uv(&c->motion) / c->noise.sigma_uv;
                chain->amplitude_uv = history_peak_to_peak(&c->history, (unsigned) d->events.sustained_length);
        }
        set_sustained(d, channel);
        chain->end = chain->last_peak = chain->busy_until = fmax(chain->busy_until, since);
        d->events.open[chain->event].last = fmax(d->events.open[chain->event].last, since);
}

/* A unit that goes on too fast for single potentials to be seen, once its first one is over. */
static void look_for_tone(Detector *d, Channel *c, double step) {
        Chain *chain = &c->chain;

        for (; chain->look_at <= step; chain->look_at += d->events.look_apart)
                if (tone_look(&chain->tone, &d->tones, &c->history, chain->look_at)) {
                        chain->end = chain->busy_until = fmax(chain->end, chain->look_at);
                        d->events.open[chain->event].last = fmax(d->events.open[chain->event].last, chain->look_at);
                }
}

void events_step(Detector *d, double step) {
        Events *e = &d->events;

        if (e->n_open == 0) {
                happenings_step(d, step);
                return;
        }
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open) {
                        look_for_tone(d, d->channels + i, step);
                        e->open[d->channels[i].chain.event].waiting = false;
                }
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open && d->channels[i].crossing.active)
                        e->open[d->channels[i].chain.event].waiting = true;

        for (unsigned i = 0; i < d->config.n_channels && e->n_open > 0; i++) {
                const Chain *chain = &d->channels[i].chain;
                if (!chain->open)
                        continue;

                const OpenEvent *o = e->open + chain->event;
                double gap = (o->sustained ? e->sustained_gap : e->gap) + e->settle;
                if (o->waiting || step - o->last <= gap || heart_awaited(&d->heart, o->last, step))
                        continue;
                look_for_repeats(d, chain->event, INFINITY);
                if (step - o->last > gap)
                        event_close(d, chain->event);
        }
        happenings_step(d, step);
}

/* The chain under way was none; if no other channel sees the same, the caller answers its notices. */
void events_retract(Detector *d, unsigned channel, NoticeIds *notices) {
        Channel *c = d->channels + channel;

        if (d->events.open[c->chain.event].n_chains == 1)
                (void) notices_merge(notices, &d->events.open[c->chain.event].notices);
        chain_close(d, c);
}

/* The chain under way is again what it was before something that is seen anew; its notices remain. */
void events_restore(Detector *d, unsigned channel, const Chain *before) {
        Chain *chain = &d->channels[channel].chain;
        OpenEvent *e = d->events.open + chain->event;
        Chain now = *chain;

        *chain = *before;
        chain->event = now.event;
        e->last = -INFINITY;
        e->sustained = false;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Chain *k = &d->channels[i].chain;

                if (!k->open || k->event != now.event)
                        continue;
                e->last = fmax(e->last, k->is_long || k->sustained ? k->end : k->last_peak);
                e->sustained = e->sustained || k->sustained;
        }
}

/* What this channel saw lately is not to be believed. */
void events_drop(Detector *d, unsigned channel, NoticeIds *notices) {
        Channel *c = d->channels + channel;
        double from = (double) c->history.end - VETO_S * d->step_rate_hz;

        notices_take(d, channel, notices);
        happenings_drop(d, channel, from, notices);
        if (c->chain.open && c->chain.last_peak >= from)
                events_retract(d, channel, notices);
}

void events_flush(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].chain.open)
                        event_close(d, d->channels[i].chain.event);
        happenings_flush(d);
}
