/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /etc/twitchd.conf, then the drop-ins: all .conf files of /etc/twitchd.conf.d by name. What
 * comes later wins.
 *
 *   [device]
 *   rate_hz = 1000              # 250, 500, 1000, 2000, 4000, 8000 or 16000
 *   gain = 24                   # 1, 2, 4, 6, 8, 12 or 24
 *
 *   [channel 2]                 # zero-based
 *   gain = 12
 *
 *   [detector]
 *   false_alarms_per_hour = 1   # allowed, per channel: the sensitivity
 */
#pragma once

#include "../include/ads1299.h"
#include "util.h"

#define CONFIG_FILE "/etc/twitchd.conf"

/* A daisy chain of four chips is one device */
#define DEVICE_CHANNELS_MAX (4 * ADS1299_MAX_CHANNELS)

typedef struct Config {
        unsigned rate_hz;
        unsigned gain[DEVICE_CHANNELS_MAX];
        double false_alarms_per_hour;
} Config;

void config_default(Config *c);

/*
 * Reads path, then the .conf files of path.d, over what is in *c; a file that is not there is none.
 * A bad line is logged with file and line, and has no effect: an old value or the default stays,
 * because a service that measures with the default rate is better than none.
 * Returns the number of bad lines, or a negative errno if a file could not be read.
 */
int config_load(Config *c, const char *path);
