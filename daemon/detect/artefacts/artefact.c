/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stood out but came from no muscle: a cable, a spark, a moved electrode, the heart. */
#include <math.h>
#include <string.h>

#include "artefact.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/ecg/qrs-detector.h"
#include "daemon/detect/events/activity.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/classify.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/potentials/discharge.h"
#include "electrode-step.h"
#include "hum.h"
#include "motion.h"

#define BEAT_RATIO 1.5f                 /* to the threshold: at a beat a twitch has to be so large */
#define BEAT_UNEVENNESS 0.15

/* Numbers chosen on the pops that tests/synth/pop.c makes, in the tier T3 of the benchmark. */
#define SPIKE_S 0.001f                  /* so far from the peak ... */
#define SPIKE_FRACTION 0.15f            /* ... nothing is left of it */
#define SPIKE_RATE_HZ_MIN 900           /* below, potentials are no wider than that */
#define SPIKE_LENGTH_S 0.015            /* with what filters make of it */
#define SPIKE_BESIDE_S 0.006            /* around the peak */
/* one sample has 0.375 of its energy in its second difference, two 0.12 to 0.6, ... */
#define SPIKE_SHARE 0.19f
/* ... white noise this, potentials 7 mm deep 0.02, the sharpest evoked ones 0.1 */
#define SPIKE_NOISE_SHARE 0.375f
#define SPIKE_NOISE_EXCESS 2.5f
#define BRIEF_S 0.003                   /* so long are the pops of a contact at most, ... */
#define BRIEF_LOWPASS_S 0.001           /* ... with what the low-pass adds where there is one, ... */
#define BRIEF_BESIDE_S 0.010            /* ... and of all energy so far around the peak ... */
/* ... they have 0.95 and more in that time; potentials have 0.3 to 0.65, sharp evoked ones up to 0.85 */
#define BRIEF_SHARE 0.92f
#define BRIEF_DOUBT 2.5f                /* standard deviations of the energy of noise */

#define POTENTIAL_UV_MAX 4000.0f        /* a large unit 5 mm deep makes 2900 (Rosenfalck 1969) */
#define ACTIVITY_UV_MAX 12000.0f        /* peak to peak at the skin; the strongest muscles make 10 mV */

/* Numbers chosen by the cases of tests/unit/test-hum.c. */
#define HUM_PERIODS 3.0
#define HUM_ALIKE 0.5f                  /* from period to period: that much is hum */
#define HUM_ALONE 0.45f                 /* in one harmonic */

#define COMMON_CHANNELS_MIN 3u
#define COMMON_SHARE 0.75
#define COMMON_RATIO 4.0f               /* of amplitudes: volume conduction falls off faster */

/* The same waveform at the same time on most channels: a cable, a switch, a discharge to ground. */
static bool is_common(const Detector *d, unsigned event) {
        unsigned n = 0, n_running = 0;
        double first = INFINITY, last = -INFINITY;
        float least = INFINITY, most = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;

                n_running += c->usable;
                if (!c->activity.open || c->activity.event != event)
                        continue;
                n++;
                first = fmin(first, c->activity.first_peak);
                last = fmax(last, c->activity.first_peak);
                least = fminf(least, c->activity.amplitude_uv);
                most = fmaxf(most, c->activity.amplitude_uv);
        }
        return n >= COMMON_CHANNELS_MIN && n >= COMMON_SHARE * n_running &&
                last - first <= d->assembly.common_lag && most <= COMMON_RATIO * least;
}

/*
 * Nothing that comes through skin and fat is over within a millisecond: a discharge to ground, a loose plug.
 */
static bool is_narrow(const Activity *activity) {
        const float *peak = activity->waveform + WAVEFORM_POINTS / 2;
        float width = SPIKE_S / WAVEFORM_S * (WAVEFORM_POINTS - 1);
        int away = (int) width;

        return fmaxf(fabsf(peak[-away]), fabsf(peak[away])) < SPIKE_FRACTION * fabsf(peak[0]);
}

/*
 * The in-band signal at the first peak, with so many steps on either side; NULL if they are not kept any
 * more, or not there yet.
 */
static const float* around_peak(const Channel *c, int beside) {
        const History *h = &c->history;
        int64_t middle = (int64_t) floor(c->activity.first_peak + 0.5) - (h->end - (int64_t) h->fill);

        return middle >= beside && middle + beside < (int64_t) h->fill ? h->y + middle : NULL;
}

static float energy(const float *y, int from, int to) {
        float sum = 0;

        for (int i = from; i <= to; i++)
                sum += y[i] * y[i];
        return sum;
}

/* Some samples of a broken contact have corners, which what comes through skin and fat has not. */
static bool has_corners(const Detector *d, const Channel *c) {
        int apart = (int) lround(SPIKE_S * d->step_rate_hz),
            beside = (int) lround(SPIKE_BESIDE_S * d->step_rate_hz);
        float corners = 0, noise = c->noise.sigma_uv * c->noise.sigma_uv * (2 * beside + 1);
        const float *y = around_peak(c, beside + apart);

        if (!y ||
            c->activity.active >
                    (c->activity.n_discharges - c->activity.n_missed) * SPIKE_LENGTH_S * d->step_rate_hz)
                return false;
        for (int i = -beside; i <= beside; i++) {
                float difference = (y[i - apart] - 2 * y[i] + y[i + apart]) / 4;

                corners += difference * difference;
        }
        return corners > SPIKE_SHARE * (energy(y, -beside, beside) - noise) +
                SPIKE_NOISE_EXCESS * SPIKE_NOISE_SHARE * noise;
}

/* A potential goes up and down again, with a tail: in no few milliseconds lies nearly all that there is. */
static bool is_brief(const Detector *d, const Channel *c) {
        int brief = (int) ceil((BRIEF_S + (d->decimator.limits ? BRIEF_LOWPASS_S : 0)) * d->step_rate_hz);
        int beside = (int) lround(BRIEF_BESIDE_S * d->step_rate_hz), n_rest = 2 * beside + 1 - brief;
        float most = 0, variance = c->noise.sigma_uv * c->noise.sigma_uv;
        const float *y = around_peak(c, beside);

        if (!y || c->activity.n_discharges - c->activity.n_missed > 1)
                return false;
        for (int from = 1 - brief; from <= 0; from++) {
                float e = energy(y, from, from + brief - 1);
                most = e > most ? e : most;
        }
        float all = energy(y, -beside, beside);
        float rest = all - most - (n_rest - BRIEF_DOUBT * sqrtf(2 * (float) n_rest)) * variance;
        return rest < (1 - BRIEF_SHARE) * (all - (2 * beside + 1) * variance);
}

static bool is_spike(const Detector *d, const Channel *c) {
        return d->step_rate_hz >= SPIKE_RATE_HZ_MIN &&
                (is_narrow(&c->activity) || has_corners(d, c) || is_brief(d, c));
}

/* As slow as a heartbeat, in spite of noise upon it. */
static bool is_slow(const Detector *d, const Activity *activity) {
        return discharge_half_width_s(activity->waveform) >= QRS_HALF_WIDTH_MIN_S ||
                activity->end - activity->onset >= d->assembly.beat_length;
}

/*
 * Is it at the time of a beat? Only while the latest ones were reported: once the heart is subtracted, what
 * is seen is something else. A beat is also expected where the latest ones say, as channels that see it
 * smaller may be through with it before those that know it.
 */
static bool is_at_beat(const Assembly *e, const Activity *activity) {
        double since = activity->first_peak - e->beat;

        return fabs(since) <= e->beat_width || fabs(since - e->beat_period) <= e->beat_width;
}

static bool is_near_next_beat(const Assembly *e, const Activity *activity) {
        return fabs(activity->first_peak - e->beat - e->beat_period) <= BEAT_UNEVENNESS * e->beat_period;
}

/* A potential in the wake of a heartbeat, or one just before, is an event of its own. */
bool artefact_is_beside_beat(const Detector *d, const Activity *activity, const Discharge *discharge) {
        bool slow = discharge_half_width_s(discharge->waveform) >= QRS_HALF_WIDTH_MIN_S;

        return (is_at_beat(&d->assembly, activity) || is_near_next_beat(&d->assembly, activity)) &&
                is_slow(d, activity) != slow && discharge->onset > activity->end + d->assembly.beat_tail;
}

/* Of a beat that was found below the band, or hardly out of the noise and locked to the beats. */
static bool is_of_known_heart(Detector *d, unsigned channel, const Activity *activity) {
        double peak = activity->first_peak;

        if (ecg_at_slow_beat(&d->ecg, channel, peak, activity->amplitude_uv))
                return true;
        return activity->snr < BEAT_RATIO * d->threshold &&
                (ecg_near_unsubtracted_beat(d, channel, peak, d->assembly.beat_width) ||
                 ecg_is_locked(&d->ecg, &d->channels[channel].ecg, peak, activity->amplitude_uv,
                               d->step_rate_hz));
}

/*
 * All channels see the same heart: when one has learned its pace, what another one sees at the time of a
 * beat and as slow, or hardly out of the noise, needs no learning.
 */
static bool is_heartbeat(Detector *d, unsigned event, const Channel *strongest) {
        Assembly *e = &d->assembly;
        bool at_beat = is_at_beat(e, &strongest->activity);
        bool known = is_slow(d, &strongest->activity) ?
                at_beat || is_near_next_beat(e, &strongest->activity) :
                at_beat && strongest->activity.snr < BEAT_RATIO * d->threshold;

        known = known || is_of_known_heart(d, (unsigned) (strongest - d->channels), &strongest->activity);
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!c->activity.open || c->activity.event != event ||
                    !qrs_detect(&c->qrs, c->activity.waveform, c->activity.first_peak / d->step_rate_hz))
                        continue;
                known = true;
                ecg_found(d, c->activity.first_peak, c->qrs.period_s * d->step_rate_hz,
                            c->qrs.beats > QRS_EVEN_MIN, c->history.end - 1);
                if (c->activity.first_peak > e->beat) {
                        e->beat = c->activity.first_peak;
                        e->beat_period = c->qrs.period_s * d->step_rate_hz;
                }
        }
        return known;
}

/* For at least three cycles of the mains, and little else. */
static bool is_hum(const Detector *d, const Channel *c) {
        double period = d->step_rate_hz / d->mains.hz, end = fmax(c->activity.end, c->activity.busy_until);

        return d->mains.known && end - c->activity.onset >= HUM_PERIODS * period &&
                hum_is(&c->history, c->activity.onset, end, period, HUM_ALIKE, HUM_ALONE);
}

/* The whole of what was seen is a jump of the electrode's potential; otherwise _ARTEFACT_CAUSE_MAX. */
static ArtefactCause electrode_step(const Detector *d, const Channel *c) {
        const float *peak = around_peak(c, (int) electrode_steps_reach(&d->electrode_steps));

        if (!peak || c->activity.end - c->activity.onset > 2 * d->highpass_steps)
                return _ARTEFACT_CAUSE_MAX;
        switch (electrode_steps_find(&d->electrode_steps, peak, c->noise.sigma_uv)) {
        case ELECTRODE_STEP_DECAYS:
                return ARTEFACT_SPIKE;
        case ELECTRODE_STEP_STAYS:
                return ARTEFACT_MOTION;
        default:
                return _ARTEFACT_CAUSE_MAX;
        }
}

/* What the strongest channel saw, if it was no twitch; otherwise _ARTEFACT_CAUSE_MAX. */
ArtefactCause classify_artefact(Detector *d, unsigned event, const Channel *strongest) {
        if (strongest->activity.amplitude_uv > ACTIVITY_UV_MAX)
                return ARTEFACT_LEAD_OFF;
        if (is_hum(d, strongest))
                return ARTEFACT_MAINS;
        if (d->assembly.open[event].sustained)
                return _ARTEFACT_CAUSE_MAX;
        if (strongest->activity.baseline_sway ||
            motion_between(&strongest->motion, strongest->activity.onset, strongest->activity.end))
                return ARTEFACT_MOTION;
        if (is_common(d, event))
                return ARTEFACT_COMMON;
        if (strongest->activity.amplitude_uv > POTENTIAL_UV_MAX)
                return ARTEFACT_MOTION;
        if (is_spike(d, strongest) && !classify_is_high_frequency(d, &strongest->activity))
                return ARTEFACT_SPIKE;
        if (is_heartbeat(d, event, strongest))
                return ARTEFACT_ECG;
        return electrode_step(d, strongest);
}

void artefact_report(const Detector *d, ArtefactCause cause, const NoticeIds *notices,
                     const unsigned *channels, size_t n, double from, double to) {
        DetectArtefact artefact = {
                .id = notices->id,
                .n_merged = notices->n_merged,
                .cause = cause,
                .n_channels = n,
                .from = from,
                .to = to,
        };

        memcpy(artefact.merged, notices->merged, sizeof artefact.merged);
        memcpy(artefact.channels, channels, n * sizeof *channels);
        if (d->config.on_artefact)
                d->config.on_artefact(&artefact, d->config.userdata);
}

void artefact_report_activities(const Detector *d, ArtefactCause cause, const NoticeIds *notices,
                                const unsigned *channels, size_t n) {
        double from = INFINITY, to = 0;

        for (size_t i = 0; i < n; i++) {
                const Activity *activity = &d->channels[channels[i]].activity;

                from = fmin(from, detector_frame_of_step(d, activity->onset));
                to = fmax(to, detector_frame_of_step(d, activity->end));
        }
        artefact_report(d, cause, notices, channels, n, from, to);
}
