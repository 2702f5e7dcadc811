/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Raw scans to whoever asked for them, each reader through a pipe of its own. A record, in the byte order of
 * the machine:
 *
 *      int64_t  time_ns        CLOCK_BOOTTIME of the data-ready edge
 *      uint32_t n_missed       scans before this one that this reader was too slow for
 *      uint32_t n_lost         1: the device or the service lost scans before this one
 *                              (Monitor.Lost says where)
 *      int32_t  codes[]        of the channels asked for, in the order asked for: code << 8 | ADS1299_FLAG_*
 *
 * A write to the pipe is whole or none (PIPE_BUF, pipe(7)), so a reader never sees a part of a record. One
 * that does not read loses scans, is told how many with the next one it gets, and keeps nobody waiting.
 */
#pragma once

#include "monitor.h"

#define STREAMS_MAX 16u
#define STREAMS_PER_OWNER_MAX 4u
/* What a reader may be behind: 5 s of 8 channels at 1 kSPS */
#define STREAM_PIPE_BYTES (256u * 1024)
#define STREAM_BATCH_BYTES 4096u        /* PIPE_BUF */

typedef struct Stream Stream;

typedef struct Streams {
        Stream *items[STREAMS_MAX];
        size_t n;
} Streams;

/*
 * owner: who asked, for the limit. Returns a file descriptor to read from in *ret_fd; -ENOBUFS: there are
 * too many already, -ENODEV: the monitor has no channels yet or a channel is not there.
 */
int streams_open(Streams *s, const Monitor *m, const char *owner, const unsigned *channels,
                 size_t n_channels, int *ret_fd);

void streams_push(Streams *s, const Monitor *m, const Frame *f);
/* What was pushed goes out. Readers that went away are forgotten. */
void streams_flush(Streams *s, const Monitor *m);

/* m NULL: of all */
void streams_close(Streams *s, const Monitor *m);

static inline size_t stream_record_bytes(size_t n_channels) {
        return sizeof(int64_t) + 2 * sizeof(uint32_t) + n_channels * sizeof(int32_t);
}
