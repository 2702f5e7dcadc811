/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>

#include "stream.h"

_Static_assert(STREAM_BATCH_BYTES <= PIPE_BUF, "a batch must be written whole or not at all");

struct Stream {
        const Monitor *monitor;
        char *owner;
        int fd;
        unsigned channels[DEVICE_CHANNELS_MAX];
        size_t n_channels;
        uint32_t n_missed;              /* since the last record that went out */
        bool lost;                      /* the device lost scans among those */
        size_t n_records, used;         /* in the batch */
        uint32_t batch_missed;          /* told by records of the batch */
        bool batch_lost;
        char batch[STREAM_BATCH_BYTES];
};

static Stream* stream_free(Stream *s) {
        if (!s)
                return NULL;
        if (s->fd >= 0)
                close(s->fd);
        free(s->owner);
        free(s);
        return NULL;
}
DEFINE_TRIVIAL_CLEANUP_FUNC(Stream*, stream_free);

static void remove_at(Streams *s, size_t i) {
        stream_free(s->items[i]);
        s->items[i] = s->items[--s->n];
}

static bool is_abandoned(const Stream *s) {
        struct pollfd p = { .fd = s->fd };

        return poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

static size_t count_of_owner(const Streams *s, const char *owner) {
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++)
                n += streq(s->items[i]->owner, owner);
        return n;
}

static int stream_new(const Monitor *m, const char *owner, const unsigned *channels, size_t n_channels,
                      Stream **ret,
                      int *ret_fd) {
        _cleanup_(stream_freep) Stream *s = calloc(1, sizeof(*s));
        int fds[2];

        if (!s)
                return -ENOMEM;
        s->fd = -EBADF;
        s->monitor = m;
        s->n_channels = n_channels;
        memcpy(s->channels, channels, n_channels * sizeof(channels[0]));
        s->owner = strdup(owner);
        if (!s->owner)
                return -ENOMEM;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        s->fd = fds[1];
        _cleanup_close_ int reader = fds[0];
        if (fcntl(s->fd, F_SETFL, O_WRONLY | O_NONBLOCK) < 0)
                return -errno;
        /* A smaller one will do where the user has used up what all pipes may take. */
        (void) fcntl(s->fd, F_SETPIPE_SZ, STREAM_PIPE_BYTES);
        *ret_fd = TAKE_FD(reader);
        *ret = TAKE_PTR(s);
        return 0;
}

int streams_open(Streams *s, const Monitor *m, const char *owner, const unsigned *channels,
                 size_t n_channels, int *ret_fd) {
        if (n_channels == 0 || n_channels > m->n_channels)
                return -ENODEV;
        for (size_t i = 0; i < n_channels; i++)
                if (channels[i] >= m->n_channels)
                        return -ENODEV;
        streams_flush(s, NULL);
        if (s->n == STREAMS_MAX || count_of_owner(s, owner) >= STREAMS_PER_OWNER_MAX)
                return -ENOBUFS;

        int r = stream_new(m, owner, channels, n_channels, &s->items[s->n], ret_fd);
        if (r >= 0)
                s->n++;
        return r;
}

/* Whole or not at all: then what is in it, and what it would have told, is for the next to tell. */
static void write_batch(Stream *s) {
        if (s->n_records > 0 && write(s->fd, s->batch, s->used) < 0) {
                s->n_missed += s->batch_missed + (uint32_t) s->n_records;
                s->lost |= s->batch_lost;
        }
        s->n_records = s->used = s->batch_missed = 0;
        s->batch_lost = false;
}

static void append(Stream *s, const Frame *f) {
        uint32_t counts[2];

        for (size_t i = 0; i < s->n_channels; i++)
                s->lost |= (f->words[s->channels[i]] & ADS1299_FLAG_LOST) != 0;
        counts[0] = s->n_missed;
        counts[1] = s->lost;
        memcpy(s->batch + s->used, &f->time_ns, sizeof(f->time_ns));
        memcpy(s->batch + s->used + sizeof(f->time_ns), counts, sizeof(counts));
        char *to = s->batch + s->used + sizeof(f->time_ns) + sizeof(counts);
        for (size_t i = 0; i < s->n_channels; i++)
                memcpy(to + i * sizeof(uint32_t), &f->words[s->channels[i]], sizeof(uint32_t));
        s->used += stream_record_bytes(s->n_channels);
        s->n_records++;
        s->batch_missed += s->n_missed;
        s->batch_lost |= s->lost;
        s->n_missed = 0;
        s->lost = false;
}

void streams_push(Streams *s, const Monitor *m, const Frame *f) {
        for (size_t i = 0; i < s->n; i++) {
                Stream *stream = s->items[i];

                if (stream->monitor != m)
                        continue;
                if (stream->used + stream_record_bytes(stream->n_channels) > sizeof(stream->batch))
                        write_batch(stream);
                append(stream, f);
        }
}

void streams_flush(Streams *s, const Monitor *m) {
        for (size_t i = s->n; i-- > 0;) {
                if (m && s->items[i]->monitor != m)
                        continue;
                write_batch(s->items[i]);
                if (is_abandoned(s->items[i]))
                        remove_at(s, i);
        }
}

void streams_close(Streams *s, const Monitor *m) {
        for (size_t i = s->n; i-- > 0;)
                if (!m || s->items[i]->monitor == m) {
                        write_batch(s->items[i]);
                        remove_at(s, i);
                }
}
