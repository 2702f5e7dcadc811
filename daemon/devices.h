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

#define DEVICE_PATH_MAX 256
#define DEVICE_SERIAL_MAX 64

/*
 * What a device is known by: where it is plugged in. The number in "iio:device0" counts in order of coming,
 * and two hats that change order are still themselves.
 */
typedef struct DevicePlace {
        /*
         * What its parent is called, "spi0.0"; of a remote one its URI. Its name, unique among those there
         * are.
         */
        char name[DEVICE_PATH_MAX];
        /*
         * The node in the device tree ("/soc/spi@7e204000/adc@0"), else the path behind "/sys"; or the
         * URI.
         */
        char path[DEVICE_PATH_MAX];
        char serial[DEVICE_SERIAL_MAX]; /* of the hat, from its EEPROM; "" if there is none */
} DevicePlace;

/* -ENODEV if it is gone. */
int device_place(const char *id, DevicePlace *ret);
void device_place_of_uri(const char *uri, DevicePlace *ret);

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
