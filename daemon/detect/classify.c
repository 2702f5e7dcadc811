/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one happening looks like by itself: discharges of one unit, a tone, a burst of many units, activity that does
 * not end. The order is that of the design: what repeats one waveform goes before "many units".
 */
#include <math.h>

#include "classify.h"
#include "chain.h"
#include "channel.h"
#include "detector.h"
#include "discharge.h"
#include "happening.h"
#include "history.h"
#include "noise.h"
#include "rhythm.h"
#include "tone.h"
#include "units.h"

#define OTHERS_MAX 1u                   /* discharges of another unit in one event */
#define OTHERS_SHARE 4u                 /* one in so many may be mistaken for another's */
#define BURST_SHARE 0.6                 /* of a burst's time: so much is discharge */
#define SLOW_S 0.013f                   /* no unit's potential has a lobe so wide (2-8 ms, evoked ones to 12) */
#define UNEVEN_MIN 3u
#define UNEVEN_CV 0.6                   /* of intervals: one unit's are more even */
#define TONE_FILLS 0.5
#define TONE_CLEAR 0.5f                 /* of the energy; less of a tone, with discharges ... */
#define TONE_ALONE 0.3                  /* ... for more than that of the time, chance makes of many units */
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
        double now = c->chain.first_peak + d->bank.n_taps / 2.0, next = now;
        unsigned n = 0, row = 0;
        bool in_row = true;

        for (unsigned i = 1; i <= BUMPS; i++) {
                const Bump *b = c->bumps + (c->bump_next + BUMPS - i) % BUMPS;

                if (b->step > now - d->events.bump_apart || b->statistic * TRAIN_SMALLER < c->chain.snr ||
                    b->statistic > c->chain.snr * TRAIN_LARGER)
                        continue;
                n += now - b->step <= d->events.train_length;
                in_row = in_row && next - b->step <= d->events.train_interval;
                row += in_row;
                next = b->step;
        }
        return n >= TRAIN_BEFORE || row >= TRAIN_ROW;
}

/* The same when it is decided: the first ones of a train have none before them. */
bool classify_before_train(const Detector *d, const Channel *c, double last_peak, float snr) {
        double next = last_peak + d->bank.n_taps / 2.0;
        unsigned row = 0;

        for (unsigned i = 0; i < BUMPS; i++) {          /* the oldest first */
                const Bump *b = c->bumps + (c->bump_next + i) % BUMPS;

                if (b->step < next + d->events.bump_apart || b->statistic * TRAIN_SMALLER < snr || b->statistic > snr * TRAIN_LARGER)
                        continue;
                if (b->step > next + d->events.train_interval)
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
        float after = classify_loudness(d, c, SURROUNDINGS_APART_S, SURROUNDINGS_AFTER_S, c->chain.end);
        float loud = fmaxf(c->chain.loud_before, after);

        return c->chain.snr >= d->threshold * fmaxf(1, loud / SURROUNDINGS_LOUD);
}

/* Several discharges of one unit have silence between them; a word, a blink, a clenched jaw has not. */
bool classify_is_burst(const Detector *d, const Chain *chain) {
        const ChainUnit *most = chain->units;
        unsigned n_others = chain->n_discharges - most->n;
        double length = chain->end - chain->onset;

        if (chain->sustained || chain->is_long)
                return true;
        if (most->n >= 3 && n_others <= most->n / OTHERS_SHARE) /* told apart, however near; unless that is chance */
                return most->n > UNEVEN_MIN && rhythm_mean(&most->rhythm) < d->events.brief &&
                        rhythm_cv(&most->rhythm) > UNEVEN_CV;
        if (chain->n_discharges == 2 && n_others == 0 && d->step_rate_hz >= UNIT_RATE_HZ_MIN)
                return false;           /* a doublet, with silence between the two or not */
        return length > d->events.burst_length &&
                (n_others > OTHERS_MAX + most->n / 4 || chain->active > BURST_SHARE * length);
}

/* It fills most of the time, while what many units do together only sounds so now and then. */
bool classify_is_tone(const Detector *d, const Chain *chain) {
        double heard = chain->tone.heard * d->events.look_apart + in_steps(d, TONE_WINDOW_S);
        bool clear = chain->tone.share >= TONE_CLEAR || chain->active < TONE_ALONE * (chain->busy_until - chain->onset);

        return chain->tone.heard > 0 && clear && heard >= TONE_FILLS * (chain->busy_until - chain->onset);
}

/* work_steps: the longest that one of the channels was at work. */
HappeningForm classify(const Detector *d, const Channel *c, bool sustained, double work_steps) {
        const Chain *chain = &c->chain;

        if (classify_is_tone(d, chain))
                return FORM_TONE;
        if (sustained)
                return work_steps < SHORT_S * d->step_rate_hz ? FORM_BURST : FORM_WORK;
        if (classify_is_burst(d, chain))
                return FORM_BURST;
        if (chain->first_peak < c->rest_from || !stands_out(d, c) || discharge_lobe_s(chain->shape) > SLOW_S)
                return FORM_OTHER;
        return FORM_TWITCH;
}
