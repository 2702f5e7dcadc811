/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One unit, again and again. Its discharges come alone, or in a train, or in groups, and which of them only
 * the next second tells.
 */
#include <math.h>
#include <string.h>

#include "trains.h"
#include "daemon/detect/base/intervals.h"
#include "daemon/detect/base/sort.h"
#include "daemon/detect/detector.h"
#include "assembly.h"
#include "candidate.h"
#include "candidates.h"
#include "classify.h"
#include "contraction.h"
#include "decide.h"

#define ROW_MAX 24u                     /* of one unit, waiting: then the first is decided */
#define TRAIN_INTERVAL_MIN_S 0.045      /* 4 to 20 a second, with their spread */
#define TRAIN_INTERVAL_MAX_S 0.28
#define TRAIN_CV 0.35
#define TRAIN_HOLES_SPREAD 0.2          /* by chance gaps are off their multiples by 0.29 */
#define HOLES_MAX 2.5 /* intervals: from one discharge of a train to the next that is seen */
#define SILENCE_MAX 3.5                 /* intervals: between groups it is longer */
#define TRAIN_NEAR_THRESHOLD_S 1.5
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
static bool may_be_of_groups(const Detector *d, const CandidateEvent *h, const CandidateEvent *groups) {
        double mean = intervals_mean(&groups->groups), since = h->peak - groups->last_group;

        return since <= GROUPS_LATE * mean &&
                (h->n_discharges >= GROUP_SEEN_MIN || fabs(since - mean) <= GROUPS_CV * mean ||
                 h->peak <= groups->last_peak + 2 * d->assembly.gap);
}

static bool belongs(const Detector *d, const CandidateEvent *h, const CandidateEvent *longer) {
        switch (longer->class) {
        case CLASS_UNIT_TRAIN:
                /* a discharge that noise made look like another unit's */
                return h->class < CLASS_UNIT_TRAIN &&
                        h->peak <= longer->last_peak + in_steps(d, UNIT_NEXT_S) &&
                        h->peak >= longer->onset && candidate_at_place(h, longer) &&
                        h->amplitude_uv < LARGER * longer->amplitude_uv;
        case CLASS_GROUPED:
                return h->class < CLASS_UNIT_TRAIN && candidate_at_place(h, longer) &&
                        h->amplitude_uv < LARGER * longer->amplitude_uv && h->peak >= longer->onset &&
                        may_be_of_groups(d, h, longer);
        default:
                return false;
        }
}

static void train_deadline(Detector *d, CandidateEvent *h) {
        candidate_set_deadline(
                d, h, h->last_peak + in_steps(d, TRAIN_NEXT_S) + d->assembly.gap + d->assembly.settle);
}

static void groups_deadline(Detector *d, CandidateEvent *h) {
        candidate_set_deadline(d, h,
                               h->last_group + GROUPS_LATE * intervals_mean(&h->groups) +
                                       in_steps(d, UNIT_NEXT_S) + d->assembly.settle);
}

static bool may_be_group(const CandidateEvent *h) {
        return h->n_discharges >= (h->before >= 0 ? GROUP_SEEN_MIN : GROUP_MIN);
}

static void twitch_deadline(Detector *d, CandidateEvent *h) {
        double next_s = may_be_group(h) ? UNIT_NEXT_GROUP_S : UNIT_NEXT_S;

        candidate_set_deadline(d, h,
                               h->last_peak + in_steps(d, next_s) + d->assembly.gap + d->assembly.settle);
}

static bool within(double a, double b, double ratio) {
        return a <= ratio * b && b <= ratio * a;
}

/*
 * In noise a small unit's discharges look now like this one's, now like that one's: but its groups are of
 * one size and length.
 */
static bool are_alike_groups(const CandidateEvent *a, const CandidateEvent *b) {
        return a->n_discharges >= GROUP_SEEN_MIN && b->n_discharges >= GROUP_SEEN_MIN &&
                a->channels[0] == b->channels[0] &&
                within((double) a->amplitude_uv, (double) b->amplitude_uv, (double) LARGER) &&
                within(a->last_peak - a->peak, b->last_peak - b->peak, GROUPS_LENGTH);
}

/* The one of the same unit it may follow on. */
static CandidateEvent* find_before(Detector *d, const CandidateEvent *h) {
        CandidateEvent *best = NULL;

        for (unsigned i = 0; i < d->candidates.size; i++) {
                CandidateEvent *k = d->candidates.waiting + i;
                if (!k->used || (k->class == CLASS_MULTIUNIT_BURST && k->n_discharges < GROUP_MIN) ||
                    k->class >= CLASS_HIGH_FREQUENCY ||
                    !(candidate_of_one_unit(h, k) ||
                      (k->class < CLASS_UNIT_TRAIN && are_alike_groups(h, k))))
                        continue;

                double gap = h->peak - k->last_peak;
                bool follows = k->class == CLASS_UNIT_TRAIN ? gap <= in_steps(d, TRAIN_NEXT_S) :
                        k->class == CLASS_GROUPED           ? may_be_of_groups(d, h, k) :
                                                              gap <=
                                in_steps(d,
                                         may_be_group(k) && h->n_discharges >= GROUP_SEEN_MIN ?
                                                 UNIT_NEXT_GROUP_S :
                                                 UNIT_NEXT_S);
                if (gap > 0 && follows && (!best || k->last_peak > best->last_peak))
                        best = k;
        }
        return best;
}

static void train_add(CandidateEvent *train, const CandidateEvent *h) {
        intervals_add(&train->intervals, h->peak - train->last_peak);
        intervals_join(&train->intervals, &h->intervals);
        train->last_peak = h->last_peak;
}

static void groups_add(CandidateEvent *groups, const CandidateEvent *h) {
        intervals_add(&groups->groups, h->peak - groups->last_group);
        groups->last_group = h->peak;
        groups->last_peak = h->last_peak;
        groups->n_groups++;
}

typedef struct Row {                    /* of candidate events of one unit, the latest first */
        unsigned n, n_discharges, n_groups, in_groups;
        CandidateEvent *members[ROW_MAX];
        IntervalStats intervals, groups;
        double gaps[ROW_MAX];           /* between members */
        unsigned n_gaps;
} Row;

static Row row_of(Detector *d, CandidateEvent *h) {
        Row row = { .n = 0 };
        bool grouped = true;

        for (;;) {
                row.members[row.n++] = h;
                row.n_discharges += h->n_discharges;
                intervals_join(&row.intervals, &h->intervals);
                grouped = grouped && h->n_discharges >= GROUP_SEEN_MIN;
                row.n_groups += grouped;
                row.in_groups += grouped ? h->n_discharges : 0;
                if (h->before < 0 || row.n == ROW_MAX)
                        return row;

                CandidateEvent *before = d->candidates.waiting + h->before;
                intervals_add(&row.intervals, h->peak - before->last_peak);
                row.gaps[row.n_gaps++] = h->peak - before->last_peak;
                if (grouped && before->n_discharges >= GROUP_SEEN_MIN)
                        intervals_add(&row.groups, h->peak - before->peak);
                h = before;
        }
}

static double typical_gap(const Row *row) {
        double sorted[ROW_MAX];

        memcpy(sorted, row->gaps, row->n_gaps * sizeof *sorted);
        sort_stable(sorted, row->n_gaps, sizeof *sorted, sort_doubles_up);
        return row->n_gaps > 0 ? sorted[row->n_gaps / 3] : 0;
}

/* Of a unit near the threshold some discharges are not seen: the gaps are then multiples of the interval. */
static bool is_train_with_holes(const Detector *d, const Row *row) {
        double typical = typical_gap(row), squares = 0;

        if (row->n_discharges < TRAIN_MIN || row->n_gaps + 1 < TRAIN_MIN ||
            typical < in_steps(d, TRAIN_INTERVAL_MIN_S) || typical > in_steps(d, TRAIN_INTERVAL_MAX_S))
                return false;
        for (unsigned i = 0; i < row->n_gaps; i++) {
                double off = row->gaps[i] / typical - fmax(1, round(row->gaps[i] / typical));
                squares += off * off;
        }
        return sqrt(squares / row->n_gaps) <= TRAIN_HOLES_SPREAD;
}

static bool is_train(const Detector *d, const Row *row) {
        double mean = intervals_mean(&row->intervals);

        return row->n_discharges >= TRAIN_MIN && mean >= in_steps(d, TRAIN_INTERVAL_MIN_S) &&
                mean <= in_steps(d, TRAIN_INTERVAL_MAX_S) &&
                (intervals_cv(&row->intervals) <= TRAIN_CV ||
                 row->members[0]->n_discharges >= LONG_TRAIN_MIN);
}

/* Where one group is hidden the next is twice as far away. */
static double groups_cv(const Row *row) {
        double typical = INFINITY;
        IntervalStats folded = { .n = 0 };

        for (unsigned i = 0; i + 1 < row->n_groups; i++)
                typical = fmin(typical, row->members[i]->peak - row->members[i + 1]->peak);
        for (unsigned i = 0; i + 1 < row->n_groups; i++) {
                double gap = row->members[i]->peak - row->members[i + 1]->peak;
                intervals_add(&folded, gap > TWO_GROUPS * typical ? gap / 2 : gap);
        }
        return intervals_cv(&folded);
}

static bool is_grouped(const Row *row) {
        return row->n_groups >= GROUPS_MIN && row->in_groups + 1 >= row->n_groups * GROUP_MIN &&
                fmin(intervals_cv(&row->groups), groups_cv(row)) <= GROUPS_CV;
}

/*
 * Some in a row, one or two not seen, and some again: the silences are not much longer than the intervals.
 */
static bool is_broken_train(const Detector *d, const Row *row) {
        IntervalStats inside = { .n = 0 }, silences = { .n = 0 };

        for (unsigned i = 0; i < row->n; i++)
                intervals_join(&inside, &row->members[i]->intervals);
        for (unsigned i = 0; i < row->n_gaps; i++)
                intervals_add(&silences, row->gaps[i]);
        return row->n_discharges >= TRAIN_MIN &&
                intervals_mean(&inside) >= in_steps(d, TRAIN_INTERVAL_MIN_S) &&
                intervals_cv(&inside) <= TRAIN_CV &&
                intervals_mean(&silences) <= SILENCE_MAX * intervals_mean(&inside);
}

/*
 * What came just before, of that place and no larger, though noise made it look like another unit's: the
 * train began with it.
 */
static void take_beginning(Detector *d, CandidateEvent *longer) {
        double reach = HOLES_MAX * intervals_mean(&longer->intervals);
        unsigned i = 0;

        while (i < d->candidates.size) {
                CandidateEvent *k = d->candidates.waiting + i++;
                double begin = fmin(longer->peak, k->peak);

                if (!k->used || k == longer || k->class >= CLASS_UNIT_TRAIN ||
                    !candidate_at_place(k, longer) || k->peak < longer->peak - reach ||
                    k->peak > longer->last_peak || k->amplitude_uv > LARGER * longer->amplitude_uv ||
                    !candidate_absorb(d, longer, k))
                        continue;
                if (begin < longer->peak) {
                        longer->peak = begin;
                        i = 0;          /* and what came before that */
                }
        }
}

/* The whole row becomes its latest member. */
static void promote_to_train(Detector *d, const Row *row, unsigned n, CandidateClass class) {
        CandidateEvent *h = row->members[0];
        double last_peak = h->last_peak, last_group = h->peak;

        for (unsigned i = 1; i < n; i++) {
                h->peak = fmin(h->peak, row->members[i]->peak);
                (void) candidate_absorb(d, h, row->members[i]);
        }
        h->class = class;
        h->last_peak = last_peak;
        h->last_group = last_group;
        h->n_groups = n;
        h->intervals = row->intervals;
        h->groups = row->groups;
        h->near_threshold = false;
        if (class == CLASS_UNIT_TRAIN)
                take_beginning(d, h);
}

static void extend(Detector *d, CandidateEvent *h, CandidateEvent *before) {
        if (before->class == CLASS_UNIT_TRAIN) {
                train_add(before, h);
                if (candidate_absorb(d, before, h))
                        train_deadline(d, before);
                return;
        }
        if (before->class == CLASS_GROUPED) {
                groups_add(before, h);
                if (candidate_absorb(d, before, h))
                        groups_deadline(d, before);
                return;
        }

        h->before = (int) (before - d->candidates.waiting);
        Row row = row_of(d, h);
        if (is_train(d, &row) || is_train_with_holes(d, &row) || is_broken_train(d, &row)) {
                promote_to_train(d, &row, row.n, CLASS_UNIT_TRAIN);
                train_deadline(d, h);
        } else if (is_grouped(&row)) {
                promote_to_train(d, &row, row.n_groups, CLASS_GROUPED);
                groups_deadline(d, h);
        } else {
                twitch_deadline(d, h);
                for (unsigned i = 1; i < row.n; i++)
                        candidate_set_deadline(d, row.members[i],
                                               fmax(row.members[i]->deadline, h->deadline));
                if (row.n == ROW_MAX)
                        candidate_decide(d, row.members[row.n - 1]);
        }
}

/* Not recognised as the unit of a train or of groups, but there, and no larger. */
bool trains_take(Detector *d, CandidateEvent *h) {
        for (unsigned i = 0; i < d->candidates.size; i++) {
                CandidateEvent *k = d->candidates.waiting + i;

                if (!k->used || k == h || !belongs(d, h, k))
                        continue;
                bool group = k->class == CLASS_GROUPED && h->n_discharges >= GROUP_SEEN_MIN;
                CandidateEvent part = *h;
                if (!candidate_absorb(d, k, h))
                        continue;
                if (group) {
                        groups_add(k, &part);
                        groups_deadline(d, k);
                }
                return true;
        }
        return false;
}

void trains_add(Detector *d, const CandidateEvent *new) {
        CandidateEvent copy = *new;

        if (contraction_takes(d, &copy))
                return;
        CandidateEvent *h = candidate_wait(d, new), *before = find_before(d, h);
        if (before) {
                extend(d, h, before);
                return;
        }
        if (trains_take(d, h))
                return;
        Row row = row_of(d, h);
        if (is_train(d, &row)) {
                h->class = CLASS_UNIT_TRAIN;
                train_deadline(d, h);
        } else
                twitch_deadline(d, h);
}

/* A train of which only the largest discharges are seen, one by one, and not as of one unit. */
bool trains_take_near_threshold(Detector *d, CandidateEvent *h) {
        if (h->class > CLASS_UNCLASSIFIED ||
            !(h->near_threshold || (h->n_discharges == 1 &&
                           classify_before_train(d, d->channels + h->channels[0], h->last_peak, h->snr))))
                return false;
        for (unsigned i = 0; i < d->candidates.size; i++) {
                CandidateEvent *k = d->candidates.waiting + i;

                if (!k->used || k == h || k->class != CLASS_UNIT_TRAIN || !candidate_near(h, k) ||
                    h->peak - k->last_peak > in_steps(d, TRAIN_NEAR_THRESHOLD_S))
                        continue;
                k->last_peak = fmax(k->last_peak, h->last_peak);
                if (!candidate_absorb(d, k, h))
                        continue;
                candidate_set_deadline(
                        d, k,
                        fmax(k->deadline,
                             k->last_peak + in_steps(d, TRAIN_NEAR_THRESHOLD_S) + in_steps(d, UNIT_NEXT_S)));
                return true;
        }
        h->class = CLASS_UNIT_TRAIN;
        candidate_set_deadline(
                d, h, h->last_peak + in_steps(d, TRAIN_NEAR_THRESHOLD_S) + in_steps(d, UNIT_NEXT_S));
        return true;
}

/* Too untidy for a multiplet, but after others of its unit it is a group. */
bool trains_is_group(Detector *d, const CandidateEvent *h) {
        const CandidateEvent *before = h->n_discharges >= GROUP_SEEN_MIN ? find_before(d, h) : NULL;

        return before && (before->class == CLASS_GROUPED || before->n_discharges >= GROUP_MIN);
}
