/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The detector: frames in, through the stages of detect-private.h, events out.
 *
 * The two silent seconds of a channel that starts from nothing: 0.6 s to find the mains frequency,
 * 0.4 s to learn its amplitudes, 1 s to know the noise.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detector.h"
#include "daemon/detect/artefacts/artefact.h"
#include "daemon/detect/conditioning/decimator.h"
#include "daemon/detect/conditioning/droop.h"
#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/conditioning/line-finder.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/conditioning/tones.h"
#include "daemon/detect/conditioning/validity.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/candidates.h"
#include "daemon/detect/potentials/amplitude.h"
#include "daemon/detect/potentials/high-frequency.h"
#include "daemon/detect/potentials/units.h"
#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/template-bank.h"
#include "channel.h"
#include "crossing.h"
#include "detect.h"
#include "exposure.h"
#include "frames.h"

#define FLAT_S 0.1
#define KEEP_S 10.0                     /* after a longer interruption nothing learned is believed */
#define BLANK_S 1.0                     /* an electrode or amplifier recovers */
#define MAINS_START_S 0.6
#define NOISE_START_S 1.0
#define MAINS_SETTLE_S 0.15
#define CROSSING_CLOSE_S 0.012
#define CROSSING_MAX_S 0.1
#define CROSSING_CUT_S 0.012            /* before the end of one that does not */
#define MAINS_DELAY_S 0.1               /* by then most of a heartbeat has been taken out of the signal */
#define EVAL_RATE_HZ_MIN 900.0 /* for outputs of the bank to have next to nothing beyond half of it */
#define WAKE 0.7f /* of the threshold: what an evaluation 0.5 ms beside a peak leaves of it is more */

/* --- set-up --- */

static bool config_valid(const DetectConfig *c) {
        /* written so that NAN fails */
        if (!(c->rate_hz >= DETECT_RATE_HZ_MIN && c->rate_hz <= DETECT_RATE_HZ_MAX) ||
            !(c->false_alarms_per_hour >= DETECT_FALSE_ALARMS_PER_HOUR_MIN &&
              c->false_alarms_per_hour <= DETECT_FALSE_ALARMS_PER_HOUR_MAX) ||
            c->n_channels < 1 || c->n_channels > DETECT_CHANNELS_MAX ||
            !c->lsb_uv || !c->code_min || !c->code_max)
                return false;
        for (unsigned i = 0; i < c->n_channels; i++)
                if (!(c->lsb_uv[i] >= DETECT_LSB_UV_MIN && c->lsb_uv[i] <= DETECT_LSB_UV_MAX) ||
                    c->code_min[i] >= c->code_max[i])
                        return false;
        return true;
}

static uint64_t frames(const Detector *d, double seconds) {
        return (uint64_t) llround(seconds * d->config.rate_hz);
}

static unsigned steps(const Detector *d, double seconds) {
        return (unsigned) lround(seconds * d->step_rate_hz);
}

static int detector_init(Detector *d) {
        unsigned highpass = highpass_length(d->config.rate_hz);

        d->n_lanes = (d->config.n_channels + 7) / 8 * 8;
        droop_init(&d->droop, d->config.rate_hz, d->config.sinc3);
        int r = decimator_init(&d->decimator, d->config.rate_hz, d->n_lanes, &d->droop);
        if (r >= 0)
                r = highpass_init(&d->highpass, highpass, d->n_lanes);
        if (r >= 0)
                r = validity_init(&d->validity, d->n_lanes, d->config.rate_hz, frames(d, FLAT_S),
                                  !d->config.limits_may_be_extremes);
        if (r < 0)
                return r;
        d->step_rate_hz = d->config.rate_hz / d->decimator.decimation;
        r = template_bank_init(&d->bank, d->step_rate_hz, highpass / d->config.rate_hz);
        if (r < 0)
                return r;
        amplitude_templates_init(&d->amplitude_templates);
        d->mains_late_steps = steps(d, MAINS_DELAY_S);
        r = mains_init(&d->mains, d->step_rate_hz, d->mains_late_steps - 1, d->n_lanes);
        if (r < 0)
                return r;
        r = line_finder_init(&d->lines, d->step_rate_hz, d->n_lanes);
        if (r >= 0)
                r = tones_init(&d->tones, d->step_rate_hz, d->n_lanes);
        if (r < 0)
                return r;
        r = ecg_init(&d->ecg, d->config.n_channels, d->step_rate_hz);
        if (r < 0)
                return r;
        high_frequency_init(&d->high_frequency_bank, d->step_rate_hz);
        d->eval_steps = (unsigned) fmax(1, floor(d->step_rate_hz / EVAL_RATE_HZ_MIN));
        d->n_evals = EVAL_BATCH *
                (1 + (unsigned) ceil((ecg_wait_max(&d->ecg) + 1) / d->eval_steps / EVAL_BATCH));

        d->delay_frames = highpass - 1.0 + d->decimator.delay_frames;
        d->keep_frames = frames(d, KEEP_S);
        d->blank_frames = frames(d, BLANK_S);
        d->settle_frames = frames(d, MAINS_SETTLE_S) + 2 * highpass + d->decimator.length_frames +
                d->bank.n_taps * d->decimator.decimation;
        d->highpass_steps = highpass / d->decimator.decimation;
        electrode_steps_init(&d->electrode_steps, d->highpass_steps, d->step_rate_hz);
        d->crossing_close_steps = steps(d, CROSSING_CLOSE_S);
        d->crossing_cut_steps = d->step_rate_hz < UNIT_RATE_HZ_MIN ? 0 : steps(d, CROSSING_CUT_S);
        d->crossing_max_steps = steps(d, CROSSING_MAX_S);
        d->mains_start_steps = steps(d, MAINS_START_S);
        d->noise_start_steps = steps(d, NOISE_START_S);
        d->threshold = (float) template_bank_threshold(&d->bank, d->config.false_alarms_per_hour);
        d->evaluate_level = WAKE * d->threshold;

        size_t chunk = (size_t) FRAMES_MAX * d->n_lanes;
        d->codes = calloc(chunk, sizeof *d->codes);
        d->high = calloc(chunk, sizeof *d->high);
        d->low = calloc(chunk, sizeof *d->low);
        d->x = d->filtered = calloc(d->n_lanes, sizeof *d->filtered);
        d->outputs = calloc(d->bank.n_lanes, sizeof *d->outputs);
        d->channels = calloc(d->config.n_channels, sizeof *d->channels);
        d->active = calloc(d->config.n_channels, sizeof *d->active);
        d->late = calloc(d->n_lanes, sizeof *d->late);
        d->scratch = calloc((size_t) d->bank.n_taps * (2 + d->bank.n_lanes), sizeof *d->scratch);
        if (!d->codes || !d->high || !d->low || !d->filtered || !d->outputs || !d->scratch || !d->channels ||
            !d->active || !d->late)
                return -ENOMEM;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                r = channel_init(d, d->channels + i, i);
                if (r < 0)
                        return r;
        }
        r = assembly_init(d);
        for (unsigned i = 0; r >= 0 && i < d->config.n_channels; i++)
                level_init(&d->channels[i].level, d->step_rate_hz, d->eval_steps,
                           (double) d->peak_memory_level, assembly_peak_every_s(d->step_rate_hz));
        if (r >= 0)
                r = candidates_init(d);
        exposure_init(d);

        /* the caller's arrays are not ours to keep */
        d->config.lsb_uv = NULL;
        d->config.code_min = d->config.code_max = NULL;
        return r;
}

int detector_new(const DetectConfig *config, Detector **ret) {
        if (!config_valid(config))
                return -EINVAL;

        Detector *d = calloc(1, sizeof *d);
        if (!d)
                return -ENOMEM;
        d->config = d->reports = *config;
        if (config->lead_in) {
                d->config.on_notice = NULL;
                d->config.on_event = NULL;
                d->config.on_artefact = NULL;
                d->config.on_minute = NULL;
        }

        int r = detector_init(d);
        if (r < 0) {
                detector_free(d);
                return r;
        }
        *ret = d;
        return 0;
}

Detector* detector_free(Detector *d) {
        if (!d)
                return NULL;
        for (unsigned i = 0; d->channels && i < d->config.n_channels; i++)
                channel_done(d->channels + i);
        assembly_done(d);
        candidates_done(d);
        ecg_done(&d->ecg);
        mains_done(&d->mains);
        line_finder_done(&d->lines);
        tones_done(&d->tones);
        template_bank_done(&d->bank);
        decimator_done(&d->decimator);
        highpass_done(&d->highpass);
        validity_done(&d->validity);
        free(d->codes);
        free(d->high);
        free(d->low);
        free(d->filtered);
        free(d->outputs);
        free(d->scratch);
        free(d->channels);
        free(d->active);
        free(d->late);
        free(d);
        return NULL;
}

/* --- time --- */

uint64_t detector_position(const Detector *d) {
        return frames_until_now(d);
}

unsigned detector_latency_frames(const Detector *d) {
        double until_closed = fmax(d->assembly.gap + d->assembly.settle, ecg_wait(&d->ecg));

        return (unsigned) ceil(d->delay_frames +
                               (until_closed + d->assembly.next + 2) * d->decimator.decimation);
}

/* --- input --- */

void detector_push(Detector *d, const int32_t *samples, const uint8_t *flags, size_t n_frames) {
        size_t n = d->config.n_channels;

        while (n_frames > 0) {
                unsigned chunk = n_frames < FRAMES_MAX ? (unsigned) n_frames : FRAMES_MAX;

                frames_push(d, samples, flags, chunk);
                samples += chunk * n;
                flags = flags ? flags + chunk * n : NULL;
                n_frames -= chunk;
        }
}

static void stop_all(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (c->crossing.active)
                        crossing_close(d, c, i, INT64_MAX);
        }
        assembly_flush(d);
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].running) {
                        exposure_stop(d, d->channels + i);
                        channel_stop(d, d->channels + i, i);
                        d->channels[i].hold_frames = 0;
                }
        d->undisturbed = false;
}

void detector_gap(Detector *d, uint64_t n_frames) {
        if (n_frames == 0)
                return;
        stop_all(d);

        unsigned channels[DETECT_EVENT_CHANNELS_MAX], n = 0;
        for (unsigned i = 0; i < d->config.n_channels && i < DETECT_EVENT_CHANNELS_MAX; i++)
                channels[n++] = i;
        artefact_report(d, ARTEFACT_GAP, &(NoticeIds) { .id = 0 }, channels, n,
                        (double) detector_position(d), (double) (detector_position(d) + n_frames));

        exposure_gap(d, n_frames);
        ecg_break(&d->ecg);
        int64_t before = d->next_step;
        d->position += n_frames;
        decimator_align(&d->decimator, d->position);
        d->next_step = (int64_t) ((d->position + d->decimator.decimation - 1) / d->decimator.decimation);
        mains_advance(&d->mains, (uint64_t) (d->next_step - before));
        tones_advance(&d->tones, (uint64_t) (d->next_step - before));
        validity_break(&d->validity);
}

/* Nothing that is under way goes on. */
static void finish_all(Detector *d) {
        stop_all(d);
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                channel_finish(d, d->channels + i, i);
                hum_finish(d, d->channels + i, i);
        }
}

/* Filters start anew, and mains are put right by the first cycles: their phase is another one. */
void detector_begin(Detector *d) {
        if (!d->config.lead_in)
                return;
        d->config.lead_in = false;
        finish_all(d);
        ecg_break(&d->ecg);
        validity_break(&d->validity);
        d->origin = d->position;
        d->assembly.n_ids = 0;
        d->assembly.beat = -INFINITY;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                channel_begin(d, d->channels + i, i);
        exposure_init(d);
        d->config.on_notice = d->reports.on_notice;
        d->config.on_event = d->reports.on_event;
        d->config.on_artefact = d->reports.on_artefact;
        d->config.on_minute = d->reports.on_minute;
}

void detector_finish(Detector *d) {
        if (d->finished)
                return;
        d->finished = true;
        finish_all(d);
        exposure_finish(d);
}

/* --- what is known of a channel --- */

int detector_get_channel_stats(const Detector *d, unsigned channel, DetectChannelStats *ret) {
        if (channel >= d->config.n_channels)
                return -EINVAL;

        const Channel *c = d->channels + channel;
        double noise_uv = NAN, floor_uv = NAN;

        if (noise_known(&c->noise)) {
                noise_uv = (double) c->noise.sigma_uv;
                floor_uv = exposure_floor_uv(d, c);
        }
        *ret = (DetectChannelStats) {
                .noise_uv = noise_uv,
                .floor_uv = floor_uv,
                .exposure_s = exposure_s(d, c),
                .events = c->n_events,
                .minutes = c->exposure.n_minutes,
                .voluntary_minutes = c->exposure.n_voluntary,
                .rest_s = c->exposure.rest_frames / d->config.rate_hz,
                .rest_twitches = c->exposure.rest_twitches,
                .lead_off = c->is_lead_off,
                .saturated = c->is_saturated,
                .flat = c->is_flat,
        };
        return 0;
}
