/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one candidate event looks like by itself: discharges of one unit, a tone, a burst of many units,
 * activity that does not end. The order is that of the design: what repeats one waveform goes before "many
 * units".
 */
#include <math.h>

#include "classify.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/intervals.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/potentials/discharge.h"
#include "daemon/detect/potentials/high-frequency.h"
#include "daemon/detect/potentials/units.h"
#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/noise.h"
#include "activity.h"
#include "candidate.h"

#define OTHERS_MAX 1u                   /* discharges of another unit in one event */
#define OTHERS_SHARE 4u                 /* one in so many may be mistaken for another's */
#define BURST_SHARE 0.6                 /* of a burst's time: so much is discharge */
#define SLOW_S 0.013f /* no unit's potential has a main phase so wide (2-8 ms, evoked ones to 12) */
#define UNEVEN_MIN 3u
#define UNEVEN_CV 0.6                   /* of intervals: one unit's are more even */
#define HIGH_FREQUENCY_FILLS 0.5
#define HIGH_FREQUENCY_CLEAR 0.5f       /* of the energy; less of a tone, with discharges ... */
#define HIGH_FREQUENCY_ALONE 0.3        /* ... for more than that of the time, chance makes of many units */
#define TRAIN_BEFORE 5u                 /* so many came before in that time, or ... */
#define TRAIN_ROW 3u                    /* ... so many in a row, each so soon after the one before */
#define TRAIN_SMALLER 1.6f              /* in size: a large twitch amid small ones is not one of them, ... */
#define TRAIN_LARGER 4.0f               /* ... a small one amid large ones may be, units come and go */
#define SURROUNDINGS_AFTER_S 0.1        /* no longer than DISCHARGE_GAP_S: it has to be there when decided */
#define SURROUNDINGS_APART_S 0.01
#define SURROUNDINGS_LOUD 1.3f          /* standard deviations: more than chance makes of quiet ones */
#define SURROUNDINGS_MAX 512u           /* steps */
#define SHORT_S 0.6                     /* a burst, not work: hypnic jerks last 75 to 250 ms */

/*
 * A unit under will, or one that will not stop, discharges 4 to 20 times a second, and only the largest
 * of its potentials cross the threshold: those that nearly do tell what they belong to. By chance
 * noise has one such in some seconds.
 */
bool classify_in_train(const Detector *d, const Channel *c) {
        double now = c->activity.first_peak + d->bank.n_taps / 2.0, next = now;
        unsigned n = 0, row = 0;
        bool in_row = true;

        for (unsigned i = 1; i <= SUBTHRESHOLD_PEAKS; i++) {
                const SubthresholdPeak *b = c->subthreshold_peaks +
                        (c->subthreshold_next + SUBTHRESHOLD_PEAKS - i) % SUBTHRESHOLD_PEAKS;

                if (b->step > now - d->assembly.peak_apart ||
                    b->statistic * TRAIN_SMALLER < c->activity.snr ||
                    b->statistic > c->activity.snr * TRAIN_LARGER)
                        continue;
                n += now - b->step <= d->assembly.train_length;
                in_row = in_row && next - b->step <= d->assembly.train_interval;
                row += in_row;
                next = b->step;
        }
        return n >= TRAIN_BEFORE || row >= TRAIN_ROW;
}

/* The same when it is decided: the first ones of a train have none before them. */
bool classify_before_train(const Detector *d, const Channel *c, double last_peak, float snr) {
        double next = last_peak + d->bank.n_taps / 2.0;
        unsigned row = 0;

        for (unsigned i = 0; i < SUBTHRESHOLD_PEAKS; i++) {     /* the oldest first */
                const SubthresholdPeak *b = c->subthreshold_peaks +
                        (c->subthreshold_next + i) % SUBTHRESHOLD_PEAKS;

                if (b->step < next + d->assembly.peak_apart || b->statistic * TRAIN_SMALLER < snr ||
                    b->statistic > snr * TRAIN_LARGER)
                        continue;
                if (b->step > next + d->assembly.train_interval)
                        break;
                row++;
                next = b->step;
        }
        return row >= TRAIN_ROW;
}

float classify_loudness(const Detector *d, const Channel *c, double from_s, double to_s, double at) {
        float magnitudes[SURROUNDINGS_MAX];
        unsigned n = history_magnitudes(&c->history, at + from_s * d->step_rate_hz,
                                        at + to_s * d->step_rate_hz, magnitudes, SURROUNDINGS_MAX);
        return noise_loudness(&c->noise, magnitudes, n);
}

/*
 * A twitch breaks a silence. What is no larger above its surroundings than chance makes it is
 * the tip of something longer: a movement, a word, a clenched jaw.
 */
static bool stands_out(const Detector *d, const Channel *c) {
        float after = classify_loudness(d, c, SURROUNDINGS_APART_S, SURROUNDINGS_AFTER_S, c->activity.end);
        float loud = fmaxf(c->activity.loud_before, after);
        float raise = level_raise(&c->level, &c->history, c->activity.onset, c->activity.end, d->threshold);

        return c->activity.snr >= d->threshold * fmaxf(raise, loud / SURROUNDINGS_LOUD);
}

/* Several discharges of one unit have silence between them; a word, a blink, a clenched jaw has not. */
bool classify_is_burst(const Detector *d, const Activity *activity) {
        const ActivityUnit *most = activity->units;
        unsigned n_others = activity->n_discharges - most->n;
        double length = activity->end - activity->onset;

        if (activity->sustained || activity->is_long)
                return true;
        /* told apart, however near; unless that is chance */
        if (most->n >= 3 && n_others <= most->n / OTHERS_SHARE)
                return most->n > UNEVEN_MIN && intervals_mean(&most->intervals) < d->assembly.brief &&
                        intervals_cv(&most->intervals) > UNEVEN_CV;
        if (activity->n_discharges == 2 && n_others == 0 && d->step_rate_hz >= UNIT_RATE_HZ_MIN)
                return false;           /* a doublet, with silence between the two or not */
        return length > d->assembly.burst_length &&
                (n_others > OTHERS_MAX + most->n / 4 || activity->active > BURST_SHARE * length);
}

/* It fills most of the time, while what many units do together only sounds so now and then. */
bool classify_is_high_frequency(const Detector *d, const Activity *activity) {
        double detected_at = activity->high_frequency.detected_at * d->assembly.eval_apart +
                in_steps(d, HIGH_FREQUENCY_WINDOW_S);
        bool clear = activity->high_frequency.share >= HIGH_FREQUENCY_CLEAR ||
                activity->active < HIGH_FREQUENCY_ALONE * (activity->busy_until - activity->onset);

        return activity->high_frequency.detected_at > 0 && clear &&
                detected_at >= HIGH_FREQUENCY_FILLS * (activity->busy_until - activity->onset);
}

/* contraction_steps: the longest that one of the channels was at work. */
CandidateClass classify(const Detector *d, const Channel *c, bool sustained, double contraction_steps) {
        const Activity *activity = &c->activity;

        if (classify_is_high_frequency(d, activity))
                return CLASS_HIGH_FREQUENCY;
        if (sustained)
                return contraction_steps < SHORT_S * d->step_rate_hz ? CLASS_MULTIUNIT_BURST :
                                                                       CLASS_CONTRACTION;
        if (classify_is_burst(d, activity))
                return CLASS_MULTIUNIT_BURST;
        if (activity->first_peak < c->post_activity_until || !stands_out(d, c) ||
            discharge_half_width_s(activity->waveform) > SLOW_S)
                return CLASS_UNCLASSIFIED;
        return CLASS_FASCICULATION;
}
