/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a detector reports, kept for a test to look at; what has to hold for every report is checked as it comes. */
#pragma once

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/detect/detect.h"

#define LSB_UV 0.02235                  /* ADS1299 at gain 24: 4.5 V / 24 / 2^23 */
#define CODE_MAX 8388607
#define CODE_MIN (-8388608)
#define RECORDER_CHANNELS_MAX 16u
#define RECORDER_MAX 4096u                 /* reports of a sort */
#define RECORDER_MINUTES_MAX 256u

typedef struct Reports {
        double rate_hz;
        size_t n_events, n_artefacts, n_notices, n_answered, n_minutes;
        DetectNotice notices[RECORDER_MAX];
        bool answered[RECORDER_MAX];
        DetectEvent events[RECORDER_MAX];
        DetectArtefact artefacts[RECORDER_MAX];
        DetectMinute minutes[RECORDER_MINUTES_MAX];
} Reports;

static inline void recorder_notice(const DetectNotice *notice, void *userdata) {
        Reports *r = userdata;

        ck_assert_uint_lt(r->n_notices, RECORDER_MAX);
        ck_assert(isfinite(notice->peak) && isfinite(notice->amplitude_uv) && isfinite(notice->snr));
        ck_assert(r->n_notices == 0 || notice->id > r->notices[r->n_notices - 1].id);
        r->answered[r->n_notices] = false;
        r->notices[r->n_notices++] = *notice;
}

/* One answer to each notice. */
static inline void recorder_answer(Reports *r, uint64_t id, bool own) {
        for (size_t i = 0; i < r->n_notices; i++)
                if (r->notices[i].id == id) {
                        ck_assert(!r->answered[i]);
                        r->answered[i] = true;
                        r->n_answered++;
                        return;
                }
        ck_assert(own);         /* an event need not have been noticed */
}

static inline void recorder_event(const DetectEvent *event, void *userdata) {
        Reports *r = userdata;

        ck_assert_uint_gt(event->id, 0);
        recorder_answer(r, event->id, true);
        for (size_t i = 0; i < event->n_merged; i++)
                recorder_answer(r, event->merged[i], false);
        size_t n_alike = 0;
        for (size_t i = 0; i < r->n_events; i++)
                n_alike += r->events[i].id == event->id;
        ck_assert_uint_eq(n_alike, 0);
        ck_assert_uint_lt(r->n_events, RECORDER_MAX);
        ck_assert_uint_ge(event->n_channels, 1);
        ck_assert(isfinite(event->peak) && isfinite(event->amplitude_uv) && isfinite(event->snr));
        ck_assert(event->onset <= event->peak && event->peak <= event->end);
        ck_assert_uint_ge(event->discharges, 1);
        ck_assert(event->lags[0] == 0);
        r->events[r->n_events++] = *event;
}

static inline void recorder_artefact(const DetectArtefact *artefact, void *userdata) {
        Reports *r = userdata;

        ck_assert_uint_lt(r->n_artefacts, RECORDER_MAX);
        ck_assert(artefact->from <= artefact->to);
        if (artefact->id > 0)
                recorder_answer(r, artefact->id, false);
        for (size_t i = 0; i < artefact->n_merged; i++)
                recorder_answer(r, artefact->merged[i], false);
        r->artefacts[r->n_artefacts++] = *artefact;
}

static inline double recorder_excluded_s(const DetectMinute *m) {
        double sum = 0;

        for (unsigned i = 0; i < _EXCLUSION_MAX; i++) {
                ck_assert(m->excluded_s[i] >= 0);
                sum += m->excluded_s[i];
        }
        return sum;
}

static inline void recorder_minute(const DetectMinute *minute, void *userdata) {
        Reports *r = userdata;

        ck_assert_uint_lt(r->n_minutes, RECORDER_MINUTES_MAX);
        ck_assert(minute->from < minute->to);
        double index = minute->from / (60 * r->rate_hz);
        ck_assert_double_eq_tol(index, round(index), 1e-9);
        ck_assert(minute->to - minute->from <= 60 * r->rate_hz * (1 + 1e-9));
        ck_assert(minute->exposure_s >= 0);
        ck_assert_double_eq_tol(minute->exposure_s + recorder_excluded_s(minute), (minute->to - minute->from) / r->rate_hz, 1e-6);
        ck_assert_uint_le(minute->twitches, minute->events);
        r->minutes[r->n_minutes++] = *minute;
}

/*
 * A detector for channels all alike, with one false alarm per hour and channel. What was in *reports before is gone.
 * lead_in: see DetectConfig.
 */
static inline Detector* recorder_detector_of(double rate_hz, unsigned n_channels, double lsb_uv, int32_t low,
                                             int32_t high, bool lead_in, Reports *reports) {
        double lsbs_uv[RECORDER_CHANNELS_MAX];
        int32_t lows[RECORDER_CHANNELS_MAX], highs[RECORDER_CHANNELS_MAX];
        DetectConfig config = {
                .rate_hz = rate_hz,
                .n_channels = n_channels,
                .lsb_uv = lsbs_uv,
                .code_min = lows,
                .code_max = highs,
                .lead_in = lead_in,
                .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT,
                .on_notice = recorder_notice,
                .on_event = recorder_event,
                .on_artefact = recorder_artefact,
                .on_minute = recorder_minute,
                .userdata = reports,
        };
        Detector *d = NULL;

        ck_assert_uint_le(n_channels, RECORDER_CHANNELS_MAX);
        for (unsigned i = 0; i < n_channels; i++) {
                lsbs_uv[i] = lsb_uv;
                lows[i] = low;
                highs[i] = high;
        }
        reports->rate_hz = rate_hz;
        reports->n_events = reports->n_artefacts = reports->n_notices = reports->n_answered = reports->n_minutes = 0;
        ck_assert_int_eq(detector_new(&config, &d), 0);
        return d;
}

static inline Detector* recorder_detector(double rate_hz, unsigned n_channels, double lsb_uv, int32_t low, int32_t high,
                                          Reports *reports) {
        return recorder_detector_of(rate_hz, n_channels, lsb_uv, low, high, false, reports);
}

static inline Detector* new_detector(double rate_hz, unsigned n_channels, Reports *reports) {
        return recorder_detector(rate_hz, n_channels, LSB_UV, CODE_MIN, CODE_MAX, reports);
}

/* All of a signal, in blocks. The caller frees what was reported. */
static inline Reports* detect(double rate_hz, unsigned n_channels, const int32_t *x, size_t n_frames, size_t block) {
        Reports *r = calloc(1, sizeof *r);
        ck_assert_ptr_nonnull(r);
        Detector *d = new_detector(rate_hz, n_channels, r);

        for (size_t f = 0; f < n_frames; f += block)
                detector_push(d, x + f * n_channels, NULL, f + block <= n_frames ? block : n_frames - f);
        detector_finish(d);
        detector_free(d);
        ck_assert_uint_eq(r->n_answered, r->n_notices);
        return r;
}
