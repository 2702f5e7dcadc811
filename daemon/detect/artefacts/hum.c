/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hum that has changed. mains.c follows slowly, for a twitch to leave nothing behind, and by what is
 * clipped. A plug that is touched, a lamp, another recorder's lost samples change amplitude or phase
 * at once, and what is then left looks like a muscle at work. But no muscle repeats itself from one
 * cycle of the mains to the next, with nearly all of its energy in one harmonic. Where a channel shows
 * that for some cycles, what is left is added to what mains.c knows, and what was seen since is taken
 * back.
 *
 * An electrode that floats is an antenna: it has millivolts of hum.
 */
#include <math.h>

#include "artefact.h"
#include "daemon/detect/base/interpolate.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/exposure.h"
#include "daemon/detect/potentials/units.h"
#include "hum.h"

#define LOOK_S 0.01
#define QUICK_PERIODS 4u                /* enough where hardly anything else is left ... */
#define QUICK_ALIKE 0.75f               /* correlation from period to period: a hum of 2.5 sigma */
#define SLOW_PERIODS 8u                 /* ... and where noise is as large */
#define SLOW_ALIKE 0.5f
#define NARROW_ALIKE 0.9f
#define CORRECT_PERIODS 2u              /* the latest, in which the filters have settled */
#define ALONE 0.55f                     /* of the energy, in one harmonic; of a train at 50 a second 0.4 */
#define HARMONICS 2u                    /* a unit may discharge 150 times a second, a tone by itself */
#define BEGUN_S 0.3                     /* what has gone on for longer is no matter of a change */
#define FLOATS_UV 3000.0f               /* of hum; on skin, unshielded, some hundred */
#define TOUCHES_UV 1000.0f
#define FLOATS_AFTER_S 1.0              /* an electrode that touches again drifts */

/* How much of the energy the strongest of the first harmonics has. */
static float strongest_harmonic(const float *y, unsigned n, double period_steps) {
        float most = 0, all = 0;

        for (unsigned i = 0; i < n; i++)
                all += y[i] * y[i];
        for (unsigned k = 1; k <= HARMONICS; k++) {
                double re = 0, im = 0;

                for (unsigned i = 0; i < n; i++) {
                        double phase = 2 * M_PI * k * i / period_steps;
                        re += (double) y[i] * cos(phase);
                        im += (double) y[i] * sin(phase);
                }
                most = fmaxf(most, (float) ((re * re + im * im) * 2 / n));
        }
        return all > 0 ? most / all : 0;
}

/* Is the signal of these steps one of that period, by so much, and nearly all of it one harmonic? */
bool hum_is(const History *h, double from, double to, double period_steps, float alike, float alone) {
        int64_t base = h->end - (int64_t) h->fill, first = (int64_t) ceil(from + period_steps) - base;
        int64_t end = (int64_t) to - base;
        double whole = floor(period_steps);
        float weights[4], ab = 0, aa = 0, bb = 0;

        if (first < (int64_t) whole + 3)
                first = (int64_t) whole + 3;
        if (end > (int64_t) h->fill)
                end = (int64_t) h->fill;
        if (end - first < period_steps)
                return false;
        cubic_weights(1 - (period_steps - whole), weights);
        for (int64_t i = first; i < end; i++) {
                const float *x = h->y + i - (int64_t) whole - 1;
                float b = weights[0] * x[-1] + weights[1] * x[0] + weights[2] * x[1] + weights[3] * x[2];
                float a = h->y[i];

                ab += a * b;
                aa += a * a;
                bb += b * b;
        }
        if (!(ab > alike * sqrtf(aa * bb)))
                return false;
        double n = floor((double) (end - first) / period_steps) * period_steps;
        return strongest_harmonic(h->y + end - (int64_t) n, (unsigned) n, period_steps) >= alone;
}

static bool has_changed(const History *h, double period_steps, unsigned n_periods, float alike) {
        double n = n_periods * period_steps;

        return n + period_steps < (double) h->keep &&
                hum_is(h, (double) h->end - n, (double) h->end, period_steps, alike, ALONE);
}

/* For so many periods; 0: it has not. */
static unsigned changed_for(const History *h, double period_steps, bool under_way, bool is_narrow) {
        if (is_narrow)                  /* in a band of 100 Hz noise is soon alike, too */
                return has_changed(h, period_steps, SLOW_PERIODS, NARROW_ALIKE) ? SLOW_PERIODS : 0;
        if (under_way)                  /* a muscle at work is so for some periods, by chance */
                return has_changed(h, period_steps, SLOW_PERIODS, QUICK_ALIKE) ? SLOW_PERIODS : 0;
        if (has_changed(h, period_steps, QUICK_PERIODS, QUICK_ALIKE))
                return QUICK_PERIODS;
        return has_changed(h, period_steps, SLOW_PERIODS, SLOW_ALIKE) ? SLOW_PERIODS : 0;
}

static void report(Detector *d, unsigned channel, ArtefactCause cause, double from, double to,
                   const NoticeIds *notices) {
        artefact_report(d, cause, notices, &channel, 1, detector_frame_of_step(d, from),
                        detector_frame_of_step(d, to));
}

/* At a channel that is not at rest. True: the signal until now has been corrected. */
bool hum_look(Detector *d, Channel *c, unsigned channel, int64_t step) {
        double period = d->step_rate_hz / d->mains.hz, begun = (double) step - BEGUN_S * d->step_rate_hz;
        NoticeIds notices = { .id = 0 };

        if (!d->mains.known || step < c->hum.look_at)
                return false;
        c->hum.look_at = step + (int64_t) (LOOK_S * d->step_rate_hz);
        bool under_way = c->activity.open && (c->activity.sustained || c->activity.onset < begun);
        unsigned n_periods = changed_for(&c->history, period, under_way, d->step_rate_hz < UNIT_RATE_HZ_MIN);
        if (n_periods == 0)
                return false;
        unsigned n = (unsigned) lround(CORRECT_PERIODS * period);
        mains_channel_correct(&d->mains, channel, c->history.y + c->history.fill - n, n);
        c->hum.look_at = step + (int64_t) (n_periods * period);
        if (under_way || c->hum.floats)
                return true;
        double from = fmin((double) step - n_periods * period,
                           c->activity.open ? c->activity.onset : INFINITY);
        assembly_drop(d, channel, &notices);
        c->crossing.active = false;
        c->measured_until = (double) step + 1;
        for (unsigned i = 0; i < SUBTHRESHOLD_PEAKS; i++)
                if (c->subthreshold_peaks[i].step >= from)
                        c->subthreshold_peaks[i] = (SubthresholdPeak) { .step = -INFINITY };
        exposure_exclude(d, c, from, (double) step + 1, EXCLUSION_MAINS);
        report(d, channel, ARTEFACT_MAINS, from, (double) step, &notices);
        return true;
}

/* Now and then, at rest or not. */
void hum_look_at_size(Detector *d, Channel *c, unsigned channel, int64_t step) {
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
