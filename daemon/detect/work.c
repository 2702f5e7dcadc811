/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What takes in all that comes with it: a muscle at work, a jerk of the whole body, the tone of a unit too fast for
 * single potentials. What many units do at one site may be a jerk, or begin a contraction.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"
#include "detect.h"
#include "detector.h"
#include "events.h"
#include "happening.h"
#include "trains.h"
#include "waiting.h"

#define TONE_BESIDE_S 0.12              /* the first and the last potential of a run, which stand alone */
#define BURST_LONG_S 0.1
#define BURST_BEFORE_S 0.3
#define JERK_S 0.15
#define JERK_APART 2                    /* channels: not neighbours */
#define WORK_SEEN_AFAR 0.6f             /* of its size, at most: beside the muscle its potentials are smaller */
#define WORK_CLOSING_S 0.35             /* what is in it may be decided so long after it */
#define WORK_JOINED_S 0.5
#define ACCOMPANIED 0.5                 /* of the time */

/* Two sites that are no neighbours. */
static bool wide(const Happening *h) {
        for (size_t i = 1; i < h->n_channels; i++)
                for (size_t k = 0; k < i; k++)
                        if (abs((int) h->channels[i] - (int) h->channels[k]) >= JERK_APART)
                                return true;
        return false;
}

/* The k-th of another happening. */
static void add_channel(Happening *h, const Happening *other, size_t k) {
        size_t i = 0;

        while (i < h->n_channels && h->channels[i] != other->channels[k])
                i++;
        if (i == DETECT_EVENT_CHANNELS_MAX)
                return;
        if (i == h->n_channels) {
                h->channels[i] = other->channels[k];
                h->lags[i] = NAN;
                h->units[i] = other->units[k];
                h->work_from[i] = INFINITY;
                h->work_to[i] = -INFINITY;
                h->n_channels++;
        }
        h->work_from[i] = fmin(h->work_from[i], other->work_from[k]);
        h->work_to[i] = fmax(h->work_to[i], other->work_to[k]);
}

/* Channels that saw the muscle at work: nothing else is seen there meanwhile. */
static void add_channels(Happening *work, const Happening *seen) {
        for (size_t k = 0; k < seen->n_channels; k++)
                add_channel(work, seen, k);
}

/* Of several sites: the strongest first. */
static bool join(Detector *d, Happening *into, Happening *other) {
        Happening stronger = other->snr > into->snr ? *other : *into, weaker = other->snr > into->snr ? *into : *other;
        double peak = fmin(into->peak, other->peak);

        if (!happening_take_in(d, into, other))
                return false;
        memcpy(into->channels, stronger.channels, sizeof into->channels);
        memcpy(into->units, stronger.units, sizeof into->units);
        memcpy(into->lags, stronger.lags, sizeof into->lags);
        memcpy(into->work_from, stronger.work_from, sizeof into->work_from);
        memcpy(into->work_to, stronger.work_to, sizeof into->work_to);
        into->n_channels = stronger.n_channels;
        for (size_t i = 0; i < weaker.n_channels; i++)
                add_channel(into, &weaker, i);
        into->peak = peak;
        return true;
}

/* --- what is part of something longer --- */

static bool during(const Happening *h, const Happening *longer, double beside) {
        return h->last_peak >= longer->onset - beside && h->peak <= longer->end + beside;
}

/* Another channel of the muscle that works. */
static bool sees_muscle_of(const Happening *h, const Happening *work) {
        for (unsigned i = 0; i < h->n_beside; i++)
                for (size_t k = 0; k < work->n_channels; k++)
                        if (h->beside[i] == work->channels[k])
                                return true;
        return false;
}

static bool belongs(const Detector *d, const Happening *h, const Happening *longer) {
        switch (longer->form) {
        case FORM_WORK:
                return h->form < FORM_TRAIN && during(h, longer, in_steps(d, EVENTS_BESIDE_WORK_S)) &&
                        (happening_near(h, longer) ||
                         (sees_muscle_of(h, longer) && h->amplitude_uv < WORK_SEEN_AFAR * longer->amplitude_uv));
        case FORM_JERK:
                return h->form < FORM_TRAIN && during(h, longer, in_steps(d, JERK_S));
        case FORM_TONE:
                return h->form < FORM_TRAIN && during(h, longer, in_steps(d, TONE_BESIDE_S)) &&
                        happening_near(h, longer);
        default:
                return false;
        }
}

bool work_takes(Detector *d, Happening *h) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;
                double end = k->end, onset = k->onset;
                Happening part = *h;

                if (!k->used || !belongs(d, h, k) || !happening_take_in(d, k, h))
                        continue;
                if (k->form == FORM_WORK) {     /* what belongs to it for being near does not make it longer */
                        k->end = end;
                        k->onset = onset;
                        add_channels(k, &part);
                }
                if (k->form == FORM_TONE)
                        k->end = fmax(end, h->last_peak);
                return true;
        }
        return false;
}

/* Units that join one by one at the beginning of work: each within half a second of the next. */
static bool leads_to(const Detector *d, const Happening *h, const Happening *work, double onset) {
        return work->form == FORM_WORK && h->form < FORM_TRAIN && happening_near(h, work) && h->peak < onset &&
                h->last_peak >= onset - in_steps(d, EVENTS_BESIDE_WORK_S);
}

static void swallow(Detector *d, Happening *longer) {
        double end = longer->end, onset = longer->onset, reach = onset;
        unsigned i = 0;

        while (i < d->happenings.size) {
                Happening *k = d->happenings.waiting + i++;

                if (!k->used || k == longer)
                        continue;
                double begin = k->onset;
                if (leads_to(d, k, longer, reach) && happening_take_in(d, longer, k)) {
                        reach = fmin(reach, begin);
                        i = 0;          /* it may have been led to, too */
                        continue;
                }
                Happening part = *k;
                if (belongs(d, k, longer) && happening_take_in(d, longer, k) && longer->form == FORM_WORK)
                        add_channels(longer, &part);
        }
        if (longer->form == FORM_WORK) {
                longer->end = end;
                longer->onset = onset;
        }
}

/* Two muscles, at once: that is wanted. */
static void accompany(Happening *a, Happening *b) {
        double both = fmin(a->end, b->end) - fmax(a->onset, b->onset);

        a->accompanied = a->accompanied || both > ACCOMPANIED * (a->end - a->onset);
        b->accompanied = b->accompanied || both > ACCOMPANIED * (b->end - b->onset);
}

void work_add(Detector *d, const Happening *new, double step) {
        Happening *h = happening_wait(d, new);

        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *k = d->happenings.waiting + i;

                if (!k->used || k == h)
                        continue;
                bool together = k->onset <= h->end + in_steps(d, WORK_JOINED_S) &&
                        h->onset <= k->end + in_steps(d, WORK_JOINED_S);
                if (together && (k->form == FORM_WORK || k->form == FORM_JERK) && happening_near(h, k))
                        (void) join(d, h, k);
                else if (k->form == FORM_WORK)
                        accompany(h, k);
        }
        swallow(d, h);
        happening_set_due(d, h, step + in_steps(d, WORK_CLOSING_S));
}

/* What comes so shortly before a burst of the same muscle is its beginning, and no twitch at rest. */
static void doubt_before(Detector *d, const Happening *burst) {
        for (unsigned i = 0; i < d->happenings.size && burst->end - burst->onset > in_steps(d, BURST_LONG_S); i++) {
                Happening *k = d->happenings.waiting + i;
                double before = burst->onset - k->last_peak;

                if (k->used && k->form == FORM_TWITCH && before > 0 && before < in_steps(d, BURST_BEFORE_S) &&
                    happening_near(burst, k))
                        k->form = FORM_OTHER;
        }
}

void burst_add(Detector *d, const Happening *new, double step) {
        Happening copy = *new;

        if (work_takes(d, &copy))
                return;
        Happening *h = happening_wait(d, new);
        if (trains_take(d, h))
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
        happening_set_due(d, h, step + in_steps(d, EVENTS_NEXT_S));
}

void tone_add(Detector *d, const Happening *new, double step) {
        Happening *h = happening_wait(d, new);

        swallow(d, h);
        happening_set_due(d, h, step + in_steps(d, EVENTS_NEXT_S));
}
