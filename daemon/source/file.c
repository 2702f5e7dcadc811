/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "edf-header.h"
#include "edf-timing.h"
#include "file.h"

#define BLOCK_SAMPLES 16384u

typedef struct Channel {
        FileChannel public;
        const EdfSignal *signal;
        bool inverted;
        size_t stretch;                 /* where the next sample is: stretch of records, ... */
        uint64_t record;                /* ... data record, ... */
        uint32_t sample;                /* ... and sample in it */
} Channel;

struct FileSource {
        int fd;
        EdfHeader header;
        EdfTiming timing;
        unsigned n_channels;
        Channel *channels;
};

FileSource* file_source_free(FileSource *f) {
        if (!f)
                return NULL;
        if (f->fd >= 0)
                close(f->fd);
        edf_header_done(&f->header);
        edf_timing_done(&f->timing);
        free(f->channels);
        free(f);
        return NULL;
}

/* Microvolts in one of a unit; NAN if it is no voltage. The letters are those of the EDF+ specification, and both mus of Unicode. */
static double unit_to_uv(const char *unit) {
        static const struct {
                const char *unit;
                double uv;
        } table[] = {
                { "nV", 1e-3 }, { "uV", 1 }, { "\xc2\xb5V", 1 }, { "\xce\xbcV", 1 }, { "mV", 1e3 }, { "V", 1e6 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(unit, table[i].unit))
                        return table[i].uv;
        return NAN;
}

/* Position of the first sample of a stretch of records, in samples of a channel; bounded for rates nobody has. */
static uint64_t stretch_position(const FileSource *f, const Channel *c, size_t stretch) {
        return (uint64_t) fmin(round(f->timing.stretches[stretch].start_s * c->public.rate_hz), 1e18);
}

static void fill_channel(FileSource *f, Channel *c, const EdfSignal *s) {
        const EdfStretch *last = f->timing.stretches + f->timing.n_stretches - 1;

        c->signal = s;
        c->inverted = s->physical_max < s->physical_min;
        c->public = (FileChannel) {
                .label = s->label,
                .unit = s->unit,
                .sinc3 = s->sinc3,
                .rate_hz = s->n_samples / f->header.record_duration_s,
                .lsb_uv = fabs(s->physical_max - s->physical_min) / ((double) s->digital_max - s->digital_min) *
                          unit_to_uv(s->unit),
                .code_min = c->inverted ? -s->digital_max : s->digital_min,
                .code_max = c->inverted ? -s->digital_min : s->digital_max,
                .n_samples = f->header.n_records * s->n_samples,
        };
        c->public.length = stretch_position(f, c, f->timing.n_stretches - 1) +
                           (f->header.n_records - last->first_record) * s->n_samples;
}

static int open_file(FileSource *f, const char *path, uint64_t *ret_size, char **ret_error) {
        /* O_NONBLOCK: a FIFO without a writer must not hang us. */
        f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (f->fd < 0)
                return -errno;

        struct stat st;
        if (fstat(f->fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (!S_ISREG(st.st_mode)) {
                *ret_error = strdup("this is not an ordinary file");
                return -EBADMSG;
        }
        *ret_size = (uint64_t) st.st_size;
        return 0;
}

static int open_source(FileSource *f, const char *path, char **ret_error) {
        uint64_t size = 0;
        int r;

        if ((r = open_file(f, path, &size, ret_error)) < 0 ||
            (r = edf_header_read(f->fd, size, &f->header, ret_error)) < 0 ||
            (r = edf_timing_read(f->fd, &f->header, &f->timing, ret_error)) < 0)
                return r;

        f->channels = calloc(f->header.n_signals, sizeof *f->channels);
        if (!f->channels)
                return -ENOMEM;
        for (unsigned i = 0; i < f->header.n_signals; i++)
                if (!f->header.signals[i].annotations)
                        fill_channel(f, f->channels + f->n_channels++, f->header.signals + i);
        return 0;
}

int file_source_open(const char *path, FileSource **ret, char **ret_error) {
        _cleanup_(file_source_freep) FileSource *f = calloc(1, sizeof *f);
        char *error = NULL;
        int r = -ENOMEM;

        if (f) {
                f->fd = -EBADF;
                r = open_source(f, path, &error);
        }
        if (r < 0) {
                *ret_error = error ?: strdup(strerror(-r));
                return *ret_error ? r : -ENOMEM;
        }
        *ret = TAKE_PTR(f);
        return 0;
}

unsigned file_source_n_channels(const FileSource *f) {
        return f->n_channels;
}

const FileChannel* file_source_channel(const FileSource *f, unsigned channel) {
        assert(channel < f->n_channels);
        return &f->channels[channel].public;
}

static int read_exactly(int fd, uint64_t offset, uint8_t *bytes, size_t size) {
        while (size > 0) {
                ssize_t n = pread(fd, bytes, size, (off_t) offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)             /* it was longer when it was opened */
                        return -EBADMSG;
                bytes += n;
                offset += (uint64_t) n;
                size -= (size_t) n;
        }
        return 0;
}

/* n samples of the record a channel is at, little-endian two's complement */
static int read_in_record(const FileSource *f, const Channel *c, int32_t *ret, size_t n) {
        unsigned width = f->header.bdf ? 3 : 2;
        uint8_t bytes[BLOCK_SAMPLES * 3];

        assert(n <= BLOCK_SAMPLES);
        int r = read_exactly(f->fd, f->header.data_offset + c->record * f->header.record_size + c->signal->offset +
                             (uint64_t) c->sample * width, bytes, n * width);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                const uint8_t *b = bytes + i * width;
                int32_t code = width == 3 ? b[0] | b[1] << 8 | (int8_t) b[2] * 65536 : b[0] | (int8_t) b[1] * 256;

                ret[i] = c->inverted ? -code : code;
        }
        return 0;
}

/* The first record behind the stretch a channel is in */
static uint64_t stretch_end(const FileSource *f, const Channel *c) {
        return c->stretch + 1 < f->timing.n_stretches ? f->timing.stretches[c->stretch + 1].first_record : f->header.n_records;
}

ssize_t file_source_read(FileSource *f, unsigned channel, uint64_t *ret_position, int32_t *ret_samples, size_t n) {
        Channel *c = f->channels + channel;
        size_t done = 0;

        assert(channel < f->n_channels);
        if (c->record == stretch_end(f, c) && c->record < f->header.n_records)
                c->stretch++;

        uint64_t end = stretch_end(f, c), first = f->timing.stretches[c->stretch].first_record;
        *ret_position = stretch_position(f, c, c->stretch) + (c->record - first) * c->signal->n_samples + c->sample;
        while (done < n && c->record < end) {
                size_t k = MIN(n - done, (size_t) (c->signal->n_samples - c->sample));
                k = MIN(k, (size_t) BLOCK_SAMPLES);

                int r = read_in_record(f, c, ret_samples + done, k);
                if (r < 0)
                        return r;
                done += k;
                c->sample += (uint32_t) k;
                if (c->sample == c->signal->n_samples) {
                        c->record++;
                        c->sample = 0;
                }
        }
        return (ssize_t) done;
}
