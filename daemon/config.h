/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings of the service: their values, and what each may be. Where they are read from: config-files.h.
 * A new setting is a field of Config, its default, and a line in the table in config.c.
 *
 * Channels are counted from 1 in files, "[channel 1]" is the input that boards call IN1, and from 0 in here.
 */
#pragma once

#include "../include/ads1299.h"
#include "util.h"

/* A daisy chain of four chips is one device */
#define DEVICE_CHANNELS_MAX (4 * ADS1299_MAX_CHANNELS)
#define CONFIG_LABEL_MAX 64
#define CONFIG_PATH_MAX 96

typedef enum ConfigRecord {              /* when all samples go to files */
        RECORD_OFF,
        RECORD_SESSIONS,                /* while a session that somebody began is under way */
        RECORD_ALWAYS,
        _RECORD_MAX,
} ConfigRecord;

typedef struct Config {
        unsigned rate_hz;
        bool contact;                   /* is measured while the electrodes are measured with */
        unsigned gain[DEVICE_CHANNELS_MAX];
        char label[DEVICE_CHANNELS_MAX][CONFIG_LABEL_MAX];      /* "": as the device says */
        double false_alarms_per_hour;
        char felt_input[CONFIG_PATH_MAX];       /* "": no key marks a felt twitch */
        unsigned felt_key;                      /* as in linux/input-event-codes.h; 0: any of it */
        char felt_site[CONFIG_LABEL_MAX];       /* "": not said */
        ConfigRecord record;
        unsigned record_free_mb;        /* with less than that free, nothing is recorded */
        bool record_delete_oldest;      /* unless deleting the oldest files makes room */
} Config;

void config_default(Config *c);

/* Whether a device has to be opened again after reading it anew: [felt] and [recording] are not of it. */
bool config_equal_for_device(const Config *a, const Config *b);

typedef struct Setting {
        const char *section;            /* "device"; "channel" stands for "channel 1" and so on */
        const char *name;
        bool per_channel;
        const char *allowed;            /* "250, 500 or 1000", for messages and pages */
        const char *help;               /* one sentence: what it is, what raising it does */

        /* ret: as at `offset`; untouched if it is wrong */
        bool (*parse)(const char *value, void *ret);
        void (*format)(const void *value, char *ret, size_t size);      /* as parse() takes it */
        size_t offset, size;            /* of the value in Config, of the first channel */
} Setting;

/* The last one is {}. */
extern const Setting config_settings[];

/* NULL if there is none. */
const Setting* config_find_setting(const char *section, const char *name);

/* Place of the value: channel 0 for settings that are not per channel. */
void* config_value(Config *c, const Setting *s, unsigned channel);

#define CONFIG_TEXT_MAX 96
/* The value as it stands in a file */
const char* config_value_text(const Config *c, const Setting *s, unsigned channel,
                              char ret[static CONFIG_TEXT_MAX]);
