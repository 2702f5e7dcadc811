/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of twitchd as they were at one moment: one GetManagedObjects call. */
#pragma once

#include <systemd/sd-bus.h>

#include "util.h"

typedef struct ChannelInfo {
        char *path;
        uint32_t index, gain;
        char *label, *status, *contact, *electrodes_off;
        double impedance_ohm;           /* NAN: not known */
        double lsb_uv, noise_uv, floor_uv, exposure_s, rest_s;
        uint64_t events, rest_twitches; /* a rate is rest_twitches / rest_s */
        int lead_off;                   /* as sd-bus has booleans */
} ChannelInfo;

typedef struct LostInfo {
        char *cause;
        uint64_t n;
} LostInfo;

typedef struct MonitorInfo {
        char *path, *name;              /* the name is the end of the path */
        char *device, *state, *contact_method, *bias_electrode;
        double nominal_rate_hz, rate_hz, false_alarms_per_hour;
        uint64_t scans, events;
        LostInfo *lost;
        size_t n_lost;
        ChannelInfo *channels;          /* in order of index */
        size_t n_channels;
} MonitorInfo;

typedef struct Snapshot {
        MonitorInfo *monitors;          /* in order of name */
        size_t n_monitors;
} Snapshot;

void snapshot_done(Snapshot *s);

/* Asks the service. On failure *ret_error may be set. */
int snapshot_fetch(sd_bus *bus, Snapshot *ret, sd_bus_error *ret_error);

/* The same for a verb that begins with it: opens the bus, too, and has said what is wrong. */
int snapshot_open(sd_bus **ret_bus, Snapshot *ret);

int snapshot_new_call(sd_bus *bus, sd_bus_message **ret);
int snapshot_parse(sd_bus_message *reply, Snapshot *ret);

/* One object with its interfaces, "oa{sa{sv}}", as in InterfacesAdded. Call snapshot_sort() after the last. */
int snapshot_add_object(Snapshot *s, sd_bus_message *m);
void snapshot_sort(Snapshot *s);
void snapshot_remove_object(Snapshot *s, const char *path);

/* NULL if unknown */
MonitorInfo* snapshot_find_monitor(const Snapshot *s, const char *path);
ChannelInfo* monitor_find_channel(const MonitorInfo *m, uint32_t index);

uint64_t monitor_lost_total(const MonitorInfo *m);

/* Words for a person; "" never. */
const char* channel_label(const ChannelInfo *c, uint32_t index, char ret[static 32]);
const char* contact_to_words(const ChannelInfo *c);
