/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An early word of a twitch: as soon as the statistic has passed its maximum, long before it is known what
 * the discharge is part of. Whatever becomes of it answers the notice, see DetectNotice.
 */
#include <math.h>
#include <string.h>

#include "notices.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/conditioning/droop.h"
#include "daemon/detect/crossing.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "assembly.h"
#include "candidates.h"
#include "notice-ids.h"

#define BEAT_ON_TIME 0.15               /* of the period */
#define UNDECIDED_MAX 8u /* of a channel: what keeps on is no single twitch; keeps DETECT_MERGED_MAX */

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

/*
 * The channel is in the middle of something that has been noticed, or of what is known not to be a twitch.
 */
static bool under_way(const Detector *d, const Channel *c, unsigned channel) {
        bool longer;

        if (c->activity.open) {
                const MultichannelActivity *o = d->assembly.open + c->activity.event;
                if (o->notices.id > 0 || o->sustained)
                        return true;
        }
        return candidates_of_channel(d, channel, &longer) >= UNDECIDED_MAX || longer;
}

/*
 * A potential of this moment that a neighbour, too, is about to notice, or has noticed: one notice for both.
 */
static bool noticed_beside(const Detector *d, unsigned channel, int direction, int64_t max_at) {
        for (unsigned i = channel + (unsigned) direction; i < d->config.n_channels;
             i += (unsigned) direction) {
                const Channel *c = d->channels + i;
                if (!c->running)
                        continue;
                if (c->crossing.active && c->crossing.noticed)
                        return fabs((double) (c->crossing.max_at - max_at)) <= d->assembly.neighbour_lag;
                return c->activity.open && d->assembly.open[c->activity.event].notices.id > 0 &&
                        fabs(c->activity.first_peak + d->bank.n_taps / 2.0 - (double) max_at) <=
                        d->assembly.neighbour_lag;
        }
        return false;
}

/*
 * Where a beat of the heart is due, it is known some 30 ms after its R wave whether it was that; the
 * statistic may have its maximum before. While something looks like a beat, it is a matter of milliseconds.
 * What comes before the R wave, where a channel sees that, is noticed when all is seen anew, or not at all.
 */
bool notices_ready(const Detector *d, const Channel *c, int64_t step) {
        const Crossing *x = &c->crossing;
        const EcgTracker *h = &d->ecg;
        bool beat_due = h->known && h->n_beats >= ECG_FIRST_BEATS &&
                fabs((double) step - h->beat - h->period) < BEAT_ON_TIME * h->period;

        return !h->candidate &&
                !ecg_early_due(h, &c->ecg, (double) x->max_at - d->bank.n_taps / 2.0, x->max) &&
                (double) (step - x->max_at) >=
                (beat_due ? d->assembly.notice_wait_heart : d->assembly.notice_wait);
}

void notices_give(Detector *d, unsigned channel) {
        Channel *c = d->channels + channel;
        Crossing *x = &c->crossing;
        const History *h = &c->history;

        x->noticed = true;
        if (c->kept.id > 0) {           /* it has been noticed already */
                x->notice = c->kept.id;
                c->kept.id = 0;
                return;
        }
        if (!d->config.on_notice || under_way(d, c, channel) || noticed_beside(d, channel, -1, x->max_at) ||
            noticed_beside(d, channel, 1, x->max_at))
                return;

        /* The template that answered best ends at max_at. */
        size_t n = (size_t) (h->end - 1 - x->max_at) + d->bank.n_taps;
        if (n > h->fill)
                n = h->fill;
        const float *y = history_window(h, (unsigned) n);
        size_t peak = 0;
        float low = 0, high = 0;
        for (size_t i = 0; i < n; i++) {
                if (fabsf(y[i]) > fabsf(y[peak]))
                        peak = i;
                low = fminf(low, y[i]);
                high = fmaxf(high, y[i]);
        }

        x->notice = ++d->assembly.n_ids;
        d->config.on_notice(
                &(DetectNotice){
                        .id = x->notice,
                        .n_channels = 1,
                        .channels = { channel },
                        .peak = detector_frame_of_step(d, (double) (h->end - (int64_t) n) + (double) peak),
                        .amplitude_uv = (double) ((high - low) *
                                                  droop_gain(&d->droop, h, (double) (h->end - (int64_t) n),
                                                             (double) (h->end - 1))),
                        .snr = (double) x->max,
                },
                d->config.userdata);
}

void notices_take(Detector *d, unsigned channel, NoticeIds *to) {
        Crossing *x = &d->channels[channel].crossing;

        if (notices_merge(to, &(NoticeIds) { .id = x->notice }))
                x->notice = 0;
}

/* What was noticed had been measured before, or there was nothing to measure. */
void notices_settle(Detector *d, unsigned channel) {
        Channel *c = d->channels + channel;
        Crossing *x = &c->crossing;

        if (x->notice > 0 && c->activity.open)
                notices_take(d, channel, &d->assembly.open[c->activity.event].notices);
        if (x->notice == 0)
                return;

        double at = detector_frame_of_step(d, (double) x->max_at - d->bank.n_taps / 2.0);
        DetectEvent event = {
                .id = x->notice, .kind = EVENT_UNCLASSIFIED, .n_channels = 1, .channels = { channel },
                .peak = at, .onset = at, .end = at, .snr = (double) x->max, .discharges = 1,
        };
        x->notice = 0;
        c->n_events++;
        if (d->config.on_event)
                d->config.on_event(&event, d->config.userdata);
}

/*
 * The signal has been corrected and is looked at once more: what is found there again is not noticed again.
 */
void notices_keep(Detector *d, unsigned channel, const NoticeIds *notices) {
        d->channels[channel].kept = *notices;
}

/* Those not found again */
NoticeIds notices_kept(Detector *d, unsigned channel) {
        Channel *c = d->channels + channel;
        Crossing *x = &c->crossing;
        NoticeIds left = c->kept;

        if (left.id > 0 && x->active && !x->noticed) {
                x->noticed = true;
                x->notice = left.id;
                left.id = 0;
        }
        if (left.id == 0 && left.n_merged > 0)
                left.id = left.merged[--left.n_merged];
        c->kept = (NoticeIds) { .id = 0 };
        return left;
}
