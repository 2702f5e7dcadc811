/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From discharges to candidate events.
 *
 * Discharges of a channel at most 110 ms apart form an activity. Activities of neighbouring channels
 * that begin together (a potential travels at 3 to 6 m/s, so electrodes 20 mm apart see it
 * 3 to 7 ms apart) are one candidate event; while a muscle works its potentials meet those of any other, and
 * only crosstalk joins. It is over when no further discharge can belong to it; whether it is part of
 * something longer is the question of decide.c. An activity of many units that does not end for half a
 * second is a muscle at work, whatever it is made of.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "daemon/detect/artefacts/artefact.h"
#include "daemon/detect/artefacts/crosstalk.h"
#include "daemon/detect/artefacts/motion.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/intervals.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/crossing.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/ecg/qrs-detector.h"
#include "daemon/detect/exposure.h"
#include "daemon/detect/potentials/delay.h"
#include "daemon/detect/potentials/discharge.h"
#include "daemon/detect/potentials/high-frequency.h"
#include "daemon/detect/potentials/missed-discharges.h"
#include "daemon/detect/potentials/superposition.h"
#include "daemon/detect/potentials/units.h"
#include "activity.h"
#include "candidate.h"
#include "candidates.h"
#include "classify.h"
#include "decide.h"
#include "notice-ids.h"
#include "notices.h"

#define NEIGHBOUR_LAG_S 0.016           /* and the largest main phase of one need not be that of the other */
#define SUSTAINED_S 0.5
#define SUSTAINED_GAP_S 0.5             /* a contraction is over after so long a silence */
#define LONG_S 0.080                    /* one potential is shorter (4-40 ms), also in noise */
#define BURST_S 0.05                    /* discharges that fill so long may be those of many units */
#define AFTER_BURST_S 0.5               /* for so long after one the muscle is not at rest */
#define AFTER_CONTRACTION_S 1.0         /* muscles relax unit by unit */
#define BEAT_WIDTH_S 0.04 /* the electrodes' views of a QRS complex peak so near to one another */
#define BEAT_LENGTH_S 0.025 /* the part of one that stands out of noise; a potential's is shorter */
#define BEAT_TAIL_S 0.03                /* its last wave may look like a potential */
#define VETO_S 0.2                      /* before a rail or an electrode off: it announces itself */
#define TRAIN_S 1.5
#define TRAIN_INTERVAL_S 0.25
#define PEAK_EVERY_S 5.0                /* noise makes one as high as that in so long; ... */
/* ... where units cannot be told apart, what surrounds a twitch has to tell more */
#define PEAK_EVERY_SLOW_S 0.8
#define PEAK_APART_S 0.04
#define SURROUNDINGS_BEFORE_S 0.2
#define SURROUNDINGS_APART_S 0.01
#define COMMON_LAG_S 0.0005
#define NOTICE_WAIT_S 0.005             /* behind the statistic's maximum */
#define NOTICE_WAIT_HEART_S 0.025       /* ... and where a beat is due, which is known by then */
#define EVAL_APART_S 0.012
#define CLUSTER_S 0.025                 /* peaks so near may be of one potential, or of overlapping ones */
#define BRIEF_S 0.030                   /* one potential may last so long */
#define TWICE 0.8f                      /* correlation of two peaks in such a time that are two discharges */
#define REFRACTORY_S 0.003              /* of a unit (Kleine 2008): what is nearer is the same discharge */
#define ALONE_S 0.04                    /* no other one before for so long */
/* the first peak: its potential is over, and only what follows counts */
#define HIGH_FREQUENCY_AFTER_S 0.015
#define ONE_UNIT_SHARE 0.6              /* of an activity's discharges */
#define ONE_UNIT_ACTIVE 0.6             /* of its time: potentials of a unit have silence between them */
#define ACTIVITY_S_MAX 30.0

double assembly_peak_every_s(double step_rate_hz) {
        return step_rate_hz < UNIT_RATE_HZ_MIN ? PEAK_EVERY_SLOW_S : PEAK_EVERY_S;
}

/* Noise crosses a level L at a rate of exp(-L^2 / 2) times a constant (Rice), which the threshold tells. */
static float peak_memory_level(float threshold, double false_alarms_per_hour, double step_rate_hz) {
        double more = fmax(1, 3600 / assembly_peak_every_s(step_rate_hz) / false_alarms_per_hour);

        return sqrtf(fmaxf(0, threshold * threshold - 2 * (float) log(more)));
}

int assembly_init(Detector *d) {
        double rate_hz = d->step_rate_hz;

        d->peak_memory_level = peak_memory_level(d->threshold, d->config.false_alarms_per_hour,
                                                 d->step_rate_hz);
        d->idle_level = fminf(d->peak_memory_level, d->evaluate_level);
        d->assembly = (Assembly) {
                .open = calloc(d->config.n_channels, sizeof *d->assembly.open),
                .gap = DISCHARGE_GAP_S * rate_hz,
                .sustained_gap = SUSTAINED_GAP_S * rate_hz,
                .sustained_length = SUSTAINED_S * rate_hz,
                .burst_length = BURST_S * rate_hz,
                .after_burst = AFTER_BURST_S * rate_hz,
                .after_contraction = AFTER_CONTRACTION_S * rate_hz,
                .beat = -INFINITY,
                .beat_width = BEAT_WIDTH_S * rate_hz,
                .beat_tail = BEAT_TAIL_S * rate_hz,
                .beat_length = BEAT_LENGTH_S * rate_hz,
                .long_length = LONG_S * rate_hz,
                .neighbour_lag = NEIGHBOUR_LAG_S * rate_hz,
                .common_lag = fmax(COMMON_LAG_S * rate_hz, 0.5),
                .train_length = TRAIN_S * rate_hz,
                .train_interval = TRAIN_INTERVAL_S * rate_hz,
                .peak_apart = PEAK_APART_S * rate_hz,
                .settle = d->bank.n_taps + d->crossing_close_steps,
                .notice_wait = NOTICE_WAIT_S * rate_hz,
                .notice_wait_heart = NOTICE_WAIT_HEART_S * rate_hz,
                .eval_apart = EVAL_APART_S * rate_hz,
                .alone = ALONE_S * rate_hz,
                .refractory = REFRACTORY_S * rate_hz,
                .next = UNIT_NEXT_S * rate_hz,
                .cluster = CLUSTER_S * rate_hz,
                .brief = BRIEF_S * rate_hz,
                .activity_length_max = ACTIVITY_S_MAX * rate_hz,
        };
        return d->assembly.open ? 0 : -ENOMEM;
}

void assembly_done(Detector *d) {
        free(d->assembly.open);
}

static void activity_close(Detector *d, Channel *c) {
        c->activity.open = false;
        c->n_checkpoints = 0;
        if (--d->assembly.open[c->activity.event].n_activities == 0)
                d->assembly.n_open--;
}

/* --- reporting --- */

static bool stronger(const Channel *a, const Channel *b) {
        return a->activity.snr > b->activity.snr;
}

static size_t members(const Detector *d, unsigned event, unsigned *ret, size_t max) {
        size_t n = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;
                if (!c->activity.open || c->activity.event != event)
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
                if (c->activity.open && c->activity.event == event)
                        exposure_exclude(d, c, c->activity.onset,
                                         c->activity.sustained ? INFINITY : c->activity.end,
                                         (Exclusion) cause);
        }
}

static double longest_contraction(const Detector *d, const unsigned *channels, size_t n) {
        double longest = 0;

        for (size_t i = 0; i < n; i++) {
                const Activity *activity = &d->channels[channels[i]].activity;
                if (activity->sustained)
                        longest = fmax(longest, activity->busy_until - activity->onset);
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
static void look_beside(Detector *d, CandidateEvent *h) {
        for (unsigned i = 0; i < d->config.n_channels && h->n_beside < BESIDE_MAX; i++) {
                const Activity *activity = &d->channels[i].activity;

                if (activity->open && activity->event != d->channels[h->channels[0]].activity.event &&
                    activity->busy_until > h->onset &&
                    (activity->sustained || activity->end - activity->onset > d->assembly.burst_length) &&
                    see_one_muscle(d, h->channels[0], i))
                        h->beside[h->n_beside++] = i;
        }
}

static void hand_on(Detector *d, const MultichannelActivity *o, const unsigned *channels, size_t n) {
        const Channel *strongest = d->channels + channels[0];
        const Activity *activity = &strongest->activity;
        CandidateEvent h = {
                .class = classify(d, strongest, o->sustained, longest_contraction(d, channels, n)),
                .notices = o->notices,
                .n_channels = n,
                .peak = activity->first_peak,
                .onset = activity->onset,
                .end = activity->end,
                .last_peak = activity->units[0].last,
                .amplitude_uv = activity->amplitude_uv,
                .snr = activity->snr,
                .n_discharges = activity->units[0].n,
                .intervals = activity->units[0].intervals,
                .n_groups = 1,
                .least_in_group = activity->units[0].n,
                .last_group = activity->first_peak,
                .near_threshold = !o->sustained && classify_in_train(d, strongest),
                .slow = discharge_half_width_s(activity->waveform) >= QRS_HALF_WIDTH_MIN_S ||
                        slow_beats_like_qrs(&d->ecg.slow, channels[0], activity->first_peak,
                                            activity->amplitude_uv),
        };

        for (size_t i = 0; i < n; i++) {
                const Activity *member = &d->channels[channels[i]].activity;

                h.channels[i] = channels[i];
                h.units[i] = member->units[0].unit;
                h.lags[i] = inter_channel_delay_steps(activity->waveform, activity->first_peak,
                                                      member->waveform, member->first_peak, d->step_rate_hz);
                h.contraction_from[i] = member->sustained ? member->onset : INFINITY;
                h.contraction_to[i] = member->sustained ? member->busy_until : -INFINITY;
                if (h.class == CLASS_CONTRACTION || h.class == CLASS_MULTIUNIT_BURST) {
                        h.onset = fmin(h.onset, member->onset);
                        h.end = fmax(h.end, member->busy_until);
                }
        }
        if (h.class < CLASS_UNIT_TRAIN)
                look_beside(d, &h);
        candidates_add(d, &h);
}

static void event_close(Detector *d, unsigned event) {
        unsigned channels[DETECT_EVENT_CHANNELS_MAX] = { 0 };
        size_t n = members(d, event, channels, DETECT_EVENT_CHANNELS_MAX);
        const MultichannelActivity *o = d->assembly.open + event;

        ArtefactCause cause = classify_artefact(d, event, d->channels + channels[0]);
        if (cause != _ARTEFACT_CAUSE_MAX) {
                take_exposure(d, event, cause);
                artefact_report_activities(d, cause, &o->notices, channels, n);
        } else
                hand_on(d, o, channels, n);

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!c->activity.open || c->activity.event != event)
                        continue;
                /* Units are quick; a slow wave is long, but no burst of them. */
                if (cause == _ARTEFACT_CAUSE_MAX &&
                    (c->activity.sustained ||
                     (classify_is_burst(d, &c->activity) &&
                      discharge_half_width_s(c->activity.waveform) < QRS_HALF_WIDTH_MIN_S))) {
                        c->post_activity_until = c->activity.end +
                                (c->activity.sustained ? d->assembly.after_contraction :
                                                         d->assembly.after_burst);
                        exposure_exclude(d, c, c->activity.end, c->post_activity_until,
                                         EXCLUSION_CONTRACTION);
                }
                activity_close(d, c);
        }
}

/* --- collecting --- */

static unsigned free_event(const Detector *d) {
        unsigned i = 0;
        while (d->assembly.open[i].n_activities > 0)
                i++;
        return i;
}

/* The nearest working channel on one side, if it sees something at the same time. */
static const Channel* neighbour(const Detector *d, unsigned channel, int direction, double peak) {
        for (unsigned i = channel + (unsigned) direction; i < d->config.n_channels;
             i += (unsigned) direction) {
                const Channel *c = d->channels + i;
                if (!c->running)
                        continue;
                for (unsigned k = 0; c->activity.open && k < ACTIVITY_PEAKS; k++)
                        if (fabs(c->activity.peaks[k] - peak) <= d->assembly.neighbour_lag)
                                return c;
                return NULL;
        }
        return NULL;
}

static void merge(Detector *d, unsigned from, unsigned to) {
        MultichannelActivity *f = d->assembly.open + from, *t = d->assembly.open + to;

        if (!notices_merge(&t->notices, &f->notices))
                return;                 /* so many at once are two */
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].activity.open && d->channels[i].activity.event == from)
                        d->channels[i].activity.event = to;
        t->n_activities += f->n_activities;
        t->last = fmax(t->last, f->last);
        t->sustained = t->sustained || f->sustained;
        f->n_activities = 0;
        d->assembly.n_open--;
}

static void activity_open(Detector *d, unsigned channel, double peak) {
        Channel *c = d->channels + channel;
        unsigned event = free_event(d);

        d->assembly.open[event] = (MultichannelActivity) { .last = peak, .n_activities = 1 };
        d->assembly.n_open++;
        c->activity = (Activity){
                .open = true,
                .event = event,
                .first_peak = peak,
                .onset = peak,
                .end = peak,
                .busy_until = peak,
                .units = { { .last = peak } },
                .peaks = { peak },
                .next_peak = 1,
                .evaluate_at = peak + in_steps(d, HIGH_FREQUENCY_AFTER_S + HIGH_FREQUENCY_WINDOW_S),
                .peak_before = c->activity.last_peak,
        };
        for (unsigned i = 1; i < ACTIVITY_PEAKS; i++)
                c->activity.peaks[i] = -INFINITY;
}

/* While a muscle works its potentials meet any twitch. */
static bool may_merge(Detector *d, unsigned channel, const Channel *other) {
        const MultichannelActivity *a = d->assembly.open + d->channels[channel].activity.event;
        const MultichannelActivity *b = d->assembly.open + other->activity.event;

        return (!a->sustained && !b->sustained) ||
                see_one_muscle(d, channel, (unsigned) (other - d->channels));
}

/* Channels that see a discharge together see one candidate event. */
static void meet_neighbours(Detector *d, unsigned channel, double peak) {
        const Activity *activity = &d->channels[channel].activity;

        for (int direction = -1; direction <= 1; direction += 2) {
                const Channel *c = neighbour(d, channel, direction, peak);
                if (c && c->activity.event != activity->event && may_merge(d, channel, c))
                        merge(d, c->activity.event, activity->event);
        }
}

/* An activity that met another one's by chance, as it turns out. */
static void part(Detector *d, Channel *c) {
        unsigned event = free_event(d);

        d->assembly.open[c->activity.event].n_activities--;
        d->assembly.open[event] = (MultichannelActivity) {
                .n_activities = 1, .last = c->activity.is_long ? c->activity.end : c->activity.last_peak,
        };
        d->assembly.n_open++;
        c->activity.event = event;
}

/* Of a muscle at work only channels that see it are part. */
static void part_from_work(Detector *d, unsigned channel) {
        unsigned event = d->channels[channel].activity.event;

        for (unsigned i = 0; i < d->config.n_channels && d->assembly.open[event].n_activities > 1; i++) {
                Channel *c = d->channels + i;

                if (i != channel && c->activity.open && c->activity.event == event &&
                    !c->activity.sustained && !see_one_muscle(d, channel, i))
                        part(d, c);
        }
}

/* Two channels at work, of one muscle. */
static void meet_work(Detector *d, unsigned channel) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Activity *other = &d->channels[i].activity;

                if (other->open && other->sustained && other->event != d->channels[channel].activity.event &&
                    see_one_muscle(d, channel, i))
                        merge(d, other->event, d->channels[channel].activity.event);
        }
}

static void set_sustained(Detector *d, unsigned channel) {
        Channel *c = d->channels + channel;

        if (!c->activity.sustained)
                exposure_exclude(d, c, c->activity.onset, INFINITY, EXCLUSION_CONTRACTION);
        c->activity.sustained = true;
        if (!d->assembly.open[c->activity.event].sustained)
                part_from_work(d, channel);
        d->assembly.open[c->activity.event].sustained = true;
        if (d->step >= c->meet_work_at) {
                meet_work(d, channel);
                c->meet_work_at = d->step + (int64_t) in_steps(d, CROSSTALK_AGAIN_S);
        }
}

/* One unit again and again is no muscle at work, however long. */
static bool is_one_unit(const Activity *activity) {
        return !activity->is_long && activity->units[0].n >= ONE_UNIT_SHARE * activity->n_discharges &&
                activity->active < ONE_UNIT_ACTIVE * (activity->end - activity->onset);
}

/* Nor is what a neighbour sees of it, for whom its discharges hardly stand out of the noise. */
static bool is_contraction(const Detector *d, const Activity *activity) {
        const Activity *best = activity;

        if (activity->end - activity->onset <= d->assembly.sustained_length)
                return false;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Activity *k = &d->channels[i].activity;
                if (k->open && k->event == activity->event && k->snr > best->snr)
                        best = k;
        }
        return !is_one_unit(best);
}

static void activity_begin(Detector *d, unsigned channel, const Discharge *discharge) {
        Channel *c = d->channels + channel;
        Activity *activity = &c->activity;

        activity_open(d, channel, discharge->peak);
        notices_take(d, channel, &d->assembly.open[activity->event].notices);
        activity->onset = discharge->onset;
        activity->loud_before = classify_loudness(d, c, -SURROUNDINGS_BEFORE_S, -SURROUNDINGS_APART_S,
                                                  discharge->onset);
        high_frequency_begin(&activity->high_frequency, &d->high_frequency_bank, &c->history,
                             discharge->onset);
        memcpy(activity->waveform, discharge->waveform, sizeof activity->waveform);
}

/* One more of a unit; 0: of none that is known. */
static void activity_count(Activity *activity, unsigned unit, double peak) {
        unsigned i = 0;

        activity->n_discharges++;
        if (unit == 0)
                return;
        while (i + 1 < ACTIVITY_UNITS && activity->units[i].n > 0 && activity->units[i].unit != unit)
                i++;
        ActivityUnit *u = activity->units + i;
        if (u->n == 0 || u->unit != unit)       /* free, or that of the fewest */
                *u = (ActivityUnit) { .unit = unit, .n = 1, .last = peak };
        else {
                u->n++;
                intervals_add(&u->intervals, peak - u->last);
                u->last = peak;
        }
        for (; i > 0 && u->n > u[-1].n; i--, u--) {
                ActivityUnit t = u[-1];
                u[-1] = *u;
                *u = t;
        }
}

/* A discharge that has been found late, of the unit that most are of. */
static void activity_insert(Activity *activity, double peak) {
        double before = -INFINITY, behind = INFINITY;
        ActivityUnit *u = activity->units;

        for (unsigned i = 0; i < ACTIVITY_PEAKS; i++) {
                if (activity->peaks[i] < peak)
                        before = fmax(before, activity->peaks[i]);
                else
                        behind = fmin(behind, activity->peaks[i]);
        }
        if (u->n == activity->n_discharges) {   /* else who knows of which unit those beside it are */
                if (isinf(before) || isinf(behind))
                        intervals_add(&u->intervals, isinf(before) ? behind - peak : peak - before);
                else
                        intervals_split(&u->intervals, peak - before, behind - peak);
        }
        activity->n_discharges++;
        activity->n_missed++;
        u->n++;
        u->last = fmax(u->last, peak);
        activity->peaks[activity->next_peak] = peak;
        activity->next_peak = (activity->next_peak + 1) % ACTIVITY_PEAKS;
        activity->first_peak = fmin(activity->first_peak, peak);
        activity->onset = fmin(activity->onset, peak);
        activity->last_peak = fmax(activity->last_peak, peak);
        activity->end = fmax(activity->end, peak);
        activity->busy_until = fmax(activity->busy_until, peak);
}

/* Before an event is closed: has the unit that is seen best discharged more often than was seen? */
static void search_missed_discharges(Detector *d, unsigned event, double until) {
        MultichannelActivity *o = d->assembly.open + event;
        unsigned channel;
        double peak;

        if (o->sustained || members(d, event, &channel, 1) == 0)
                return;
        Channel *c = d->channels + channel;
        MissedSearch search = {
                .step_rate_hz = d->step_rate_hz,
                .gap = d->assembly.gap,
                .until = until,
                .threshold = d->threshold,
                .sigma_uv = c->noise.sigma_uv,
        };
        for (unsigned i = 0; i < DISCHARGES_MAX && !c->activity.is_long &&
             c->activity.high_frequency.detected_at == 0 &&
             find_missed_discharge(&c->units, &c->activity, &c->history, &search, &peak);
             i++) {
                activity_insert(&c->activity, peak);
                o->last = fmax(o->last, peak);
        }
}

static void activity_add(Detector *d, unsigned channel, const Discharge *discharge, unsigned unit) {
        Channel *c = d->channels + channel;
        Activity *activity = &c->activity;
        bool is_long = discharge->end - discharge->onset > d->assembly.long_length;

        if (activity->open && activity->sustained && motion_is_baseline_sway(&c->motion))
                return;                 /* the muscle rests again, and the cable sways on */
        if (activity->open) {
                const MultichannelActivity *e = d->assembly.open + activity->event;
                double begin = is_long ? discharge->onset : discharge->peak;
                double gap = e->sustained ? d->assembly.sustained_gap : d->assembly.gap;

                if (begin - e->last > gap)
                        search_missed_discharges(d, activity->event, discharge->onset);
                if (begin - e->last > gap ||
                    activity->end - activity->onset > d->assembly.activity_length_max ||
                    artefact_is_beside_beat(d, activity, discharge)) {
                        event_close(d, activity->event);
                        c->measured_until = fmax(c->measured_until, activity->end + 1);
                        crossing_checkpoint(c); /* the one before went with the activity */
                }
        }
        if (!activity->open)
                activity_begin(d, channel, discharge);
        else {
                activity->peaks[activity->next_peak] = discharge->peak;
                activity->next_peak = (activity->next_peak + 1) % ACTIVITY_PEAKS;
        }
        activity_count(activity, unit, discharge->peak);
        meet_neighbours(d, channel, discharge->peak);

        MultichannelActivity *e = d->assembly.open + activity->event;
        e->last = fmax(e->last, is_long ? discharge->end : discharge->peak);
        activity->last_peak = discharge->peak;
        activity->is_long = activity->is_long || is_long;
        activity->active += fmax(
                0,
                discharge->end - fmax(discharge->onset, activity->active > 0 ? activity->end : -INFINITY));
        activity->end = fmax(activity->end, discharge->end);
        activity->busy_until = fmax(activity->busy_until, discharge->end);
        activity->snr = fmaxf(activity->snr, discharge->snr);
        activity->amplitude_uv = fmaxf(activity->amplitude_uv, discharge->amplitude_uv);
        if (is_contraction(d, activity)) {
                if (motion_is_baseline_sway(&c->motion))
                        activity->baseline_sway = true;
                else
                        set_sustained(d, channel);
        }
}

static void several(Detector *d, unsigned channel, const Discharge *whole, unsigned unit,
                    const double *peaks, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                Discharge part = *whole;

                part.peak = peaks[i];
                part.onset = i == 0 ? fmin(whole->onset, peaks[i]) : (peaks[i - 1] + peaks[i]) / 2;
                part.end = i + 1 == n ? fmax(whole->end, peaks[i]) : (peaks[i] + peaks[i + 1]) / 2;
                activity_add(d, channel, &part, unit);
        }
}

/* With what came before: a potential that is looked at in two parts is explained by its neighbours, too. */
static bool is_counted(const Detector *d, const Activity *activity, double peak) {
        for (unsigned i = 0; activity->open && i < ACTIVITY_PEAKS; i++)
                if (fabs(activity->peaks[i] - peak) < d->assembly.refractory)
                        return true;
        return false;
}

static Discharge whole_of(const Discharge *parts, size_t n) {
        Discharge whole = parts[0];

        for (size_t i = 1; i < n; i++) {
                if (parts[i].amplitude_uv > whole.amplitude_uv) {
                        memcpy(whole.waveform, parts[i].waveform, sizeof whole.waveform);
                        whole.peak = parts[i].peak;
                        whole.amplitude_uv = parts[i].amplitude_uv;
                }
                whole.end = fmax(whole.end, parts[i].end);
        }
        return whole;
}

/*
 * Lobes near one another: of one potential, if a known one explains them, or of several that overlap, if
 * that does; else each counts.
 */
static void cluster_add(Detector *d, unsigned channel, const Discharge *parts, size_t n) {
        Channel *c = d->channels + channel;
        float sigma_uv = c->noise.sigma_uv;
        double peaks[DISCHARGES_MAX];
        unsigned unit = 0;

        if (c->activity.open && c->activity.sustained) {
                for (size_t i = 0; i < n; i++)
                        activity_add(d, channel, parts + i, 0);
                return;
        }
        Discharge whole = whole_of(parts, n);
        /* What may be a heartbeat has to keep its peak. */
        bool slow = discharge_half_width_s(whole.waveform) >= QRS_HALF_WIDTH_MIN_S;
        unsigned constituents = slow ? 0 :
                                       resolve_superposition(&c->units, &c->history, &whole, sigma_uv,
                                                             d->step_rate_hz, peaks, &unit);
        /* What may yet turn out to be a beat's is seen anew once that is known. */
        bool alone = whole.peak - c->activity.last_peak > d->assembly.alone &&
                !ecg_awaited(&d->ecg, whole.peak, (double) d->step);
        bool brief = whole.end - whole.onset < d->assembly.brief;
        unsigned n_new = 0;
        for (unsigned i = 0; constituents > 1 && i < constituents; i++)
                if (!is_counted(d, &c->activity, peaks[i]))
                        peaks[n_new++] = peaks[i];
        if (n_new > 0) {
                /* Should it come again and again, it is a unit's whose potential only looks so. */
                if (constituents == 2 && brief)
                        (void) units_assign(&c->units, &c->history, &whole, alone, unit, sigma_uv,
                                            d->step_rate_hz);
                several(d, channel, &whole, unit, peaks, n_new);
                return;
        }
        if (constituents == 1 ||
            (brief && !slow &&
             (n != 2 || discharge_similarity(parts[0].waveform, parts[1].waveform) < TWICE))) {
                parts = &whole;
                n = 1;
        }
        for (size_t i = 0; i < n; i++) {
                unit = units_assign(&c->units, &c->history, parts + i, alone && n == 1, 0, sigma_uv,
                                    d->step_rate_hz);
                activity_add(d, channel, parts + i, unit);
        }
}

/* Those of one crossing of the threshold */
void assembly_discharges(Detector *d, unsigned channel, const Discharge *discharges, size_t n) {
        for (size_t from = 0, to; from < n; from = to) {
                to = from + 1;
                while (to < n && discharges[to].peak - discharges[to - 1].peak <= d->assembly.cluster)
                        to++;
                cluster_add(d, channel, discharges + from, to - from);
        }
}

/* What nearly crosses the threshold, and what does. */
void assembly_statistic(Detector *d, unsigned channel, double step, float statistic) {
        Channel *c = d->channels + channel;

        if (statistic < d->peak_memory_level)
                return;
        SubthresholdPeak *latest = c->subthreshold_peaks +
                (c->subthreshold_next + SUBTHRESHOLD_PEAKS - 1) % SUBTHRESHOLD_PEAKS;
        if (step - latest->step >= d->assembly.peak_apart) {
                latest = c->subthreshold_peaks + c->subthreshold_next;
                c->subthreshold_next = (c->subthreshold_next + 1) % SUBTHRESHOLD_PEAKS;
                latest->statistic = 0;
        }
        if (statistic > latest->statistic)
                *latest = (SubthresholdPeak) { .step = step, .statistic = statistic };
}

/* Not a discharge, but activity that does not end. */
void assembly_sustained(Detector *d, unsigned channel, double step) {
        Channel *c = d->channels + channel;
        Activity *activity = &c->activity;
        /* most of the latest half second: it has begun by then, or goes on until then */
        double since = step - d->assembly.sustained_length / 2;

        if (!activity->open) {
                activity_open(d, channel, since);
                notices_take(d, channel, &d->assembly.open[activity->event].notices);
                activity->n_discharges = activity->units[0].n = 1;
                activity->snr = motion_level_uv(&c->motion) / c->noise.sigma_uv;
                activity->amplitude_uv = history_peak_to_peak(&c->history,
                                                              (unsigned) d->assembly.sustained_length);
        }
        set_sustained(d, channel);
        activity->end = activity->last_peak = activity->busy_until = fmax(activity->busy_until, since);
        d->assembly.open[activity->event].last = fmax(d->assembly.open[activity->event].last, since);
}

/* A unit that goes on too fast for single potentials to be seen, once its first one is over. */
static void search_high_frequency(Detector *d, Channel *c, double step) {
        Activity *activity = &c->activity;

        for (; activity->evaluate_at <= step; activity->evaluate_at += d->assembly.eval_apart)
                if (high_frequency_evaluate(&activity->high_frequency, &d->high_frequency_bank, &c->history,
                                            activity->evaluate_at)) {
                        activity->end = activity->busy_until = fmax(activity->end, activity->evaluate_at);
                        d->assembly.open[activity->event].last = fmax(d->assembly.open[activity->event].last,
                                                                      activity->evaluate_at);
                }
}

void assembly_step(Detector *d, double step) {
        Assembly *e = &d->assembly;

        if (e->n_open == 0) {
                candidates_step(d, step);
                return;
        }
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].activity.open) {
                        search_high_frequency(d, d->channels + i, step);
                        e->open[d->channels[i].activity.event].waiting = false;
                }
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].activity.open && d->channels[i].crossing.active)
                        e->open[d->channels[i].activity.event].waiting = true;

        for (unsigned i = 0; i < d->config.n_channels && e->n_open > 0; i++) {
                const Activity *activity = &d->channels[i].activity;
                if (!activity->open)
                        continue;

                const MultichannelActivity *o = e->open + activity->event;
                double gap = (o->sustained ? e->sustained_gap : e->gap) + e->settle;
                if (o->waiting || step - o->last <= gap || ecg_awaited(&d->ecg, o->last, step))
                        continue;
                search_missed_discharges(d, activity->event, INFINITY);
                if (step - o->last > gap)
                        event_close(d, activity->event);
        }
        candidates_step(d, step);
}

/* The activity under way was none; if no other channel sees the same, the caller answers its notices. */
void assembly_retract(Detector *d, unsigned channel, NoticeIds *notices) {
        Channel *c = d->channels + channel;

        if (d->assembly.open[c->activity.event].n_activities == 1)
                (void) notices_merge(notices, &d->assembly.open[c->activity.event].notices);
        activity_close(d, c);
}

/* The activity under way is again what it was before something that is seen anew; its notices remain. */
void assembly_restore(Detector *d, unsigned channel, const Activity *before) {
        Activity *activity = &d->channels[channel].activity;
        MultichannelActivity *e = d->assembly.open + activity->event;
        Activity now = *activity;

        *activity = *before;
        activity->event = now.event;
        e->last = -INFINITY;
        e->sustained = false;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Activity *k = &d->channels[i].activity;

                if (!k->open || k->event != now.event)
                        continue;
                e->last = fmax(e->last, k->is_long || k->sustained ? k->end : k->last_peak);
                e->sustained = e->sustained || k->sustained;
        }
}

/* What this channel saw lately is not to be believed. */
void assembly_drop(Detector *d, unsigned channel, NoticeIds *notices) {
        Channel *c = d->channels + channel;
        double from = (double) c->history.end - VETO_S * d->step_rate_hz;

        notices_take(d, channel, notices);
        candidates_drop(d, channel, from, notices);
        if (c->activity.open && c->activity.last_peak >= from)
                assembly_retract(d, channel, notices);
}

void assembly_flush(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].activity.open)
                        event_close(d, d->channels[i].activity.event);
        candidates_flush(d);
}
