/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of org.twitchd1 on the bus: vtables and argument checks, nothing else. */
#pragma once

#include <systemd/sd-bus.h>

#include "../manager.h"

/* All objects, present and future: they are looked up in the Manager. */
int bus_register(sd_bus *bus, Manager *m);

/* With its channels, if they are known */
void bus_announce_monitor(sd_bus *bus, const Monitor *monitor);
void bus_withdraw_monitor(sd_bus *bus, const Monitor *monitor);

void bus_emit_notice(sd_bus *bus, const Monitor *monitor, const MonitorNotice *n);
void bus_emit_twitch(sd_bus *bus, const Monitor *monitor, const MonitorEvent *e);
void bus_emit_artefact(sd_bus *bus, const Monitor *monitor, const MonitorArtefact *a);
void bus_emit_minute(sd_bus *bus, const Monitor *monitor, const MonitorMinute *minute);
/* A run begins; n_before: how many channels are on the bus. */
void bus_monitor_opened(sd_bus *bus, const Monitor *monitor, unsigned n_before);
/* also: another one, or NULL */
void bus_monitor_changed(sd_bus *bus, const Monitor *monitor, const char *property, const char *also);
void bus_channel_changed(sd_bus *bus, const Monitor *monitor, unsigned channel);

void bus_history_changed(sd_bus *bus);
void bus_recording_changed(sd_bus *bus);

/* For the files of this folder */
extern const sd_bus_vtable manager_vtable[], monitor_vtable[], channel_vtable[], history_vtable[],
        log_control_vtable[];

int bus_monitor_path(const Monitor *monitor, char **ret);
int bus_channel_path(const Monitor *monitor, unsigned channel, char **ret);
/* As sd_bus_object_find_t: the Monitor, or the MonitorChannel, of a path */
int bus_find_monitor(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                     sd_bus_error *error);
int bus_find_channel(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                     sd_bus_error *error);
