/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is written into the history, and into which session: every function here runs in the writer's thread,
 * within a transaction that the writer begins and commits.
 *
 * Returns 0 or a negative errno. After a transaction that failed the Keeper must be put back to the copy of
 * its state from before it (KeeperState): then the same calls can be made again.
 */
#pragma once

#include "../config.h"
#include "sql.h"

#define KEEPER_DEVICES_MAX 16u
#define KEEPER_SESSIONS_KEPT 4u                 /* of a device: an event may be decided after the next has begun */
#define KEEPER_TEXT_MAX 64u

/* Two clocks cannot be read at the same moment: less than this is no step. */
#define KEEPER_STEP_USEC_MIN 5000

/* A session that nobody started ends after this long, so that it has a part of the day: a quarter. */
#define KEEPER_UNCONFIRMED_USEC (6 * 3600 * USEC_PER_SEC)
/* Waveforms kept of each unit of a channel in a session: enough for a mean. */
#define KEEPER_WAVEFORMS 20u
#define KEEPER_UNITS 256u                       /* told apart for that, over all channels */
#define KEPT_SAMPLES_MAX 4096u

/* A sitting that was interrupted for less than this goes on: a restart of the service, an update. */
#define KEEPER_CONTINUES_USEC (10 * 60 * USEC_PER_SEC)

/* What a device is when its samples begin to flow. */
typedef struct KeptDevice {
        uint64_t source;                        /* a number of one's own for it, until it ends */
        char identity[256], name[96];
        unsigned n_channels;
        double rate_hz, false_alarms_per_hour;
        usec_t boottime_usec;
        struct {
                char label[KEEPER_TEXT_MAX];
                unsigned gain;
                double lsb_uv;
        } channels[DEVICE_CHANNELS_MAX];
} KeptDevice;

typedef struct KeptEvent {
        uint64_t source;
        usec_t boottime_usec, onset_usec, duration_usec; /* as in the table event */
        const char *kind;                       /* a constant */
        double amplitude_uv, snr;
        unsigned discharges, unit;
        /* Of the strongest channel: a look at it; n_samples 0: none. samples live as long as this. */
        unsigned n_samples, n_before;           /* before the peak */
        double rate_hz, lsb_uv;
        const int32_t *samples;                 /* counts of 24 bits */
        unsigned n_channels;                    /* at least 1, the strongest first */
        struct {
                unsigned channel;               /* from 1 */
                double lag_usec;                /* NAN: not known */
        } channels[];
} KeptEvent;

#define KEPT_CAUSES_MAX 16u

typedef struct KeptMinute {
        uint64_t source;
        unsigned channel;                       /* from 1 */
        usec_t boottime_usec, length_usec;
        double exposure_s, noise_uv, floor_uv;  /* NAN: not known */
        unsigned events, twitches;
        bool voluntary;
        unsigned n_excluded;
        struct {
                const char *cause;              /* a constant */
                double excluded_s;
        } excluded[KEPT_CAUSES_MAX];
} KeptMinute;

typedef struct KeptLoss {
        uint64_t source;
        usec_t boottime_usec;
        const char *cause;                      /* a constant */
        uint64_t scans;
} KeptLoss;

typedef struct KeptClock {
        usec_t boottime_usec;                   /* when this was seen */
        int64_t utc_minus_boottime_usec;
        int64_t utc_offset_s;                   /* local time minus UTC */
} KeptClock;

/* A session that a person starts. */
typedef struct KeptStart {
        char identity[256];                     /* of the device; empty: the only one there is */
        usec_t boottime_usec;
        char template[KEEPER_TEXT_MAX], posture[KEEPER_TEXT_MAX], note[256];    /* empty: none */
        unsigned n_sites;                       /* other channels are where they were last time */
        struct {
                unsigned channel;               /* from 1 */
                char site[KEEPER_TEXT_MAX];     /* empty: no longer said */
                char label[KEEPER_TEXT_MAX];    /* empty: as it was */
        } sites[DEVICE_CHANNELS_MAX];
} KeptStart;

typedef struct KeeperSession {
        int64_t id;
        usec_t start_usec;                      /* BOOTTIME */
        bool confirmed;
} KeeperSession;

typedef struct KeeperDevice {
        uint64_t source;                        /* 0: free */
        int64_t device;                         /* row */
        unsigned n_sessions;                    /* the latest first */
        KeeperSession sessions[KEEPER_SESSIONS_KEPT];
        uint8_t n_waveforms[KEEPER_UNITS];      /* of the latest session, by unit and channel */
} KeeperDevice;

typedef struct KeeperState {
        int64_t boot, software;                 /* rows */
        KeptClock clock;
        KeeperDevice devices[KEEPER_DEVICES_MAX];
} KeeperState;

typedef struct Keeper {
        Sql *sql;                               /* NULL: not open */
        const char *path, *boot_id;             /* of the file; of the kernel */
        const bool *stopping;
        bool wipe;                              /* a deletion: nothing of it may stay in the journal */
        KeeperState state;
        KeptDevice about[KEEPER_DEVICES_MAX];   /* of state.devices: to begin anew in another file */
} Keeper;

/*
 * The file is open and new, or another one than before: closes what an interruption left open, and opens
 * sessions for the devices that are there. state.clock is set.
 */
int keeper_begin(Keeper *k);

int keep_clock(Keeper *k, const KeptClock *clock);
int keep_device(Keeper *k, const KeptDevice *device);
int keep_device_end(Keeper *k, uint64_t source, usec_t boottime_usec, const char *why);
int keep_event(Keeper *k, const KeptEvent *e);
int keep_minute(Keeper *k, const KeptMinute *minute);
int keep_loss(Keeper *k, const KeptLoss *loss);
int keep_incident(Keeper *k, const char *what, uint64_t n_lost, const char *text);

/* -ENODEV: there is no such device, or none; -ENOTUNIQ: several; -EINVAL: a channel it does not have. */
int keep_session_start(Keeper *k, const KeptStart *start, int64_t *ret_session);
/* Another one opens by itself. -ESRCH: none that a person started is going on. */
int keep_session_stop(Keeper *k, usec_t boottime_usec, int64_t *ret_session);

/* Asked now and then by what takes long. */
bool keeper_is_stopping(const Keeper *k);

/* The time of day now, in UTC, as this boot knows it. */
int64_t keeper_now_usec(const Keeper *k);
