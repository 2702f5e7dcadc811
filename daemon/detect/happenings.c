/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a happening is part of. Discharges of one unit come alone, or in a train, or in groups, and which of them
 * only the next second tells; what many units do at one site may be a jerk of the whole body, or
 * begin a contraction. So each waits here until nothing that could belong to it can come any more,
 * and is then reported as what it was, or disappears in what it was part of.
 *
 * Numbers: reference to the kinds of the design; Sleutjes 2016 (isolated: 250 ms), Minetto 2009 (cramps).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect-private.h"

#define WAITING_BASE 32u
#define WAITING_PER_CHANNEL 12u
#define ROW_MAX 24u                     /* of one unit, waiting: then the first is decided */

#define NEXT_S EVENTS_NEXT_S
#define NEXT_GROUP_S 2.6                /* a unit's next group */
#define TRAIN_MIN 10u                   /* discharges */
#define TRAIN_INTERVAL_MIN_S 0.045      /* 4 to 20 a second, with their spread */
#define TRAIN_INTERVAL_MAX_S 0.28
#define TRAIN_CV 0.35
#define TRAIN_HOLES_SPREAD 0.2          /* by chance gaps are off their multiples by 0.29 */
#define HOLES_MAX 2.5                   /* intervals: from one discharge of a train to the next that is seen */
#define TRAIN_FAINT_S 1.5
#define TRAIN_NEXT_S 1.0                /* once it is one */
#define LARGER 1.3f                     /* than a train or group: not part of it for being there */
#define HOLD_S 3.0                      /* while one follows on the other it may be the beginning of work */
#define GROUPS_MIN 3u
#define GROUP_MIN 3u                    /* discharges in each, ... */
#define GROUP_SEEN_MIN 2u               /* ... of which noise may have hidden one in some */
#define LONG_TRAIN_MIN 20u              /* no multiplet has so many, however uneven they look */
#define GROUPS_CV 0.3
#define GROUPS_LATE 1.8                 /* of the mean from group to group: there comes no more */
#define TONE_BESIDE_S 0.12              /* the first and the last potential of a run, which stand alone */
#define BURST_LONG_S 0.1
#define BURST_BEFORE_S 0.3
#define JERK_S 0.15
#define JERK_APART 2u                   /* channels: not neighbours */
#define WORK_BESIDE_S 0.5               /* what is so near to a contraction belongs to it */
#define WORK_NEAR 3u                    /* channels: electrodes on one muscle, which sees all its units */
#define WORK_SEEN_AFAR 0.6f             /* of its size, at most: beside the muscle its potentials are smaller */
#define WORK_CLOSING_S 0.35             /* what is in it may be decided so long after it */
#define WORK_JOINED_S 0.5
#define CRAMP_S 5.0
#define LENGTH_MAX_S 60.0               /* then it is reported, and goes on as another */
#define BLOCKED_S 0.1

int happenings_init(Detector *d) {
        unsigned size = WAITING_BASE + WAITING_PER_CHANNEL * d->config.n_channels;

        d->happenings = (Happenings) {
                .waiting = calloc(size, sizeof *d->happenings.waiting),
                .size = size,
                .next_due = INFINITY,
        };
        return d->happenings.waiting ? 0 : -ENOMEM;
}

void happenings_done(Detector *d) {
        free(d->happenings.waiting);
}

static double in_steps(const Detector *d, double seconds) {
        return seconds * d->step_rate_hz;
}

/* --- places --- */

static unsigned apart(unsigned a, unsigned b) {
        return a > b ? a - b : b - a;
}

static bool near(const Happening *a, const Happening *b, unsigned distance) {
        for (size_t i = 0; i < a->n_channels; i++)
                for (size_t k = 0; k < b->n_channels; k++)
                        if (apart(a->channels[i], b->channels[k]) <= distance)
                                return true;
        return false;
}

/* Of the same place: where it is seen best the longer one is seen, too. A neighbour's, at the same time by chance, is another. */
static bool at_place(const Happening *h, const Happening *longer) {
        for (size_t i = 0; i < longer->n_channels; i++)
                if (longer->channels[i] == h->channels[0])
                        return true;
        return false;
}

static bool of_one_unit(const Happening *a, const Happening *b) {
        if (!at_place(a, b))
                return false;
        for (size_t i = 0; i < a->n_channels; i++)
                for (size_t k = 0; k < b->n_channels; k++)
                        if (a->channels[i] == b->channels[k] && a->units[i] > 0 && a->units[i] == b->units[k])
                                return true;
        return false;
}

/* Two sites that are no neighbours. */
static bool wide(const Happening *h) {
        for (size_t i = 1; i < h->n_channels; i++)
                for (size_t k = 0; k < i; k++)
                        if (apart(h->channels[i], h->channels[k]) >= JERK_APART)
                                return true;
        return false;
}

/* Undecided ones of a channel; is one of them known to be more than a twitch? */
unsigned happenings_of_channel(const Detector *d, unsigned channel, bool *ret_longer) {
        const Happenings *w = &d->happenings;
        unsigned n = 0, left = w->n;

        *ret_longer = false;
        for (unsigned i = 0; left > 0; i++) {
                const Happening *h = w->waiting + i;
                if (!h->used)
                        continue;
                left--;
                for (size_t k = 0; k < h->n_channels; k++)
                        if (h->channels[k] == channel) {
                                n++;
                                *ret_longer = *ret_longer || h->form >= FORM_TRAIN;
                        }
        }
        return n;
}

/* --- reports --- */

static unsigned n_usable(const Detector *d) {
        unsigned n = 0;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                n += d->channels[i].running && noise_known(&d->channels[i].noise);
        return n;
}

static EventKind kind_of(const Detector *d, const Happening *h) {
        switch (h->form) {
        case FORM_TWITCH:
                return h->n_discharges >= 3 ? EVENT_MULTIPLET : h->n_discharges == 2 ? EVENT_DOUBLET : EVENT_FASCICULATION;
        case FORM_TRAIN:
                return EVENT_UNIT_TRAIN;
        case FORM_GROUPS:
                return EVENT_MYOKYMIC;
        case FORM_TONE:
                return EVENT_HIGH_FREQUENCY_RUN;
        case FORM_JERK:
                return EVENT_JERK;
        case FORM_WORK:
                /* A cramp is of a part of a muscle; with one channel nobody can tell. */
                return h->n_channels == 1 && n_usable(d) > 1 && h->end - h->onset > in_steps(d, CRAMP_S)
                        ? EVENT_CRAMP_LIKE : EVENT_CONTRACTION;
        default:
                return EVENT_UNCLASSIFIED;
        }
}

static bool of_many_units(const Happening *h) {
        return h->form == FORM_WORK || h->form == FORM_JERK || h->form == FORM_BURST;
}

static void report(Detector *d, Happening *h) {
        DetectEvent event = {
                .id = h->notices.id ? h->notices.id : ++d->events.n_ids,
                .n_merged = h->notices.n_merged,
                .kind = kind_of(d, h),
                .n_channels = h->n_channels,
                .unit = of_many_units(h) ? 0 : h->units[0],
                .peak = detector_frame_of_step(d, h->peak),
                .onset = detector_frame_of_step(d, fmin(h->onset, h->peak)),
                .end = detector_frame_of_step(d, fmax(h->end, h->peak)),
                .amplitude_uv = (double) h->amplitude_uv,
                .snr = (double) h->snr,
                .discharges = h->n_discharges > 0 ? h->n_discharges : 1,
        };

        memcpy(event.merged, h->notices.merged, sizeof event.merged);
        memcpy(event.channels, h->channels, sizeof event.channels);
        for (size_t i = 0; i < h->n_channels; i++)
                event.lags[i] = i == 0 ? 0 : of_many_units(h) ? NAN : h->lags[i] * d->lowpass.decimation;
        d->channels[h->channels[0]].n_events++;
        exposure_event(d, h, event.kind);
        if (d->config.on_event)
                d->config.on_event(&event, d->config.userdata);
}

/* --- who waits --- */

static void forget(Detector *d, Happening *h) {
        Happenings *w = &d->happenings;
        int index = (int) (h - w->waiting);

        h->used = false;
        w->n--;
        for (unsigned i = 0; i < w->size; i++)
                if (w->waiting[i].used && w->waiting[i].before == index)
                        w->waiting[i].before = -1;
}

static void decide(Detector *d, Happening *h) {
        report(d, h);
        forget(d, h);
}

static void set_due(Detector *d, Happening *h, double due) {
        h->due = due;
        d->happenings.next_due = fmin(d->happenings.next_due, due);
}

static Happening* wait(Detector *d, const Happening *h) {
        Happenings *w = &d->happenings;
        Happening *place = NULL, *first = NULL;

        for (unsigned i = 0; i < w->size && !place; i++) {
                Happening *k = w->waiting + i;
                if (!k->used)
                        place = k;
                else if (!first || k->due < first->due)
                        first = k;
        }
        if (!place) {
                decide(d, first);
                place = first;
        }
        *place = *h;
        place->used = true;
        place->before = -1;
        place->due = INFINITY;
        w->n++;
        return place;
}

/* Its notices go on as those of what it is part of; false: so many that they cannot. */
static bool take_in(Detector *d, Happening *into, Happening *part) {
        if (!notices_merge(&into->notices, &part->notices))
                return false;
        into->onset = fmin(into->onset, part->onset);
        into->end = fmax(into->end, part->end);
        into->amplitude_uv = fmaxf(into->amplitude_uv, part->amplitude_uv);
        into->snr = fmaxf(into->snr, part->snr);
        into->n_discharges += part->n_discharges;
        if (part->used)
                forget(d, part);
        return true;
}

static void add_channel(Happening *h, unsigned channel, unsigned unit) {
        for (size_t i = 0; i < h->n_channels; i++)
                if (h->channels[i] == channel)
                        return;
        if (h->n_channels == DETECT_EVENT_CHANNELS_MAX)
                return;
        h->channels[h->n_channels] = channel;
        h->lags[h->n_channels] = NAN;
        h->units[h->n_channels++] = unit;
}

/* Of several sites: the strongest first. */
static bool join(Detector *d, Happening *into, Happening *other) {
        Happening stronger = other->snr > into->snr ? *other : *into, weaker = other->snr > into->snr ? *into : *other;
        double peak = fmin(into->peak, other->peak);

        if (!take_in(d, into, other))
                return false;
        memcpy(into->channels, stronger.channels, sizeof into->channels);
        memcpy(into->units, stronger.units, sizeof into->units);
        memcpy(into->lags, stronger.lags, sizeof into->lags);
        into->n_channels = stronger.n_channels;
        for (size_t i = 0; i < weaker.n_channels; i++)
                add_channel(into, weaker.channels[i], weaker.units[i]);
        into->peak = peak;
        return true;
}

/* --- what is part of something longer --- */

static bool during(const Happening *h, const Happening *longer, double beside) {
        return h->last_peak >= longer->onset - beside && h->peak <= longer->end + beside;
}

/* A twitch of its own may come between groups, or after the last. */
static bool may_be_of_groups(const Detector *d, const Happening *h, const Happening *groups) {
        double mean = rhythm_mean(&groups->groups), since = h->peak - groups->last_group;

        return since <= GROUPS_LATE * mean &&
                (h->n_discharges >= GROUP_SEEN_MIN || fabs(since - mean) <= GROUPS_CV * mean ||
                 h->peak <= groups->last_peak + 2 * d->events.gap);
}

static bool belongs(const Detector *d, const Happening *h, const Happening *longer) {
        switch (longer->form) {
        case FORM_WORK:
                return h->form < FORM_TRAIN && during(h, longer, in_steps(d, WORK_BESIDE_S)) &&
                        (near(h, longer, 0) ||
                         (near(h, longer, WORK_NEAR) && h->amplitude_uv < WORK_SEEN_AFAR * longer->amplitude_uv));
        case FORM_JERK:
                return h->form < FORM_TRAIN && during(h, longer, in_steps(d, JERK_S));
        case FORM_TONE:
                return h->form < FORM_TRAIN && during(h, longer, in_steps(d, TONE_BESIDE_S)) && near(h, longer, 0);
        case FORM_TRAIN:
                /* a discharge that noise made look like another unit's */
                return h->form < FORM_TRAIN && h->peak <= longer->last_peak + in_steps(d, NEXT_S) &&
                        h->peak >= longer->onset && at_place(h, longer) && h->amplitude_uv < LARGER * longer->amplitude_uv;
        case FORM_GROUPS:
                return h->form < FORM_TRAIN && at_place(h, longer) && h->amplitude_uv < LARGER * longer->amplitude_uv &&
                        h->peak >= longer->onset && may_be_of_groups(d, h, longer);
        default:
                return false;
        }
}

static bool swallowed(Detector *d, Happening *h) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;
                double end = k->end, onset = k->onset;

                if (!k->used || k->form == FORM_TRAIN || k->form == FORM_GROUPS || !belongs(d, h, k) || !take_in(d, k, h))
                        continue;
                if (k->form == FORM_WORK) {     /* what belongs to it for being near does not make it longer */
                        k->end = end;
                        k->onset = onset;
                }
                if (k->form == FORM_TONE)
                        k->end = fmax(end, h->last_peak);
                return true;
        }
        return false;
}

/* Units that join one by one at the beginning of work: each within half a second of the next. */
static bool leads_to(const Detector *d, const Happening *h, const Happening *work, double onset) {
        return work->form == FORM_WORK && h->form < FORM_TRAIN && near(h, work, 0) && h->peak < onset &&
                h->last_peak >= onset - in_steps(d, WORK_BESIDE_S);
}

static void swallow(Detector *d, Happening *longer) {
        double end = longer->end, onset = longer->onset, reach = onset;

        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == longer)
                        continue;
                double begin = k->onset;
                if (leads_to(d, k, longer, reach) && take_in(d, longer, k)) {
                        reach = fmin(reach, begin);
                        i = 0;          /* it may have been led to, too */
                        continue;
                }
                if (belongs(d, k, longer))
                        (void) take_in(d, longer, k);
        }
        if (longer->form == FORM_WORK) {
                longer->end = end;
                longer->onset = onset;
        }
}

static void add_work(Detector *d, const Happening *new, double step) {
        Happening *h = wait(d, new);

        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h)
                        continue;
                bool together = k->onset <= h->end + in_steps(d, WORK_JOINED_S) &&
                        h->onset <= k->end + in_steps(d, WORK_JOINED_S);
                if (together && (k->form == FORM_WORK || (k->form == FORM_JERK && near(h, k, 0))))
                        (void) join(d, h, k);
        }
        swallow(d, h);
        set_due(d, h, step + in_steps(d, WORK_CLOSING_S));
}

static bool part_of_running(Detector *d, Happening *h);

/* What comes so shortly before a burst of the same muscle is its beginning, and no twitch at rest. */
static void doubt_before(Detector *d, const Happening *burst) {
        for (unsigned i = 0; i < d->happenings.size && burst->end - burst->onset > in_steps(d, BURST_LONG_S); i++) {
                Happening *k = d->happenings.waiting + i;
                double before = burst->onset - k->last_peak;

                if (k->used && k->form == FORM_TWITCH && before > 0 && before < in_steps(d, BURST_BEFORE_S) &&
                    near(burst, k, 0))
                        k->form = FORM_OTHER;
        }
}

static void add_burst(Detector *d, const Happening *new, double step) {
        Happening copy = *new;

        if (swallowed(d, &copy))
                return;
        Happening *h = wait(d, new);
        if (part_of_running(d, h))
                return;
        doubt_before(d, h);
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h || (k->form != FORM_BURST && k->form != FORM_JERK))
                        continue;
                if (fabs(k->onset - h->onset) <= in_steps(d, JERK_S))
                        (void) join(d, h, k);
        }
        if (wide(h)) {
                h->form = FORM_JERK;
                swallow(d, h);
        }
        set_due(d, h, step + in_steps(d, NEXT_S));
}

static void add_tone(Detector *d, const Happening *new, double step) {
        Happening *h = wait(d, new);

        swallow(d, h);
        set_due(d, h, step + in_steps(d, NEXT_S));
}

/* --- one unit, again and again --- */

static void train_due(Detector *d, Happening *h) {
        set_due(d, h, h->last_peak + in_steps(d, TRAIN_NEXT_S) + d->events.gap + d->events.settle);
}

static void groups_due(Detector *d, Happening *h) {
        set_due(d, h, h->last_group + GROUPS_LATE * rhythm_mean(&h->groups) + in_steps(d, NEXT_S) + d->events.settle);
}

static void twitch_due(Detector *d, Happening *h) {
        bool group = h->n_discharges >= (h->before >= 0 ? GROUP_SEEN_MIN : GROUP_MIN);
        double next_s = group ? NEXT_GROUP_S : NEXT_S;
        set_due(d, h, h->last_peak + in_steps(d, next_s) + d->events.gap + d->events.settle);
}

static bool may_be_group(const Happening *h) {
        return h->n_discharges >= (h->before >= 0 ? GROUP_SEEN_MIN : GROUP_MIN);
}

/* The one of the same unit it may follow on. */
static Happening* find_before(Detector *d, const Happening *h) {
        Happening *best = NULL;

        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;
                if (!k->used || (k->form == FORM_BURST && k->n_discharges < GROUP_MIN) || k->form >= FORM_TONE ||
                    !of_one_unit(h, k))
                        continue;

                double gap = h->peak - k->last_peak;
                bool follows = k->form == FORM_TRAIN ? gap <= in_steps(d, TRAIN_NEXT_S) :
                        k->form == FORM_GROUPS ? may_be_of_groups(d, h, k) :
                        gap <= in_steps(d, may_be_group(k) && h->n_discharges >= GROUP_SEEN_MIN ? NEXT_GROUP_S : NEXT_S);
                if (gap > 0 && follows && (!best || k->last_peak > best->last_peak))
                        best = k;
        }
        return best;
}

static void train_add(Happening *train, const Happening *h) {
        rhythm_add(&train->rhythm, h->peak - train->last_peak);
        rhythm_join(&train->rhythm, &h->rhythm);
        train->last_peak = h->last_peak;
}

static void groups_add(Happening *groups, const Happening *h) {
        rhythm_add(&groups->groups, h->peak - groups->last_group);
        groups->last_group = h->peak;
        groups->last_peak = h->last_peak;
        groups->n_groups++;
}

typedef struct Row {                    /* of happenings of one unit, the latest first */
        unsigned n, n_discharges, n_groups, in_groups;
        Happening *members[ROW_MAX];
        Rhythm rhythm, groups;
        double gaps[ROW_MAX];           /* between members */
        unsigned n_gaps;
} Row;

static Row row_of(Detector *d, Happening *h) {
        Row row = { .n = 0 };
        bool grouped = true;

        for (;;) {
                row.members[row.n++] = h;
                row.n_discharges += h->n_discharges;
                rhythm_join(&row.rhythm, &h->rhythm);
                grouped = grouped && h->n_discharges >= GROUP_SEEN_MIN;
                row.n_groups += grouped;
                row.in_groups += grouped ? h->n_discharges : 0;
                if (h->before < 0 || row.n == ROW_MAX)
                        return row;

                Happening *before = d->happenings.waiting + h->before;
                rhythm_add(&row.rhythm, h->peak - before->last_peak);
                row.gaps[row.n_gaps++] = h->peak - before->last_peak;
                if (grouped && before->n_discharges >= GROUP_SEEN_MIN)
                        rhythm_add(&row.groups, h->peak - before->peak);
                h = before;
        }
}

static double usual_gap(const Row *row) {
        double sorted[ROW_MAX];

        for (unsigned i = 0; i < row->n_gaps; i++) {
                unsigned k = i;
                for (; k > 0 && sorted[k - 1] > row->gaps[i]; k--)
                        sorted[k] = sorted[k - 1];
                sorted[k] = row->gaps[i];
        }
        return row->n_gaps > 0 ? sorted[row->n_gaps / 3] : 0;
}

/* Of a unit near the threshold some discharges are not seen: the gaps are then multiples of the interval. */
static bool is_train_with_holes(const Detector *d, const Row *row) {
        double usual = usual_gap(row), squares = 0;

        if (row->n_discharges < TRAIN_MIN || row->n_gaps + 1 < TRAIN_MIN || usual < in_steps(d, TRAIN_INTERVAL_MIN_S) ||
            usual > in_steps(d, TRAIN_INTERVAL_MAX_S))
                return false;
        for (unsigned i = 0; i < row->n_gaps; i++) {
                double off = row->gaps[i] / usual - fmax(1, round(row->gaps[i] / usual));
                squares += off * off;
        }
        return sqrt(squares / row->n_gaps) <= TRAIN_HOLES_SPREAD;
}

static bool is_train(const Detector *d, const Row *row) {
        double mean = rhythm_mean(&row->rhythm);

        return row->n_discharges >= TRAIN_MIN && mean >= in_steps(d, TRAIN_INTERVAL_MIN_S) &&
                mean <= in_steps(d, TRAIN_INTERVAL_MAX_S) &&
                (rhythm_cv(&row->rhythm) <= TRAIN_CV || row->members[0]->n_discharges >= LONG_TRAIN_MIN);
}

static bool is_grouped(const Row *row) {
        return row->n_groups >= GROUPS_MIN && row->in_groups + 1 >= row->n_groups * GROUP_MIN &&
                rhythm_cv(&row->groups) <= GROUPS_CV;
}

/* What came just before, of that place and no larger, though noise made it look like another unit's: the train began with it. */
static void take_beginning(Detector *d, Happening *longer) {
        double reach = HOLES_MAX * rhythm_mean(&longer->rhythm);
        unsigned i = 0;

        while (i < d->happenings.size) {
                Happening *k = d->happenings.waiting + i++;
                double begin = fmin(longer->peak, k->peak);

                if (!k->used || k == longer || k->form >= FORM_TRAIN || !at_place(k, longer) ||
                    k->peak < longer->peak - reach || k->peak > longer->last_peak ||
                    k->amplitude_uv > LARGER * longer->amplitude_uv || !take_in(d, longer, k))
                        continue;
                if (begin < longer->peak) {
                        longer->peak = begin;
                        i = 0;          /* and what came before that */
                }
        }
}

/* The whole row becomes its latest member. */
static void gather(Detector *d, const Row *row, unsigned n, HappeningForm form) {
        Happening *h = row->members[0];
        double last_peak = h->last_peak, last_group = h->peak;

        for (unsigned i = 1; i < n; i++) {
                h->peak = fmin(h->peak, row->members[i]->peak);
                (void) take_in(d, h, row->members[i]);
        }
        h->form = form;
        h->last_peak = last_peak;
        h->last_group = last_group;
        h->n_groups = n;
        h->rhythm = row->rhythm;
        h->groups = row->groups;
        h->faint = false;
        if (form == FORM_TRAIN)
                take_beginning(d, h);
}

static void follow_on(Detector *d, Happening *h, Happening *before) {
        if (before->form == FORM_TRAIN) {
                train_add(before, h);
                if (take_in(d, before, h))
                        train_due(d, before);
                return;
        }
        if (before->form == FORM_GROUPS) {
                groups_add(before, h);
                if (take_in(d, before, h))
                        groups_due(d, before);
                return;
        }

        h->before = (int) (before - d->happenings.waiting);
        Row row = row_of(d, h);
        if (is_train(d, &row) || is_train_with_holes(d, &row)) {
                gather(d, &row, row.n, FORM_TRAIN);
                train_due(d, h);
        } else if (is_grouped(&row)) {
                gather(d, &row, row.n_groups, FORM_GROUPS);
                groups_due(d, h);
        } else {
                twitch_due(d, h);
                for (unsigned i = 1; i < row.n; i++)
                        set_due(d, row.members[i], fmax(row.members[i]->due, h->due));
                if (row.n == ROW_MAX)
                        decide(d, row.members[row.n - 1]);
        }
}

/* Not recognised as the unit of a train or of groups, but there, and no larger. */
static bool part_of_running(Detector *d, Happening *h) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h || (k->form != FORM_TRAIN && k->form != FORM_GROUPS) || !belongs(d, h, k))
                        continue;
                bool group = k->form == FORM_GROUPS && h->n_discharges >= GROUP_SEEN_MIN;
                Happening part = *h;
                if (!take_in(d, k, h))
                        continue;
                if (group) {
                        groups_add(k, &part);
                        groups_due(d, k);
                }
                return true;
        }
        return false;
}

static void add_discharges(Detector *d, const Happening *new) {
        Happening copy = *new;

        if (swallowed(d, &copy))
                return;
        Happening *h = wait(d, new), *before = find_before(d, h);
        if (before) {
                follow_on(d, h, before);
                return;
        }
        if (part_of_running(d, h))
                return;
        Row row = row_of(d, h);
        if (is_train(d, &row)) {
                h->form = FORM_TRAIN;
                train_due(d, h);
        } else
                twitch_due(d, h);
}

/* A train of which only the largest discharges are seen, one by one, and not as of one unit. */
static bool part_of_faint_train(Detector *d, Happening *h) {
        if (h->form > FORM_OTHER || !h->faint)
                return false;
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h || k->form != FORM_TRAIN || !near(h, k, 0) ||
                    h->peak - k->last_peak > in_steps(d, TRAIN_FAINT_S))
                        continue;
                k->last_peak = fmax(k->last_peak, h->last_peak);
                if (!take_in(d, k, h))
                        continue;
                set_due(d, k, fmax(k->due, k->last_peak + in_steps(d, TRAIN_FAINT_S) + in_steps(d, NEXT_S)));
                return true;
        }
        h->form = FORM_TRAIN;
        set_due(d, h, h->last_peak + in_steps(d, TRAIN_FAINT_S) + in_steps(d, NEXT_S));
        return true;
}

/* --- time --- */

/* Too untidy for a multiplet, but after others of its unit it is a group. */
static bool is_group(Detector *d, const Happening *h) {
        const Happening *before = h->n_discharges >= GROUP_MIN ? find_before(d, h) : NULL;

        return before && (before->form == FORM_GROUPS || before->n_discharges >= GROUP_MIN);
}

void happenings_add(Detector *d, const Happening *new) {
        double step = (double) d->channels[new->channels[0]].history.end;

        switch (new->form) {
        case FORM_WORK:
                add_work(d, new, step);
                break;
        case FORM_BURST:
                if (is_group(d, new))
                        add_discharges(d, new);
                else
                        add_burst(d, new, step);
                break;
        case FORM_JERK:
                add_burst(d, new, step);
                break;
        case FORM_TONE:
                add_tone(d, new, step);
                break;
        default:
                add_discharges(d, new);
        }
}

/* By a chain under way in the same channel, soon after it */
static bool followed(const Detector *d, const Happening *h) {
        for (size_t k = 0; k < h->n_channels; k++) {
                const Chain *chain = &d->channels[h->channels[k]].chain;

                if (chain->open && chain->first_peak > h->last_peak &&
                    chain->first_peak - h->last_peak < in_steps(d, WORK_BESIDE_S))
                        return true;
        }
        for (unsigned i = 0; i < d->happenings.size; i++) {
                const Happening *k = d->happenings.waiting + i;

                if (k->used && k != h && near(k, h, 0) && k->peak > h->last_peak &&
                    k->peak - h->last_peak < in_steps(d, WORK_BESIDE_S))
                        return true;
        }
        return false;
}

/* Something is under way that it may be part of. */
static bool blocked(const Detector *d, const Happening *h, double step) {
        if (h->form <= FORM_OTHER && step - h->peak < in_steps(d, HOLD_S) && followed(d, h))
                return true;
        for (unsigned i = 0; i < d->config.n_channels && d->events.n_open > 0; i++) {
                const Chain *chain = &d->channels[i].chain;
                if (!chain->open)
                        continue;

                bool sustained = d->events.open[chain->event].sustained;
                if (sustained && chain->onset <= h->end + in_steps(d, WORK_BESIDE_S)) {
                        if (h->form == FORM_WORK)
                                return true;
                        unsigned reach = h->form < FORM_TRAIN ? WORK_NEAR : 0;
                        for (size_t k = 0; k < h->n_channels && h->form != FORM_TRAIN && h->form != FORM_GROUPS; k++)
                                if (apart(h->channels[k], i) <= reach)
                                        return true;
                }
                if (h->form > FORM_OTHER && h->form != FORM_TRAIN && h->form != FORM_GROUPS)
                        continue;
                for (size_t k = 0; k < h->n_channels; k++)
                        if (h->channels[k] == i && h->units[k] == chain->units[0].unit && h->units[k] > 0 && !sustained &&
                            chain->first_peak - h->last_peak <= in_steps(d, NEXT_GROUP_S))
                                return true;
        }
        return false;
}

static void when_due(Detector *d, Happening *h, double step) {
        bool too_long = step - h->onset > in_steps(d, LENGTH_MAX_S);

        if (!too_long && blocked(d, h, step)) {
                set_due(d, h, step + in_steps(d, BLOCKED_S));
                return;
        }
        if (!part_of_faint_train(d, h))
                decide(d, h);
}

void happenings_step(Detector *d, double step) {
        Happenings *w = &d->happenings;

        while (step >= w->next_due) {
                Happening *first = NULL;

                w->next_due = INFINITY;
                for (unsigned i = 0; i < w->size; i++) {
                        Happening *h = w->waiting + i;
                        if (!h->used)
                                continue;
                        if (h->due <= step && (!first || h->peak < first->peak))
                                first = h;
                        w->next_due = fmin(w->next_due, h->due);
                }
                if (!first)
                        break;
                when_due(d, first, step);
        }
}

/* What a channel alone saw from a step on is not to be believed. */
void happenings_drop(Detector *d, unsigned channel, double from, NoticeIds *notices) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *h = d->happenings.waiting + i;

                if (h->used && h->form < FORM_TRAIN && h->n_channels == 1 && h->channels[0] == channel &&
                    h->peak >= from && notices_merge(notices, &h->notices))
                        forget(d, h);
        }
}

void happenings_flush(Detector *d) {
        Happenings *w = &d->happenings;

        while (w->n > 0) {
                Happening *first = NULL;

                for (unsigned i = 0; i < w->size; i++)
                        if (w->waiting[i].used && (!first || w->waiting[i].peak < first->peak))
                                first = w->waiting + i;
                if (!part_of_faint_train(d, first) || first->form == FORM_TRAIN)
                        decide(d, first);
        }
        w->next_due = INFINITY;
}
