/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One front end: source -> clock and detector -> sinks.
 *
 * A Monitor opens its device in the background, feeds its frames to the detector, maps frame
 * positions to time and hands on what was found. It knows neither D-Bus nor other sinks. The
 * struct is for reading; only monitor.c writes it.
 */
#pragma once

#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "config.h"
#include "detect/detect.h"
#include "devices.h"
#include "source/clock.h"
#include "source/iio.h"

#define MONITOR_NOTICES_MAX 64u                 /* withdrawn by one MonitorArtefact */
#define MONITOR_MINUTES_KEPT 60u                /* of each channel, the latest */

typedef struct Monitor Monitor;

#define MONITOR_STATES(X)                       \
        X(STARTING, "starting")                 \
        X(RUNNING, "running")                   \
        X(NO_DATA, "no-data")                   \
        X(STOPPED, "stopped")                   \
        X(FAILED, "failed")

typedef enum MonitorState {
#define MONITOR_ENUM(name, word) MONITOR_##name,
        MONITOR_STATES(MONITOR_ENUM)
#undef MONITOR_ENUM
        _MONITOR_STATE_MAX,
} MonitorState;

const char* monitor_state_to_string(MonitorState s);

/*
 * What was found, in the time of clocks: all of it CLOCK_BOOTTIME. See twitchd_realtime_usec() for the time
 * of day.
 */
typedef struct MonitorNotice {
        const DetectNotice *notice;
        usec_t boottime_usec;
} MonitorNotice;

typedef struct MonitorEvent {
        uint64_t id;                            /* counts up from 1 within an instance, with those of notices */
        const DetectEvent *event;
        usec_t boottime_usec;                   /* the largest peak of the first discharge */
        usec_t onset_boottime_usec, end_boottime_usec;
        double duration_ms;
        double frame_ms;
} MonitorEvent;

/*
 * An artefact, or several of one cause in one: after one of them the next of its cause waits up to a second
 * and takes in what follows, so that a storm of them is no storm of messages.
 */
typedef struct MonitorArtefact {
        DetectArtefact artefact;                /* from the first to the last, all their channels */
        unsigned parts;                         /* at least 1 */
        double excluded;                        /* frames of all parts together */
        usec_t from_boottime_usec, to_boottime_usec;
        unsigned n_notices;                     /* withdrawn by it */
        uint64_t notices[MONITOR_NOTICES_MAX];
} MonitorArtefact;

/* What a minute of a channel was good for. */
typedef struct MonitorMinute {
        usec_t from_boottime_usec, to_boottime_usec;
        DetectMinute found;
} MonitorMinute;

typedef struct MonitorSinks {
        void (*opened)(Monitor *m, void *userdata);     /* name, rate and channels are known from here on */
        void (*streaming)(Monitor *m, void *userdata);  /* the first samples have come */
        void (*notice)(Monitor *m, const MonitorNotice *n, void *userdata);
        void (*event)(Monitor *m, const MonitorEvent *e, void *userdata);
        void (*artefact)(Monitor *m, const MonitorArtefact *a, void *userdata);
        void (*minute)(Monitor *m, const MonitorMinute *minute, void *userdata);
        void (*state_changed)(Monitor *m, void *userdata);
        void (*lost_changed)(Monitor *m, void *userdata);
        void (*channel_changed)(Monitor *m, unsigned channel, void *userdata);
        void (*ended)(Monitor *m, void *userdata);      /* last call; may free the Monitor */
        void *userdata;
} MonitorSinks;

typedef struct MonitorChannel {
        Monitor *monitor;
        unsigned index;
        bool lead_off;                          /* as last announced */
        const char *status;
        uint64_t n_minutes;                     /* so far; the latest are kept */
        MonitorMinute minutes[MONITOR_MINUTES_KEPT];    /* a ring */
} MonitorChannel;

struct Monitor {
        DevicePlace place;
        const char *name;                       /* that of the place */
        sd_id128_t instance;                    /* of this run: ids are unique for ever together with it */
        char *id;                               /* "iio:device0"; NULL with a URI of one's own */
        bool sinc3;                             /* the droop of the converter's filter is corrected */
        Config config;
        MonitorSinks sinks;

        IioSource *source;
        sd_event_source *wakeup;
        Detector *detector;
        FrameClock clock;

        MonitorState state;
        bool opened, streaming, device_gone;
        int error;                              /* why it ended: 0, or a negative errno */
        usec_t opened_usec, last_frame_usec, first_frame_usec; /* CLOCK_MONOTONIC */
        uint64_t n_scans, n_events;
        uint64_t lost[_LOST_CAUSE_MAX];         /* as last announced */
        MonitorArtefact pending[_ARTEFACT_CAUSE_MAX]; /* parts is 0: none */
        usec_t artefact_sent_usec[_ARTEFACT_CAUSE_MAX];
        unsigned n_channels;
        MonitorChannel channels[DEVICE_CHANNELS_MAX];
};

/* Starts to open the device uri/id; id may be NULL for the first ADS1299 of uri. */
int monitor_new(sd_event *event, const char *uri, const char *id, const DevicePlace *place,
                const Config *config, const MonitorSinks *sinks, Monitor **ret);
/* Ended before. */
Monitor* monitor_free(Monitor *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(Monitor*, monitor_free);

/* Once a second: notices silence and announces what changed. */
void monitor_tick(Monitor *m);

/* The device node has gone: the thread may sleep in a poll() that nothing wakes. */
void monitor_device_gone(Monitor *m);

/*
 * Ends it from outside, in two steps so that several end at the same time. monitor_finish() waits at
 * most timeout_usec, reports what is undecided and calls ended(); -ETIMEDOUT: the acquisition thread hangs.
 */
void monitor_cancel(Monitor *m);
int monitor_finish(Monitor *m, usec_t timeout_usec);

double monitor_nominal_rate_hz(const Monitor *m);
const SourceChannel* monitor_channel_info(const Monitor *m, unsigned channel);
void monitor_channel_stats(const Monitor *m, unsigned channel, DetectChannelStats *ret);
uint64_t monitor_lost_total(const Monitor *m);
