/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What takes in all that comes with it: a muscle at work, a jerk of the whole body, the tone of a unit too
 * fast for single potentials. What many units do at one site may be a jerk, or begin a contraction.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contraction.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "assembly.h"
#include "candidate.h"
#include "candidates.h"
#include "trains.h"

#define HIGH_FREQUENCY_BESIDE_S 0.12    /* the first and the last potential of a run, which stand alone */
#define BURST_LONG_S 0.1
#define BURST_BEFORE_S 0.3
#define JERK_S 0.15
#define JERK_APART 2                    /* channels: not neighbours */
#define CONTRACTION_SEEN_AFAR 0.6f /* of its size, at most: beside the muscle its potentials are smaller */
#define CONTRACTION_CLOSING_S 0.35      /* what is in it may be decided so long after it */
#define CONTRACTION_MERGED_S 0.5
#define ACCOMPANIED 0.5                 /* of the time */

/* Two sites that are no neighbours. */
static bool is_multisite(const CandidateEvent *h) {
        for (size_t i = 1; i < h->n_channels; i++)
                for (size_t k = 0; k < i; k++)
                        if (abs((int) h->channels[i] - (int) h->channels[k]) >= JERK_APART)
                                return true;
        return false;
}

/* The k-th of another candidate event. */
static void add_channel(CandidateEvent *h, const CandidateEvent *other, size_t k) {
        size_t i = 0;

        while (i < h->n_channels && h->channels[i] != other->channels[k])
                i++;
        if (i == DETECT_EVENT_CHANNELS_MAX)
                return;
        if (i == h->n_channels) {
                h->channels[i] = other->channels[k];
                h->lags[i] = NAN;
                h->units[i] = other->units[k];
                h->contraction_from[i] = INFINITY;
                h->contraction_to[i] = -INFINITY;
                h->n_channels++;
        }
        h->contraction_from[i] = fmin(h->contraction_from[i], other->contraction_from[k]);
        h->contraction_to[i] = fmax(h->contraction_to[i], other->contraction_to[k]);
}

/* Channels that saw the muscle at work: nothing else is seen there meanwhile. */
static void add_channels(CandidateEvent *contraction, const CandidateEvent *seen) {
        for (size_t k = 0; k < seen->n_channels; k++)
                add_channel(contraction, seen, k);
}

/* Of several sites: the strongest first. */
static bool merge(Detector *d, CandidateEvent *into, CandidateEvent *other) {
        CandidateEvent stronger = other->snr > into->snr ? *other : *into,
                       weaker = other->snr > into->snr ? *into : *other;
        double peak = fmin(into->peak, other->peak);

        if (!candidate_absorb(d, into, other))
                return false;
        memcpy(into->channels, stronger.channels, sizeof into->channels);
        memcpy(into->units, stronger.units, sizeof into->units);
        memcpy(into->lags, stronger.lags, sizeof into->lags);
        memcpy(into->contraction_from, stronger.contraction_from, sizeof into->contraction_from);
        memcpy(into->contraction_to, stronger.contraction_to, sizeof into->contraction_to);
        into->n_channels = stronger.n_channels;
        for (size_t i = 0; i < weaker.n_channels; i++)
                add_channel(into, &weaker, i);
        into->peak = peak;
        return true;
}

/* --- what is part of something longer --- */

static bool during(const CandidateEvent *h, const CandidateEvent *longer, double beside) {
        return h->last_peak >= longer->onset - beside && h->peak <= longer->end + beside;
}

/* Another channel of the muscle that works. */
static bool sees_muscle_of(const CandidateEvent *h, const CandidateEvent *contraction) {
        for (unsigned i = 0; i < h->n_beside; i++)
                for (size_t k = 0; k < contraction->n_channels; k++)
                        if (h->beside[i] == contraction->channels[k])
                                return true;
        return false;
}

static bool belongs(const Detector *d, const CandidateEvent *h, const CandidateEvent *longer) {
        switch (longer->class) {
        case CLASS_CONTRACTION:
                return h->class < CLASS_UNIT_TRAIN && during(h, longer, in_steps(d, BESIDE_CONTRACTION_S)) &&
                        (candidate_near(h, longer) ||
                         (sees_muscle_of(h, longer) &&
                          h->amplitude_uv < CONTRACTION_SEEN_AFAR * longer->amplitude_uv));
        case CLASS_MULTISITE_JERK:
                return h->class < CLASS_UNIT_TRAIN && during(h, longer, in_steps(d, JERK_S));
        case CLASS_HIGH_FREQUENCY:
                return h->class < CLASS_UNIT_TRAIN &&
                        during(h, longer, in_steps(d, HIGH_FREQUENCY_BESIDE_S)) && candidate_near(h, longer);
        default:
                return false;
        }
}

bool contraction_takes(Detector *d, CandidateEvent *h) {
        for (unsigned i = 0; i < d->candidates.size; i++) {
                CandidateEvent *k = d->candidates.waiting + i;
                double end = k->end, onset = k->onset;
                CandidateEvent part = *h;

                if (!k->used || !belongs(d, h, k) || !candidate_absorb(d, k, h))
                        continue;
                /* what belongs to it for being near does not make it longer */
                if (k->class == CLASS_CONTRACTION) {
                        k->end = end;
                        k->onset = onset;
                        add_channels(k, &part);
                }
                if (k->class == CLASS_HIGH_FREQUENCY)
                        k->end = fmax(end, h->last_peak);
                return true;
        }
        return false;
}

/* Units that join one by one at the beginning of work: each within half a second of the next. */
static bool recruits_into(const Detector *d, const CandidateEvent *h, const CandidateEvent *contraction,
                          double onset) {
        return contraction->class == CLASS_CONTRACTION && h->class < CLASS_UNIT_TRAIN &&
                candidate_near(h, contraction) && h->peak < onset &&
                h->last_peak >= onset - in_steps(d, BESIDE_CONTRACTION_S);
}

static void absorb_all(Detector *d, CandidateEvent *longer) {
        double end = longer->end, onset = longer->onset, reach = onset;
        unsigned i = 0;

        while (i < d->candidates.size) {
                CandidateEvent *k = d->candidates.waiting + i++;

                if (!k->used || k == longer)
                        continue;
                double begin = k->onset;
                if (recruits_into(d, k, longer, reach) && candidate_absorb(d, longer, k)) {
                        reach = fmin(reach, begin);
                        i = 0;          /* it may have been led to, too */
                        continue;
                }
                CandidateEvent part = *k;
                if (belongs(d, k, longer) && candidate_absorb(d, longer, k) &&
                    longer->class == CLASS_CONTRACTION)
                        add_channels(longer, &part);
        }
        if (longer->class == CLASS_CONTRACTION) {
                longer->end = end;
                longer->onset = onset;
        }
}

/* Two muscles, at once: that is wanted. */
static void accompany(CandidateEvent *a, CandidateEvent *b) {
        double both = fmin(a->end, b->end) - fmax(a->onset, b->onset);

        a->accompanied = a->accompanied || both > ACCOMPANIED * (a->end - a->onset);
        b->accompanied = b->accompanied || both > ACCOMPANIED * (b->end - b->onset);
}

void contraction_add(Detector *d, const CandidateEvent *new, double step) {
        CandidateEvent *h = candidate_wait(d, new);

        for (unsigned i = 0; i < d->candidates.size; i++) {
                CandidateEvent *k = d->candidates.waiting + i;

                if (!k->used || k == h)
                        continue;
                bool together = k->onset <= h->end + in_steps(d, CONTRACTION_MERGED_S) &&
                        h->onset <= k->end + in_steps(d, CONTRACTION_MERGED_S);
                if (together && (k->class == CLASS_CONTRACTION || k->class == CLASS_MULTISITE_JERK) &&
                    candidate_near(h, k))
                        (void) merge(d, h, k);
                else if (k->class == CLASS_CONTRACTION)
                        accompany(h, k);
        }
        absorb_all(d, h);
        candidate_set_deadline(d, h, step + in_steps(d, CONTRACTION_CLOSING_S));
}

/* What comes so shortly before a burst of the same muscle is its beginning, and no twitch at rest. */
static void demote_preceding(Detector *d, const CandidateEvent *burst) {
        for (unsigned i = 0; i < d->candidates.size && burst->end - burst->onset > in_steps(d, BURST_LONG_S);
             i++) {
                CandidateEvent *k = d->candidates.waiting + i;
                double before = burst->onset - k->last_peak;

                if (k->used && k->class == CLASS_FASCICULATION && before > 0 &&
                    before < in_steps(d, BURST_BEFORE_S) && candidate_near(burst, k))
                        k->class = CLASS_UNCLASSIFIED;
        }
}

void burst_add(Detector *d, const CandidateEvent *new, double step) {
        CandidateEvent copy = *new;

        if (contraction_takes(d, &copy))
                return;
        CandidateEvent *h = candidate_wait(d, new);
        if (trains_take(d, h))
                return;
        demote_preceding(d, h);
        for (unsigned i = 0; i < d->candidates.size; i++) {
                CandidateEvent *k = d->candidates.waiting + i;

                if (!k->used || k == h ||
                    (k->class != CLASS_MULTIUNIT_BURST && k->class != CLASS_MULTISITE_JERK))
                        continue;
                if (fabs(k->onset - h->onset) <= in_steps(d, JERK_S))
                        (void) merge(d, h, k);
        }
        if (is_multisite(h)) {
                h->class = CLASS_MULTISITE_JERK;
                absorb_all(d, h);
        }
        candidate_set_deadline(d, h, step + in_steps(d, UNIT_NEXT_S));
}

void high_frequency_add(Detector *d, const CandidateEvent *new, double step) {
        CandidateEvent *h = candidate_wait(d, new);

        absorb_all(d, h);
        candidate_set_deadline(d, h, step + in_steps(d, UNIT_NEXT_S));
}
