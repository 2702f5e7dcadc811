/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What iio.c and iio-check.c share. All of it is for the thread of the source. */
#pragma once

#include <iio.h>
#include <pthread.h>
#include <stdatomic.h>

#include "iio.h"
#include "ring.h"

struct IioSource {
        /* Constant while the thread runs */
        char *uri, *id;
        Config config;
        SourceCheck *check;             /* it is to be checked instead of read; of who made it */
        int event_fd, cancel_fd;
        pthread_t thread;
        bool joined;

        /* Passed from the thread by way of the state */
        _Atomic SourceState state;
        bool streamed;
        SourceInfo info;
        size_t frame_size;
        Ring *ring;
        int error;
        const char *what;

        /* Both sides */
        atomic_uint owners;             /* the thread and the consumer: the last one frees */
        atomic_bool cancelled, attributes_stalled;
        _Atomic uint64_t lost[_LOST_CAUSE_MAX];
        pthread_mutex_t lock;           /* buffer is valid while held: cancel against destroy */
        struct iio_buffer *buffer;

        /* The thread's own */
        struct iio_context *context;
        struct iio_device *device;
        bool local;
        struct iio_channel *channels[DEVICE_CHANNELS_MAX], *timestamp;
        bool big_endian;
        size_t block_frames;
        bool dropped;                   /* the ring was full: flag the next frame */
        usec_t lost_read_usec, fetch_usec;
        bool clock_compared;            /* with that of this machine, in this run */
        int64_t clock_ahead_ns;         /* of a server: taken off its timestamps */
};

/* Keeps what for a person; returns the error. */
int iio_source_fail(IioSource *s, int error, const char *what);
/*
 * Opens the buffer, hands on n scans and closes it again; -ETIMEDOUT: they do not come. What the driver lost
 * meanwhile is in lost.
 */
int iio_source_read(IioSource *s, size_t n, void (*f)(const Frame *frame, void *userdata), void *userdata);
/* The word for the lead-off frequency of a quarter of the rate; false: there is none. */
bool iio_source_choose_tone(IioSource *s, char *ret, size_t size);
