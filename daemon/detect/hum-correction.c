/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a channel shows for some cycles that its hum has changed, what is left of it is added to what
 * mains.c knows, and what was seen since is taken back. An electrode that floats is an antenna: it has
 * millivolts of hum.
 */
#include <math.h>

#include "channel.h"
#include "daemon/detect/artefacts/artefact.h"
#include "daemon/detect/artefacts/hum.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/potentials/units.h"
#include "detect.h"
#include "detector.h"
#include "exposure.h"
#include "hum-correction.h"

/* Numbers chosen by the cases of tests/unit/test-hum.c. */
#define LOOK_S 0.01                     /* longer: a change is seen later, and less is computed */
#define CORRECT_PERIODS 2u              /* the latest, in which the filters have settled */
#define BEGIN_PERIODS 3u                /* more: less of the noise, and the start takes longer */
#define BEGUN_S 0.3                     /* what has gone on for longer is no matter of a change */
#define FLOATS_UV 3000.0f               /* of hum; on skin, unshielded, some hundred */
#define TOUCHES_UV 1000.0f
#define FLOATS_AFTER_S 1.0              /* an electrode that touches again drifts */

/* The signal has begun with another phase and size than it had at the end of the lead-in. */
void hum_begin(Detector *d, Channel *c, unsigned channel) {
        unsigned n = (unsigned) lround(BEGIN_PERIODS * d->step_rate_hz / d->mains.hz);

        if (d->mains.known &&
            c->frames < 2 * d->highpass.length + d->decimator.length_frames + n * d->decimator.decimation) {
                mains_channel_listen(&d->mains, channel, 2);    /* the filters have not settled yet */
                return;
        }
        if (d->mains.known)
                mains_channel_correct(&d->mains, channel, c->history.y + c->history.fill - n, n);
        c->hum.begins = false;
}

static void report(Detector *d, unsigned channel, ArtefactCause cause, double from, double to,
                   const NoticeIds *notices) {
        artefact_report(d, cause, notices, &channel, 1, detector_frame_of_step(d, from),
                        detector_frame_of_step(d, to));
}

bool hum_correct(Detector *d, Channel *c, unsigned channel, int64_t step) {
        double period = d->step_rate_hz / d->mains.hz, begun = (double) step - BEGUN_S * d->step_rate_hz;

        if (!d->mains.known || step < c->hum.look_at)
                return false;
        c->hum.look_at = step + (int64_t) (LOOK_S * d->step_rate_hz);
        bool under_way = c->activity.open && (c->activity.sustained || c->activity.onset < begun);
        unsigned n_periods = hum_changed_for(&c->history, period, under_way,
                                             d->step_rate_hz < UNIT_RATE_HZ_MIN);
        if (n_periods == 0)
                return false;
        unsigned n = (unsigned) lround(CORRECT_PERIODS * period);
        mains_channel_correct(&d->mains, channel, c->history.y + c->history.fill - n, n);
        c->hum.look_at = step + (int64_t) (n_periods * period);
        if (under_way || c->hum.floats)
                return true;
        hum_dismiss(d, c, channel, (double) step - n_periods * period, step);
        return true;
}

void hum_dismiss(Detector *d, Channel *c, unsigned channel, double from, int64_t step) {
        NoticeIds notices = { .id = 0 };

        from = fmin(from, c->activity.open ? c->activity.onset : INFINITY);
        assembly_drop(d, channel, &notices);
        c->crossing.active = false;
        c->measured_until = (double) step + 1;
        for (unsigned i = 0; i < SUBTHRESHOLD_PEAKS; i++)
                if (c->subthreshold_peaks[i].step >= from)
                        c->subthreshold_peaks[i] = (SubthresholdPeak) { .step = -INFINITY };
        exposure_exclude(d, c, from, (double) step + 1, EXCLUSION_MAINS);
        report(d, channel, ARTEFACT_MAINS, from, (double) step, &notices);
}

void hum_check_size(Detector *d, Channel *c, unsigned channel, int64_t step) {
        Hum *h = &c->hum;
        float uv = mains_channel_size_uv(&d->mains, channel);

        if (uv > (h->floats ? TOUCHES_UV : FLOATS_UV)) {
                if (!h->floats) {
                        NoticeIds notices = { .id = 0 };

                        h->floats = true;
                        h->floats_from = (double) step;
                        if (c->settled) {
                                assembly_drop(d, channel, &notices);
                                if (notices.id > 0)
                                        report(d, channel, ARTEFACT_LEAD_OFF, (double) step, (double) step,
                                               &notices);
                        }
                        c->crossing.active = false;
                }
                h->floats_until = (double) step + FLOATS_AFTER_S * d->step_rate_hz;
        } else if (h->floats && (double) step >= h->floats_until)
                hum_finish(d, c, channel);
}

void hum_finish(Detector *d, Channel *c, unsigned channel) {
        if (c->hum.floats)
                report(d, channel, ARTEFACT_LEAD_OFF, c->hum.floats_from,
                       fmin((double) d->step, c->hum.floats_until), &(NoticeIds) { .id = 0 });
        c->hum.floats = false;
}
