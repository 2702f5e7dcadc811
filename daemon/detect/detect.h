/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The twitch detector: samples in, events out.
 *
 * No I/O, no clock, no allocation after detector_new(), no header of libiio,
 * systemd or SQLite: usable as a library by others. One Detector serves the
 * channels of one front end and one thread. Functions return 0 or a negative
 * errno and leave ret_ arguments untouched on failure.
 *
 * Time is a frame position: frames counted from the first one pushed, gaps
 * included (detector_gap()), as a double so that peaks can lie between frames.
 * The caller turns positions into seconds. Results do not depend on how the
 * input is cut into blocks.
 *
 * A channel is silent for two seconds after it starts from nothing (the first frame, a
 * change after a flat stretch, a gap of more than 10 s): mains and noise are not known yet,
 * nothing is reported and no exposure counted. After a shorter gap that takes 0.3 s,
 * after a rail or an electrode off 1 s.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/twitchd.h"

#define DETECT_RATE_HZ_MIN 250.0
#define DETECT_RATE_HZ_MAX 16000.0
#define DETECT_CHANNELS_MAX 512u
#define DETECT_EVENT_CHANNELS_MAX 32u           /* channels named by one event */
#define DETECT_MERGED_MAX 16u                   /* notices that became part of one event */
#define DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT 1.0
#define DETECT_FALSE_ALARMS_PER_HOUR_MIN 0.001
#define DETECT_FALSE_ALARMS_PER_HOUR_MAX 3600.0

typedef struct Detector Detector;

#define DETECT_ENUM_KIND(name, word) EVENT_##name,
typedef enum EventKind {
        TWITCHD_EVENT_KINDS(DETECT_ENUM_KIND)
        _EVENT_KIND_MAX,
} EventKind;
#undef DETECT_ENUM_KIND

#define DETECT_ENUM_CAUSE(name, word) ARTEFACT_##name,
typedef enum ArtefactCause {
        TWITCHD_ARTEFACT_CAUSES(DETECT_ENUM_CAUSE)
        _ARTEFACT_CAUSE_MAX,
} ArtefactCause;
#undef DETECT_ENUM_CAUSE

const char* event_kind_to_string(EventKind k);          /* NULL if out of range */
const char* artefact_cause_to_string(ArtefactCause c);  /* NULL if out of range */

/* Bits of the optional flags that come with every sample */
enum {
        DETECT_SAMPLE_LEAD_OFF = 1 << 0,        /* an electrode of this channel is off */
};

/*
 * "A twitch, provisionally", soon after the end of a discharge: what it is part of is not known yet. Ids count up
 * from 1 over a Detector's notices and events. Each notice is answered by exactly one later event or
 * artefact, which has its id or names it among its merged ones: that of a twitch, of something longer (a train,
 * a contraction) that takes in several notices, or of what was none.
 */
typedef struct DetectNotice {
        uint64_t id;
        size_t n_channels;                      /* at least 1, as far as is known yet */
        unsigned channels[DETECT_EVENT_CHANNELS_MAX]; /* the strongest first */
        double peak;                            /* frame position */
        double amplitude_uv;
        double snr;
} DetectNotice;

typedef struct DetectEvent {
        uint64_t id;                            /* of its first notice, or one of its own if it had none */
        size_t n_merged;                        /* further notices that were part of it */
        uint64_t merged[DETECT_MERGED_MAX];
        EventKind kind;
        size_t n_channels;                      /* at least 1 */
        unsigned channels[DETECT_EVENT_CHANNELS_MAX]; /* zero-based, the strongest first */
        double lags[DETECT_EVENT_CHANNELS_MAX]; /* frames by which each sees the first discharge later than the strongest; NAN: does not, or of many units */
        double peak;                            /* frame position of the largest peak of the first discharge */
        double onset, end;                      /* frame positions, onset <= peak <= end */
        double amplitude_uv;                    /* peak to peak, 20-450 Hz, strongest channel */
        double snr;                             /* detection statistic, standard deviations */
        unsigned discharges;                    /* at least 1 */
        unsigned unit;                          /* of the strongest channel; 0: of none, or of several */
} DetectEvent;

typedef struct DetectArtefact {
        uint64_t id;                            /* of the notice that is withdrawn by it; 0: there was none */
        size_t n_merged;
        uint64_t merged[DETECT_MERGED_MAX];
        ArtefactCause cause;
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];
        double from, to;                        /* frame positions */
} DetectArtefact;

typedef struct DetectConfig {
        double rate_hz;                         /* DETECT_RATE_HZ_MIN .. DETECT_RATE_HZ_MAX */
        unsigned n_channels;                    /* 1 .. DETECT_CHANNELS_MAX */
        const double *lsb_uv;                   /* [n_channels] microvolts per count, > 0; copied */
        const int32_t *code_min, *code_max;     /* [n_channels] the rails; copied */
        double false_alarms_per_hour;           /* per channel; the one knob for sensitivity */
        /* Called from within push, gap and finish, in order of decision. Each may be NULL. */
        void (*on_notice)(const DetectNotice *notice, void *userdata);
        void (*on_event)(const DetectEvent *event, void *userdata);
        void (*on_artefact)(const DetectArtefact *artefact, void *userdata);
        void *userdata;
} DetectConfig;

typedef struct DetectChannelStats {
        double noise_uv;                        /* robust RMS, 20-450 Hz; NAN until known */
        double floor_uv;                        /* smallest twitch found 9 times in 10, peak to peak; NAN until known */
        double exposure_s;                      /* usable time so far */
        uint64_t events;                        /* events whose strongest channel this is */
        bool lead_off, saturated, flat;         /* of the latest frame */
} DetectChannelStats;

/* -EINVAL: a value of the configuration is out of its range. */
int detector_new(const DetectConfig *config, Detector **ret);
Detector* detector_free(Detector *d);           /* takes NULL, returns NULL */

/*
 * Next frames: samples[n_frames][n_channels] in counts, flags[n_frames][n_channels] of
 * DETECT_SAMPLE_* or NULL. Any n_frames, 0 included.
 */
void detector_push(Detector *d, const int32_t *samples, const uint8_t *flags, size_t n_frames);

/* n_frames are missing here: filters restart, exposure stops, positions go on behind the gap. */
void detector_gap(Detector *d, uint64_t n_frames);

/* End of input: report what is still undecided. Only detector_get_* and detector_free() may follow. */
void detector_finish(Detector *d);

uint64_t detector_position(const Detector *d);  /* frames pushed and missing so far */

/* Longest wait, in frames, from the end of a single twitch to its event. */
unsigned detector_latency_frames(const Detector *d);

int detector_get_channel_stats(const Detector *d, unsigned channel, DetectChannelStats *ret);
