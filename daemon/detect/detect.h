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
 * after a rail or an electrode off 1 s. Who has all of the signal can let the detector learn
 * from its beginning first (a lead-in, detector_begin()), and then the start takes 0.3 s, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/twitchd.h"

#define DETECT_RATE_HZ_MIN 195.0        /* 200, and an oscillator that is off by 2.5 % */
#define DETECT_RATE_HZ_MAX 16800.0      /* 16384, likewise */
#define DETECT_LSB_UV_MIN 1e-9
#define DETECT_LSB_UV_MAX 1e6           /* squares of 32 bits of them, added up for seconds, are floats */
#define DETECT_CHANNELS_MAX 512u
#define DETECT_EVENT_CHANNELS_MAX 32u   /* channels named by one event */
#define DETECT_MERGED_MAX 16u           /* notices that became part of one event */
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

/* Why time is no exposure; those that are artefacts have their values. */
#define DETECT_ENUM_EXCLUSION(name, word) EXCLUSION_##name,
typedef enum Exclusion {
        TWITCHD_EXCLUSIONS(DETECT_ENUM_EXCLUSION)
        _EXCLUSION_MAX,
} Exclusion;
#undef DETECT_ENUM_EXCLUSION

const char* event_kind_to_string(EventKind k);  /* NULL if out of range */
const char* artefact_cause_to_string(ArtefactCause c);  /* NULL if out of range */
const char* exclusion_to_string(Exclusion e);   /* NULL if out of range */
bool event_kind_is_twitch(EventKind k); /* fasciculation, doublet, multiplet: those a rate counts */

/* Bits of the optional flags that come with every sample */
enum {
        DETECT_SAMPLE_LEAD_OFF = 1 << 0,        /* an electrode of this channel is off */
};

/*
 * "A twitch, provisionally", soon after the end of a discharge: what it is part of is not known yet. Ids
 * count up from 1 over a Detector's notices and events. Each notice is answered by exactly one later event
 * or artefact, which has its id or names it among its merged ones: that of a twitch, of something longer (a
 * train, a contraction) that takes in several notices, or of what was none.
 */
typedef struct DetectNotice {
        uint64_t id;
        size_t n_channels;              /* at least 1, as far as is known yet */
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];   /* the strongest first */
        double peak;                    /* frame position */
        double amplitude_uv;
        double snr;
} DetectNotice;

typedef struct DetectEvent {
        uint64_t id;                    /* of its first notice, or one of its own if it had none */
        size_t n_merged;                /* further notices that were part of it */
        uint64_t merged[DETECT_MERGED_MAX];
        EventKind kind;
        size_t n_channels;              /* at least 1 */
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];   /* zero-based, the strongest first */
        /*
         * frames by which each sees the first discharge later than the strongest; NAN: does not, or of many
         * units
         */
        double lags[DETECT_EVENT_CHANNELS_MAX];
        double peak;                    /* frame position of the largest peak of the first discharge */
        double onset, end;              /* frame positions, onset <= peak <= end */
        double amplitude_uv;            /* peak to peak, 20-450 Hz, strongest channel */
        double snr;                     /* detection statistic, standard deviations */
        unsigned discharges;            /* at least 1 */
        unsigned unit;                  /* of the strongest channel; 0: of none, or of several */
} DetectEvent;

typedef struct DetectArtefact {
        uint64_t id;                    /* of the notice that is withdrawn by it; 0: there was none */
        size_t n_merged;
        uint64_t merged[DETECT_MERGED_MAX];
        ArtefactCause cause;
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];
        double from, to;                /* frame positions */
} DetectArtefact;

/*
 * What a minute of one channel was good for, given once no later decision changes it; minutes are counted
 * from the first frame. exposure_s and all of excluded_s together are the length of the minute: 60 s, less
 * for the last one. Each event takes its time from the exposure when it is decided; a contraction also takes
 * half a second on either side.
 *
 * voluntary: at least half a second of the minute is contraction (the shortest activity that counts as
 * sustained). A muscle that is used twitches otherwise than one at rest, so the whole minute stays out of a
 * rate, whatever else is in it; a cramp does not do that, and neither does a jerk. The choice moves rates by
 * a factor (2.6 in Bashford 2019): it belongs beside every rate, and who wants another one can make it, as
 * voluntary minutes are given like all others.
 *
 * At most DETECT_MINUTES_PENDING minutes wait: of what goes on for longer the first minutes are
 * given as if it ended now, and its event counts in the first one that waits.
 * Minutes in which there is nothing but a gap are left out.
 */
typedef struct DetectMinute {
        unsigned channel;
        double from, to;                /* frame positions */
        double exposure_s;              /* usable rest */
        double excluded_s[_EXCLUSION_MAX];
        double noise_uv, floor_uv;      /* means over the minute, as in DetectChannelStats; NAN: not known */
        unsigned events;                /* whose peak lies in it, and whose strongest channel this is */
        unsigned twitches;              /* of them: event_kind_is_twitch() */
        bool voluntary;
} DetectMinute;

#define DETECT_MINUTES_PENDING 4u

typedef struct DetectConfig {
        double rate_hz;                 /* DETECT_RATE_HZ_MIN .. DETECT_RATE_HZ_MAX */
        unsigned n_channels;            /* 1 .. DETECT_CHANNELS_MAX */
        const double *lsb_uv;           /* [n_channels] DETECT_LSB_UV_MIN .. _MAX per count; copied */
        const int32_t *code_min, *code_max;     /* [n_channels] the rails; copied */
        /*
         * They need not be the converter's: a file may name the extremes of its data. Then a run of codes at
         * a limit, or many, make it a rail, and a single one is a sample.
         */
        bool limits_may_be_extremes;
        double false_alarms_per_hour;   /* per channel; the one knob for sensitivity */
        /*
         * The converter's filter is a sinc3 with its first null at the rate, as that of the ADS1299: what it
         * takes from the upper half of the band is given back. Only the source can know that.
         */
        bool sinc3;
        bool lead_in;                   /* until detector_begin() nothing is reported */
        /* Called from within push, gap and finish, in order of decision. Each may be NULL. */
        void (*on_notice)(const DetectNotice *notice, void *userdata);
        void (*on_event)(const DetectEvent *event, void *userdata);
        void (*on_artefact)(const DetectArtefact *artefact, void *userdata);
        void (*on_minute)(const DetectMinute *minute, void *userdata);
        void *userdata;
} DetectConfig;

typedef struct DetectChannelStats {
        double noise_uv;                /* robust RMS, 20-450 Hz; NAN until known */
        double floor_uv; /* smallest twitch found 9 times in 10, peak to peak; NAN until known */
        double exposure_s;              /* usable time so far */
        uint64_t events;                /* events whose strongest channel this is */
        /* Of the minutes given so far. A rate is rest_twitches / rest_s. */
        unsigned minutes, voluntary_minutes;
        double rest_s;                  /* exposure in minutes that are not voluntary */
        uint64_t rest_twitches;         /* in them */
        bool lead_off, saturated, flat; /* of the latest frame */
} DetectChannelStats;

/* -EINVAL: a value of the configuration is out of its range. */
int detector_new(const DetectConfig *config, Detector **ret);
Detector* detector_free(Detector *d);   /* takes NULL, returns NULL */

/*
 * Next frames: samples[n_frames][n_channels] in counts, flags[n_frames][n_channels] of
 * DETECT_SAMPLE_* or NULL. Any n_frames, 0 included.
 */
void detector_push(Detector *d, const int32_t *samples, const uint8_t *flags, size_t n_frames);

/*
 * The end of a lead-in: what was pushed so far is known for its mains, its noise and its heart, and for
 * nothing else. The next frame has position 0. Once, and only if the configuration says so.
 */
void detector_begin(Detector *d);

/* n_frames are missing here: filters restart, exposure stops, positions go on behind the gap. */
void detector_gap(Detector *d, uint64_t n_frames);

/* End of input: report what is still undecided. Only detector_get_* and detector_free() may follow. */
void detector_finish(Detector *d);

uint64_t detector_position(const Detector *d);  /* frames pushed and missing so far */

/* Longest wait, in frames, from the end of a single twitch to its event. */
unsigned detector_latency_frames(const Detector *d);

int detector_get_channel_stats(const Detector *d, unsigned channel, DetectChannelStats *ret);
