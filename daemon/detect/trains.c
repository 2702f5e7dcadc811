/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One unit, again and again. Its discharges come alone, or in a train, or in groups, and which of them only the next
 * second tells.
 */
#include <math.h>

#include "trains.h"
#include "classify.h"
#include "detector.h"
#include "events.h"
#include "happening.h"
#include "happenings.h"
#include "rhythm.h"
#include "waiting.h"
#include "work.h"

#define ROW_MAX 24u                     /* of one unit, waiting: then the first is decided */
#define TRAIN_INTERVAL_MIN_S 0.045      /* 4 to 20 a second, with their spread */
#define TRAIN_INTERVAL_MAX_S 0.28
#define TRAIN_CV 0.35
#define TRAIN_HOLES_SPREAD 0.2          /* by chance gaps are off their multiples by 0.29 */
#define HOLES_MAX 2.5                   /* intervals: from one discharge of a train to the next that is seen */
#define SILENCE_MAX 3.5                 /* intervals: between groups it is longer */
#define TRAIN_FAINT_S 1.5
#define TRAIN_NEXT_S 1.0                /* once it is one */
#define LARGER 1.3f                     /* than a train or group: not part of it for being there */
#define GROUPS_MIN 3u
#define GROUP_MIN 3u                    /* discharges in each, ... */
#define GROUP_SEEN_MIN 2u               /* ... of which noise may have hidden one in some */
#define LONG_TRAIN_MIN 20u              /* no multiplet has so many, however uneven they look */
#define GROUPS_CV 0.3
#define GROUPS_LENGTH 1.6               /* the first or the last discharge of one may be hidden */
#define TWO_GROUPS 1.6                  /* of the shortest interval: there was one between */
#define GROUPS_LATE 1.8                 /* of the mean from group to group: there comes no more */

/* A twitch of its own may come between groups, or after the last. */
static bool may_be_of_groups(const Detector *d, const Happening *h, const Happening *groups) {
        double mean = rhythm_mean(&groups->groups), since = h->peak - groups->last_group;

        return since <= GROUPS_LATE * mean &&
                (h->n_discharges >= GROUP_SEEN_MIN || fabs(since - mean) <= GROUPS_CV * mean ||
                 h->peak <= groups->last_peak + 2 * d->events.gap);
}

static bool belongs(const Detector *d, const Happening *h, const Happening *longer) {
        switch (longer->form) {
        case FORM_TRAIN:
                /* a discharge that noise made look like another unit's */
                return h->form < FORM_TRAIN && h->peak <= longer->last_peak + in_steps(d, EVENTS_NEXT_S) &&
                        h->peak >= longer->onset && happening_at_place(h, longer) && h->amplitude_uv < LARGER * longer->amplitude_uv;
        case FORM_GROUPS:
                return h->form < FORM_TRAIN && happening_at_place(h, longer) && h->amplitude_uv < LARGER * longer->amplitude_uv &&
                        h->peak >= longer->onset && may_be_of_groups(d, h, longer);
        default:
                return false;
        }
}

static void train_due(Detector *d, Happening *h) {
        happening_set_due(d, h, h->last_peak + in_steps(d, TRAIN_NEXT_S) + d->events.gap + d->events.settle);
}

static void groups_due(Detector *d, Happening *h) {
        happening_set_due(d, h, h->last_group + GROUPS_LATE * rhythm_mean(&h->groups) + in_steps(d, EVENTS_NEXT_S) + d->events.settle);
}

static bool may_be_group(const Happening *h) {
        return h->n_discharges >= (h->before >= 0 ? GROUP_SEEN_MIN : GROUP_MIN);
}

static void twitch_due(Detector *d, Happening *h) {
        double next_s = may_be_group(h) ? EVENTS_NEXT_GROUP_S : EVENTS_NEXT_S;

        happening_set_due(d, h, h->last_peak + in_steps(d, next_s) + d->events.gap + d->events.settle);
}

static bool within(double a, double b, double ratio) {
        return a <= ratio * b && b <= ratio * a;
}

/* In noise a small unit's discharges look now like this one's, now like that one's: but its groups are of one size and length. */
static bool are_alike_groups(const Happening *a, const Happening *b) {
        return a->n_discharges >= GROUP_SEEN_MIN && b->n_discharges >= GROUP_SEEN_MIN && a->channels[0] == b->channels[0] &&
                within((double) a->amplitude_uv, (double) b->amplitude_uv, (double) LARGER) &&
                within(a->last_peak - a->peak, b->last_peak - b->peak, GROUPS_LENGTH);
}

/* The one of the same unit it may follow on. */
static Happening* find_before(Detector *d, const Happening *h) {
        Happening *best = NULL;

        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;
                if (!k->used || (k->form == FORM_BURST && k->n_discharges < GROUP_MIN) || k->form >= FORM_TONE ||
                    !(happening_of_one_unit(h, k) || (k->form < FORM_TRAIN && are_alike_groups(h, k))))
                        continue;

                double gap = h->peak - k->last_peak;
                bool follows = k->form == FORM_TRAIN ? gap <= in_steps(d, TRAIN_NEXT_S) :
                        k->form == FORM_GROUPS ? may_be_of_groups(d, h, k) :
                        gap <= in_steps(d, may_be_group(k) && h->n_discharges >= GROUP_SEEN_MIN ? EVENTS_NEXT_GROUP_S : EVENTS_NEXT_S);
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

/* Where one group is hidden the next is twice as far away. */
static double groups_cv(const Row *row) {
        double usual = INFINITY;
        Rhythm folded = { .n = 0 };

        for (unsigned i = 0; i + 1 < row->n_groups; i++)
                usual = fmin(usual, row->members[i]->peak - row->members[i + 1]->peak);
        for (unsigned i = 0; i + 1 < row->n_groups; i++) {
                double gap = row->members[i]->peak - row->members[i + 1]->peak;
                rhythm_add(&folded, gap > TWO_GROUPS * usual ? gap / 2 : gap);
        }
        return rhythm_cv(&folded);
}

static bool is_grouped(const Row *row) {
        return row->n_groups >= GROUPS_MIN && row->in_groups + 1 >= row->n_groups * GROUP_MIN &&
                fmin(rhythm_cv(&row->groups), groups_cv(row)) <= GROUPS_CV;
}

/* Some in a row, one or two not seen, and some again: the silences are not much longer than the intervals. */
static bool is_broken_train(const Detector *d, const Row *row) {
        Rhythm inside = { .n = 0 }, silences = { .n = 0 };

        for (unsigned i = 0; i < row->n; i++)
                rhythm_join(&inside, &row->members[i]->rhythm);
        for (unsigned i = 0; i < row->n_gaps; i++)
                rhythm_add(&silences, row->gaps[i]);
        return row->n_discharges >= TRAIN_MIN && rhythm_mean(&inside) >= in_steps(d, TRAIN_INTERVAL_MIN_S) &&
                rhythm_cv(&inside) <= TRAIN_CV && rhythm_mean(&silences) <= SILENCE_MAX * rhythm_mean(&inside);
}

/* What came just before, of that place and no larger, though noise made it look like another unit's: the train began with it. */
static void take_beginning(Detector *d, Happening *longer) {
        double reach = HOLES_MAX * rhythm_mean(&longer->rhythm);
        unsigned i = 0;

        while (i < d->happenings.size) {
                Happening *k = d->happenings.waiting + i++;
                double begin = fmin(longer->peak, k->peak);

                if (!k->used || k == longer || k->form >= FORM_TRAIN || !happening_at_place(k, longer) ||
                    k->peak < longer->peak - reach || k->peak > longer->last_peak ||
                    k->amplitude_uv > LARGER * longer->amplitude_uv || !happening_take_in(d, longer, k))
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
                (void) happening_take_in(d, h, row->members[i]);
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
                if (happening_take_in(d, before, h))
                        train_due(d, before);
                return;
        }
        if (before->form == FORM_GROUPS) {
                groups_add(before, h);
                if (happening_take_in(d, before, h))
                        groups_due(d, before);
                return;
        }

        h->before = (int) (before - d->happenings.waiting);
        Row row = row_of(d, h);
        if (is_train(d, &row) || is_train_with_holes(d, &row) || is_broken_train(d, &row)) {
                gather(d, &row, row.n, FORM_TRAIN);
                train_due(d, h);
        } else if (is_grouped(&row)) {
                gather(d, &row, row.n_groups, FORM_GROUPS);
                groups_due(d, h);
        } else {
                twitch_due(d, h);
                for (unsigned i = 1; i < row.n; i++)
                        happening_set_due(d, row.members[i], fmax(row.members[i]->due, h->due));
                if (row.n == ROW_MAX)
                        happening_decide(d, row.members[row.n - 1]);
        }
}

/* Not recognised as the unit of a train or of groups, but there, and no larger. */
bool trains_take(Detector *d, Happening *h) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h || !belongs(d, h, k))
                        continue;
                bool group = k->form == FORM_GROUPS && h->n_discharges >= GROUP_SEEN_MIN;
                Happening part = *h;
                if (!happening_take_in(d, k, h))
                        continue;
                if (group) {
                        groups_add(k, &part);
                        groups_due(d, k);
                }
                return true;
        }
        return false;
}

void trains_add(Detector *d, const Happening *new) {
        Happening copy = *new;

        if (work_takes(d, &copy))
                return;
        Happening *h = happening_wait(d, new), *before = find_before(d, h);
        if (before) {
                follow_on(d, h, before);
                return;
        }
        if (trains_take(d, h))
                return;
        Row row = row_of(d, h);
        if (is_train(d, &row)) {
                h->form = FORM_TRAIN;
                train_due(d, h);
        } else
                twitch_due(d, h);
}

/* A train of which only the largest discharges are seen, one by one, and not as of one unit. */
bool trains_take_faint(Detector *d, Happening *h) {
        if (h->form > FORM_OTHER ||
            !(h->faint || (h->n_discharges == 1 &&
                           classify_before_train(d, d->channels + h->channels[0], h->last_peak, h->snr))))
                return false;
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h || k->form != FORM_TRAIN || !happening_near(h, k) ||
                    h->peak - k->last_peak > in_steps(d, TRAIN_FAINT_S))
                        continue;
                k->last_peak = fmax(k->last_peak, h->last_peak);
                if (!happening_take_in(d, k, h))
                        continue;
                happening_set_due(d, k, fmax(k->due, k->last_peak + in_steps(d, TRAIN_FAINT_S) + in_steps(d, EVENTS_NEXT_S)));
                return true;
        }
        h->form = FORM_TRAIN;
        happening_set_due(d, h, h->last_peak + in_steps(d, TRAIN_FAINT_S) + in_steps(d, EVENTS_NEXT_S));
        return true;
}

/* Too untidy for a multiplet, but after others of its unit it is a group. */
bool trains_is_group(Detector *d, const Happening *h) {
        const Happening *before = h->n_discharges >= GROUP_SEEN_MIN ? find_before(d, h) : NULL;

        return before && (before->form == FORM_GROUPS || before->n_discharges >= GROUP_MIN);
}
