/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of raw scans from the service: see OpenStream of org.twitchd1.Monitor. */
#pragma once

#include <systemd/sd-bus.h>

#include "util.h"

#define SCANS_CHANNELS_MAX 1024u
/* Of a record: its time, and two counts; then a word for each channel */
#define SCANS_HEAD_BYTES 16u

typedef struct Scans {
        int fd;                         /* the caller's to close */
        uint32_t record_bytes;
        double rate_hz;
        uint32_t channels[SCANS_CHANNELS_MAX];  /* zero-based */
        double lsb_uv[SCANS_CHANNELS_MAX];
        size_t n_channels;
} Scans;

typedef struct ScanHead {
        int64_t time_ns;                /* CLOCK_BOOTTIME */
        uint32_t missed, lost;          /* before it: by this reader, by the device */
} ScanHead;

/*
 * channels: "1,3" counted from 1, or NULL for all. EXIT_USAGE: they are none, and it was said; or a negative
 * errno and what the service says.
 */
int scans_open(sd_bus *bus, const char *path, const char *channels, Scans *ret, sd_bus_error *ret_error);

static inline double scans_uv(const Scans *s, const char *record, size_t i) {
        int32_t word;

        memcpy(&word, record + SCANS_HEAD_BYTES + i * sizeof word, sizeof word);
        return (double) (word >> 8) * s->lsb_uv[i];
}
