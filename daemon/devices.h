/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ADS1299 devices of this machine: which there are, and news of their coming and going. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

/*
 * Calls f with the name ("iio:device0") of each IIO device called ads1299*, in order of their place
 * in the machine; only those udev has finished with. Stops at the first negative result and returns it.
 */
int devices_foreach(int (*f)(const char *id, void *userdata), void *userdata);

/*
 * May this process use it? udev opens the permissions in its last step, when the device already counts as
 * initialized for devices_foreach().
 */
bool device_is_accessible(const char *id);

/*
 * Has its converter the filter of the ADS1299, whose droop the detector corrects? Unless udev's property
 * TWITCHD_SINC3 of the device says "no".
 */
bool device_has_sinc3(const char *id);

typedef struct DevicesWatch DevicesWatch;

/*
 * Watches /dev for the nodes of IIO devices. That needs no netlink socket, so the service can live
 * without any network at all. came(): some node came or was given its owner; look with
 * devices_foreach(), after a moment: udev may not be done. gone(): this one has gone.
 */
int devices_watch(sd_event *event, void (*came)(void *userdata),
                  void (*gone)(const char *id, void *userdata), void *userdata, DevicesWatch **ret);
DevicesWatch* devices_watch_free(DevicesWatch *w);
