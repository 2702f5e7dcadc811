/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One front end: source -> clock and detector -> sinks.
 *
 * A Monitor is there from the moment its device is seen until that has gone. It opens the device in the
 * background, and again after a fault, with pauses that grow; what it does is told by its state. A run
 * lasts from one opening to the closing: its frames go to a detector of its own, and what that found is
 * mapped to time and handed on. It knows neither D-Bus nor other sinks, and nothing that happens to it
 * touches another. The struct is for reading; only monitor.c and found.c write it.
 */
#pragma once

#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "config.h"
#include "contact.h"
#include "detect/detect.h"
#include "devices.h"
#include "source/clock.h"
#include "source/iio.h"
#include "twitchd.h"

#define MONITOR_NOTICES_MAX 64u                 /* withdrawn by one MonitorArtefact */
#define MONITOR_MINUTES_KEPT 60u                /* of each channel, the latest */

typedef struct Monitor Monitor;

typedef enum MonitorState {
#define MONITOR_ENUM(name, word) MONITOR_##name,
        TWITCHD_MONITOR_STATES(MONITOR_ENUM)
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
        /*
         * A run begins: instance, rate and channels are those of the device as it was opened. n_before:
         * channels it had until now, 0 at the first time.
         */
        void (*opened)(Monitor *m, unsigned n_before, void *userdata);
        void (*streaming)(Monitor *m, void *userdata);  /* the first samples of the run have come */
        /* All it found was handed on. error: why; 0: it was told to. */
        void (*run_ended)(Monitor *m, int error, void *userdata);
        /* n frames from position (as in detect.h) on, without a gap: samples[n][n_channels], counts */
        void (*frames)(Monitor *m, uint64_t position, const int32_t *samples, size_t n, void *userdata);
        /* Each scan as it came, with its time; then that these were all for now. */
        void (*frame)(Monitor *m, const Frame *f, void *userdata);
        void (*frames_taken)(Monitor *m, void *userdata);
        void (*notice)(Monitor *m, const MonitorNotice *n, void *userdata);
        void (*event)(Monitor *m, const MonitorEvent *e, void *userdata);
        void (*artefact)(Monitor *m, const MonitorArtefact *a, void *userdata);
        void (*minute)(Monitor *m, const MonitorMinute *minute, void *userdata);
        void (*state_changed)(Monitor *m, void *userdata);      /* state, or error */
        void (*lost_changed)(Monitor *m, void *userdata);
        void (*channel_changed)(Monitor *m, unsigned channel, void *userdata);
        void (*gone)(Monitor *m, void *userdata);       /* last call; may free the Monitor */
        void *userdata;
} MonitorSinks;

/* error: 0, or why it could not be checked, with what failed for a person; c is there until it returns. */
typedef void (*MonitorChecked)(Monitor *m, int error, const char *what, const SourceCheck *c, void *userdata);

typedef struct MonitorChannel {
        Monitor *monitor;
        unsigned index;
        bool lead_off;                          /* as last announced */
        const char *status;
        uint8_t flags;                          /* of the latest scan: ADS1299_FLAG_P_OFF and _N_OFF */
        ContactState contact;                   /* as last announced, and so is electrodes_off */
        const char *electrodes_off;             /* "none", "positive", "negative", "both", "some", "unknown" */
        DetectChannelStats before;              /* sums of the runs before this one */
        uint64_t n_minutes;                     /* so far; the latest are kept */
        MonitorMinute minutes[MONITOR_MINUTES_KEPT];    /* a ring */
} MonitorChannel;

struct Monitor {
        DevicePlace place;
        const char *name;                       /* that of the place */
        char *uri, *id;                         /* "iio:device0"; NULL on a URI of one's own */
        bool sinc3;                             /* the droop of the converter's filter is corrected */
        Config config;
        MonitorSinks sinks;
        sd_event *event;

        MonitorState state;
        int error;                              /* of the latest attempt: 0, or a negative errno */
        /* The fault that the journal tells of and that is not over: MONITOR_OPENING is none; its error */
        MonitorState told;
        int told_error;
        bool device_gone, stopping, hang_said;
        usec_t seen_usec;                       /* CLOCK_MONOTONIC */
        usec_t retry_delay_usec;                /* before the next attempt */
        sd_event_source *retry;

        /* An attempt: NULL between two */
        IioSource *source;
        sd_event_source *wakeup;
        /* CLOCK_MONOTONIC: when it began; when it was told to end, or 0 */
        usec_t attempt_usec, cancelled_usec;
        int verdict;                            /* why it is told to end: negative errno, or 0 */
        const char *verdict_what;

        /* A check that was asked for: checked is NULL where none was */
        MonitorChecked checked;
        void *checked_userdata;
        bool checking;                          /* the attempt is one */
        SourceCheck *check;

        /* A run: an attempt that succeeded */
        bool opened, streaming;
        sd_id128_t instance;                    /* of this run: ids are unique for ever together with it */
        SourceInfo info;
        Detector *detector;                     /* NULL between two */
        FrameClock clock;
        Contact contact;
        bool contact_is_new;                    /* a window of it is over */
        usec_t last_frame_usec, first_frame_usec;       /* CLOCK_MONOTONIC */
        int64_t last_time_ns;                   /* largest timestamp so far */
        uint64_t n_standing;                    /* frames since then */

        /* Since the service saw the device */
        uint64_t n_scans, n_events;
        uint64_t lost[_LOST_CAUSE_MAX];         /* as last announced */
        uint64_t lost_before[_LOST_CAUSE_MAX];  /* by runs before */
        bool lost_known;                        /* the device can be asked */
        MonitorArtefact pending[_ARTEFACT_CAUSE_MAX]; /* parts is 0: none */
        usec_t artefact_sent_usec[_ARTEFACT_CAUSE_MAX];
        unsigned n_channels;                    /* 0 until it was opened once */
        MonitorChannel channels[DEVICE_CHANNELS_MAX];
};

/* Begins to open the device uri/id; id may be NULL for the first ADS1299 of uri. */
int monitor_new(sd_event *event, const char *uri, const char *id, const DevicePlace *place,
                const Config *config, const MonitorSinks *sinks, Monitor **ret);
/* Whatever it does. A thread that hangs in the kernel is left to itself. */
Monitor* monitor_free(Monitor *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(Monitor*, monitor_free);

/* Once a second: notices silence and announces what changed. */
void monitor_tick(Monitor *m);

/* Other settings: where they differ, the device is opened anew with them. */
void monitor_configure(Monitor *m, const Config *config);

/*
 * Ends the run, checks the device (some 6 s), tells the result and begins a run again. -EBUSY: that goes on
 * already. When the Monitor ends before, -ECANCELED is told.
 */
int monitor_check(Monitor *m, MonitorChecked checked, void *userdata);

/* The device node has gone: the thread may sleep in a poll() that nothing wakes. */
void monitor_device_gone(Monitor *m);

/*
 * The end from outside, in two steps so that several end at the same time. monitor_finish() waits at most
 * timeout_usec and hands on what is undecided; -ETIMEDOUT: the acquisition thread hangs, and nothing will
 * come. No sink is called after it, and gone() not by it.
 */
void monitor_cancel(Monitor *m);
int monitor_finish(Monitor *m, usec_t timeout_usec);

/* Both electrodes of the channel together; NAN: not known */
double monitor_channel_ohm(const Monitor *m, unsigned channel);
/* "ac", "dc", "none" */
const char* monitor_contact_method(const Monitor *m);
/* When the device was opened: "connected", "off", "not-measured" */
const char* monitor_bias_electrode(const Monitor *m);

double monitor_nominal_rate_hz(const Monitor *m);       /* that was asked for, until it was opened once */
const SourceChannel* monitor_channel_info(const Monitor *m, unsigned channel);
void monitor_channel_stats(const Monitor *m, unsigned channel, DetectChannelStats *ret);
/* Can it be told now? The counters of the driver on another machine cannot always be asked for. */
bool monitor_lost_is_known(const Monitor *m, LostCause c);
uint64_t monitor_lost_total(const Monitor *m);          /* of what is known */
