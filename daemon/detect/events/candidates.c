/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Candidates that wait: closed, but perhaps part of something longer. Each has a step at which it is decided
 * if nothing comes; and what becomes part of another goes on in it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "candidates.h"
#include "daemon/detect/artefacts/artefact.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/exposure.h"
#include "candidate.h"
#include "decide.h"
#include "notice-ids.h"

#define WAITING_BASE 32u
#define WAITING_PER_CHANNEL 12u
#define BEAT_ON_TIME 0.2                /* of the period */
#define LOCKED_MIN 3u                   /* of ten twitches, by chance, once in some fifty hearts */

int candidates_init(Detector *d) {
        unsigned size = WAITING_BASE + WAITING_PER_CHANNEL * d->config.n_channels;

        d->candidates = (Candidates) {
                .waiting = calloc(size, sizeof *d->candidates.waiting),
                .size = size,
                .next_deadline = INFINITY,
        };
        return d->candidates.waiting ? 0 : -ENOMEM;
}

void candidates_done(Detector *d) {
        free(d->candidates.waiting);
}

/* The next one that waits, or the first. */
static CandidateEvent* next_waiting(const Detector *d, const CandidateEvent *h) {
        const Candidates *w = &d->candidates;

        for (size_t i = h ? (size_t) (h - w->waiting) + 1 : 0; i < w->size; i++)
                if (w->waiting[i].used)
                        return w->waiting + i;
        return NULL;
}

/* --- places --- */

bool candidate_near(const CandidateEvent *a, const CandidateEvent *b) {
        for (size_t i = 0; i < a->n_channels; i++)
                for (size_t k = 0; k < b->n_channels; k++)
                        if (a->channels[i] == b->channels[k])
                                return true;
        return false;
}

/*
 * Of the same place: where it is seen best the longer one is seen, too. A neighbour's, at the same time by
 * chance, is another.
 */
bool candidate_at_place(const CandidateEvent *h, const CandidateEvent *longer) {
        for (size_t i = 0; i < longer->n_channels; i++)
                if (longer->channels[i] == h->channels[0])
                        return true;
        return false;
}

bool candidate_of_one_unit(const CandidateEvent *a, const CandidateEvent *b) {
        if (!candidate_at_place(a, b))
                return false;
        for (size_t i = 0; i < a->n_channels; i++)
                for (size_t k = 0; k < b->n_channels; k++)
                        if (a->channels[i] == b->channels[k] && a->units[i] > 0 &&
                            a->units[i] == b->units[k])
                                return true;
        return false;
}

/* Undecided ones of a channel; is one of them known to be more than a twitch? */
unsigned candidates_of_channel(const Detector *d, unsigned channel, bool *ret_longer) {
        const Candidates *w = &d->candidates;
        unsigned n = 0, left = w->n;

        *ret_longer = false;
        for (unsigned i = 0; left > 0; i++) {
                const CandidateEvent *h = w->waiting + i;
                if (!h->used)
                        continue;
                left--;
                for (size_t k = 0; k < h->n_channels; k++)
                        if (h->channels[k] == channel) {
                                n++;
                                *ret_longer = *ret_longer || h->class >= CLASS_UNIT_TRAIN;
                        }
        }
        return n;
}

/* --- coming, and going --- */

void candidate_forget(Detector *d, CandidateEvent *h) {
        Candidates *w = &d->candidates;
        int index = (int) (h - w->waiting);

        h->used = false;
        w->n--;
        for (unsigned i = 0; i < w->size; i++)
                if (w->waiting[i].used && w->waiting[i].before == index)
                        w->waiting[i].before = -1;
}

void candidate_set_deadline(Detector *d, CandidateEvent *h, double deadline) {
        h->deadline = deadline;
        d->candidates.next_deadline = fmin(d->candidates.next_deadline, deadline);
}

CandidateEvent* candidate_wait(Detector *d, const CandidateEvent *h) {
        Candidates *w = &d->candidates;
        CandidateEvent *place = NULL, *first = NULL;

        for (unsigned i = 0; i < w->size && !place; i++) {
                CandidateEvent *k = w->waiting + i;
                if (!k->used)
                        place = k;
                else if (!first || k->deadline < first->deadline)
                        first = k;
        }
        if (!place) {
                candidate_decide(d, first);
                place = first;
        }
        *place = *h;
        place->used = true;
        place->before = -1;
        place->deadline = INFINITY;
        w->n++;
        return place;
}

/* Its notices go on as those of what it is part of; false: so many that they cannot. */
bool candidate_absorb(Detector *d, CandidateEvent *into, CandidateEvent *part) {
        if (!notices_merge(&into->notices, &part->notices))
                return false;
        into->onset = fmin(into->onset, part->onset);
        into->end = fmax(into->end, part->end);
        into->amplitude_uv = fmaxf(into->amplitude_uv, part->amplitude_uv);
        into->snr = fmaxf(into->snr, part->snr);
        into->n_discharges += part->n_discharges;
        if (part->used)
                candidate_forget(d, part);
        return true;
}

static void was_beat(Detector *d, CandidateEvent *h) {
        artefact_report(d, ARTEFACT_ECG, &h->notices, h->channels, h->n_channels,
                        detector_frame_of_step(d, h->onset), detector_frame_of_step(d, h->end));
        for (size_t k = 0; k < h->n_channels; k++)
                exposure_exclude(d, d->channels + h->channels[k], h->onset, h->end, EXCLUSION_ECG);
        candidate_forget(d, h);
}

/* A heart is known now: what waits at even periods before this beat of it was of it; if its pace is even. */
void candidates_were_beats(Detector *d, double beat, double period, bool even) {
        for (CandidateEvent *h = next_waiting(d, NULL); h; h = next_waiting(d, h)) {
                double periods = (beat - h->peak) / period;

                if (h->slow && h->class != CLASS_CONTRACTION &&
                    (!even || fabs(periods - round(periods)) <= BEAT_ON_TIME))
                        was_beat(d, h);
        }
}

/* Of those that wait, so many are of one size and came at the same time from a beat. */
static unsigned n_locked_with(const Detector *d, const CandidateEvent *h) {
        double rate_hz = d->step_rate_hz, lag_s = slow_beats_since(&d->ecg.slow, h->peak) / rate_hz;
        unsigned n = 0;

        for (const CandidateEvent *k = next_waiting(d, NULL); k; k = next_waiting(d, k))
                n += k->channels[0] == h->channels[0] &&
                        beat_locked_alike(lag_s, slow_beats_since(&d->ecg.slow, k->peak) / rate_hz,
                                          h->amplitude_uv, k->amplitude_uv);
        return n;
}

/* The same of one whose beats are known from below the band, each of the latest. */
void candidates_at_slow_beats(Detector *d) {
        for (CandidateEvent *h = next_waiting(d, NULL); h; h = next_waiting(d, h))
                h->was_beat = h->class != CLASS_CONTRACTION &&
                        (ecg_at_slow_beat(&d->ecg, h->channels[0], h->peak, h->amplitude_uv) ||
                         ecg_near_unsubtracted_beat(d, h->channels[0], h->peak, d->assembly.beat_width) ||
                         n_locked_with(d, h) >= LOCKED_MIN);
        for (CandidateEvent *h = next_waiting(d, NULL); h; h = next_waiting(d, h))
                if (h->was_beat)
                        was_beat(d, h);
}

/* What was seen of a candidate event's first discharge where it is seen best, as the signal is known now. */
static float statistic_now(const Detector *d, const CandidateEvent *h) {
        const Channel *c = d->channels + h->channels[0];
        int64_t from = (int64_t) h->peak, to = from + d->bank.n_taps;
        float most = 0;

        for (int64_t s = from; s <= to && s <= d->step; s++)
                most = fmaxf(most, channel_statistic(d, c, s, d->outputs));
        return most;
}

/*
 * A beat has been subtracted from a step on. What was closed by what came after it, and is not seen any
 * more, was of it.
 */
void candidates_without_beat(Detector *d, int64_t from) {
        for (CandidateEvent *h = next_waiting(d, NULL); h; h = next_waiting(d, h))
                if (h->class <= CLASS_UNCLASSIFIED && h->onset > (double) from &&
                    d->channels[h->channels[0]].running && statistic_now(d, h) < d->threshold)
                        was_beat(d, h);
}

/* What a channel alone saw from a step on is not to be believed. */
void candidates_drop(Detector *d, unsigned channel, double from, NoticeIds *notices) {
        for (CandidateEvent *h = next_waiting(d, NULL); h; h = next_waiting(d, h))
                if (h->class < CLASS_UNIT_TRAIN && h->n_channels == 1 && h->channels[0] == channel &&
                    h->peak >= from && notices_merge(notices, &h->notices))
                        candidate_forget(d, h);
}
