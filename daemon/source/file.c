/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <math.h>

#include "edf-header.h"
#include "edf-timing.h"
#include "file.h"
#include "foreign.h"
#include "input.h"
#include "text.h"
#include "units.h"

/* Data records are read together up to that size; longer ones a piece at a time. */
#define CACHE_SIZE (UINT64_C(1) << 20)
#define PROBE_SIZE 65536u /* three lines of 512 numbers */

typedef struct Channel {
        FileChannel public;
        const LayoutSignal *signal;
        bool inverted;
        size_t stretch; /* where the next sample is: stretch of records, ... */
        uint64_t record; /* ... data record, ... */
        uint32_t sample; /* ... and sample in it */
} Channel;

struct FileSource {
        int fd;
        Layout layout;
        unsigned n_channels;
        Channel *channels;
        uint8_t *cache; /* [CACHE_SIZE, or all data] some whole data records, or a part of one */
        uint64_t cached_from, cached_to; /* bytes of the file */
};

FileSource *file_source_free(FileSource *f) {
        if (!f)
                return NULL;
        if (f->fd >= 0)
                close(f->fd);
        layout_done(&f->layout);
        free(f->channels);
        free(f->cache);
        free(f);
        return NULL;
}

/* Position of the first sample of a stretch of records, in samples of a channel; bounded for rates nobody
 * has. */
static uint64_t stretch_position(const FileSource *f, const Channel *c, size_t stretch) {
        return (uint64_t) fmin(round(f->layout.stretches[stretch].start_s * c->public.rate_hz), 1e18);
}

static void set_unit(Channel *c, double unit_uv) {
        const LayoutSignal *s = c->signal;

        if (s->useless)
                return;
        double lsb = (s->physical_max - s->physical_min) / ((double) s->digital_max - s->digital_min);
        c->public.lsb_uv = fabs(lsb) * unit_uv;
        c->public.offset_uv = (s->physical_min - s->digital_min * lsb) * unit_uv;
}

static void fill_channel(FileSource *f, Channel *c, const LayoutSignal *s) {
        const Stretch *last = f->layout.stretches + f->layout.n_stretches - 1;

        c->signal = s;
        c->inverted = s->physical_max < s->physical_min;
        c->public = (FileChannel){
                .label = s->label,
                .unit = s->unit,
                .useless = s->useless,
                .sinc3 = s->sinc3,
                .rate_hz = s->n_samples / f->layout.record_duration_s,
                .lsb_uv = NAN,
                .offset_uv = NAN,
                .code_min = c->inverted ? -s->digital_max : s->digital_min,
                .code_max = c->inverted ? -s->digital_min : s->digital_max,
                .n_samples = f->layout.n_records * s->n_samples,
        };
        set_unit(c, unit_to_uv(s->unit));
        c->public.length = stretch_position(f, c, f->layout.n_stretches - 1) +
                (f->layout.n_records - last->first_record) * s->n_samples;
}

static int not_understood(const char *bytes, size_t n, char **ret_error) {
        const char *line = n == 0 ? "the file is empty" : foreign_format(bytes, n);

        *ret_error = strdup(line ?: "this is neither an EDF nor a BDF file, nor columns of numbers");
        return -EBADMSG;
}

/* The samples are in another file then. */
static int read_text(FileSource *f, const TextOptions *options, char **ret_error) {
        int fd;

        int r = text_read(f->fd, options, &fd, &f->layout, ret_error);
        if (r < 0)
                return r;
        close(f->fd);
        f->fd = fd;
        return 0;
}

static int read_layout(FileSource *f, uint64_t size, const TextOptions *options, char **ret_error) {
        char bytes[PROBE_SIZE];
        int r;

        ssize_t n = pread(f->fd, bytes, sizeof bytes, 0);
        if (n < 0)
                return -errno;
        if (!edf_header_is(bytes, (size_t) n))
                return !foreign_format(bytes, (size_t) n) && text_is(bytes, (size_t) n) ?
                        read_text(f, options, ret_error) :
                        not_understood(bytes, (size_t) n, ret_error);
        if ((r = edf_header_read(f->fd, size, &f->layout, ret_error)) < 0)
                return r;
        return edf_timing_read(f->fd, &f->layout);
}

static int open_source(FileSource *f, const char *path, const TextOptions *options, char **ret_error) {
        uint64_t size = 0;
        int r;

        f->fd = input_open(path, &size, ret_error);
        if (f->fd < 0)
                return f->fd;
        if ((r = read_layout(f, size, options, ret_error)) < 0)
                return r;

        f->channels = calloc(f->layout.n_signals, sizeof *f->channels);
        f->cache = malloc(MIN(CACHE_SIZE, f->layout.n_records * f->layout.record_size));
        if (!f->channels || !f->cache)
                return -ENOMEM;
        for (unsigned i = 0; i < f->layout.n_signals; i++)
                if (!f->layout.signals[i].annotations)
                        fill_channel(f, f->channels + f->n_channels++, f->layout.signals + i);
        return 0;
}

int file_source_open(const char *path, const TextOptions *options, FileSource **ret, char **ret_error) {
        _cleanup_(file_source_freep) FileSource *f = calloc(1, sizeof *f);
        char *error = NULL;
        int r = -ENOMEM;

        if (f) {
                f->fd = -EBADF;
                r = open_source(f, path, options, &error);
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

const FileChannel *file_source_channel(const FileSource *f, unsigned channel) {
        assert(channel < f->n_channels);
        return &f->channels[channel].public;
}

const char *file_source_format(const FileSource *f) {
        return f->layout.format;
}

const Notes *file_source_notes(const FileSource *f) {
        return &f->layout.notes;
}

const StartTime *file_source_start(const FileSource *f) {
        return &f->layout.start;
}

int file_source_annotations(FileSource *f, Annotations *ret) {
        return edf_annotations_read(f->fd, &f->layout, ret);
}

const Layout *file_source_layout(const FileSource *f) {
        return &f->layout;
}

int file_source_fd(const FileSource *f) {
        return f->fd;
}

void file_source_set_unit(FileSource *f, unsigned channel, double unit_uv) {
        assert(channel < f->n_channels);
        set_unit(f->channels + channel, unit_uv);
}

static int read_exactly(int fd, uint64_t offset, uint8_t *bytes, size_t size) {
        while (size > 0) {
                ssize_t n = pread(fd, bytes, size, (off_t) offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0) /* it was longer when it was opened */
                        return -EBADMSG;
                bytes += n;
                offset += (uint64_t) n;
                size -= (size_t) n;
        }
        return 0;
}

/* Bytes of the file in the cache: at least one sample there; *ret_n: how many bytes. */
static int cached(FileSource *f, uint64_t record, uint64_t offset, const uint8_t **ret, size_t *ret_n) {
        const Layout *l = &f->layout;
        uint64_t at = l->data_offset + record * l->record_size + offset;

        if (at < f->cached_from || at >= f->cached_to) {
                bool whole = l->record_size <= CACHE_SIZE;
                uint64_t from = whole ? at - offset : at;
                uint64_t end = l->data_offset + l->n_records * l->record_size;
                uint64_t most = whole ? CACHE_SIZE / l->record_size * l->record_size : CACHE_SIZE / 12 * 12;
                uint64_t n = MIN(most, end - from);

                f->cached_from = f->cached_to = 0;
                int r = read_exactly(f->fd, from, f->cache, n);
                if (r < 0)
                        return r;
                f->cached_from = from;
                f->cached_to = from + n;
        }
        *ret = f->cache + (at - f->cached_from);
        *ret_n = f->cached_to - at;
        return 0;
}

static void decode(const uint8_t *b, unsigned width, bool inverted, int32_t *ret, size_t n) {
        switch (width) {
        case 2:
                for (size_t i = 0; i < n; i++, b += 2)
                        ret[i] = b[0] | (int8_t) b[1] * 256;
                break;
        case 3:
                for (size_t i = 0; i < n; i++, b += 3)
                        ret[i] = b[0] | b[1] << 8 | (int8_t) b[2] * 65536;
                break;
        default:
                for (size_t i = 0; i < n; i++, b += 4)
                        ret[i] = b[0] | b[1] << 8 | b[2] << 16 | (int8_t) b[3] * 16777216;
        }
        for (size_t i = 0; inverted && i < n; i++)
                ret[i] = -ret[i];
}

/* At most n samples of the record a channel is at, not beyond its end: how many */
static ssize_t read_in_record(FileSource *f, Channel *c, int32_t *ret, size_t n) {
        unsigned width = f->layout.sample_bytes;
        const uint8_t *bytes;
        size_t n_bytes;

        int r = cached(f, c->record, c->signal->offset + (uint64_t) c->sample * width, &bytes, &n_bytes);
        if (r < 0)
                return r;
        n = MIN(n, (size_t) (c->signal->n_samples - c->sample));
        n = MIN(n, n_bytes / width);
        decode(bytes, width, c->inverted, ret, n);
        c->sample += (uint32_t) n;
        if (c->sample == c->signal->n_samples) {
                c->record++;
                c->sample = 0;
        }
        return (ssize_t) n;
}

/* The first record behind the stretch a channel is in */
static uint64_t stretch_end(const FileSource *f, const Channel *c) {
        return c->stretch + 1 < f->layout.n_stretches ? f->layout.stretches[c->stretch + 1].first_record :
                                                        f->layout.n_records;
}

ssize_t file_source_read(FileSource *f, unsigned channel, uint64_t *ret_position, int32_t *ret_samples,
                         size_t n) {
        Channel *c = f->channels + channel;
        size_t done = 0;

        assert(channel < f->n_channels);
        if (c->signal->n_samples == 0)
                return 0;
        if (c->record == stretch_end(f, c) && c->record < f->layout.n_records)
                c->stretch++;

        uint64_t end = stretch_end(f, c), first = f->layout.stretches[c->stretch].first_record;
        *ret_position =
                stretch_position(f, c, c->stretch) + (c->record - first) * c->signal->n_samples + c->sample;
        while (done < n && c->record < end) {
                ssize_t k = read_in_record(f, c, ret_samples + done, n - done);
                if (k < 0)
                        return k;
                done += (size_t) k;
        }
        return (ssize_t) done;
}

void file_source_seek(FileSource *f, unsigned channel, double seconds) {
        Channel *c = f->channels + channel;
        uint64_t position = (uint64_t) fmax(0, fmin(ceil(seconds * c->public.rate_hz - 1e-6), 1e18));

        assert(channel < f->n_channels);
        if (c->signal->n_samples == 0)
                return;
        c->stretch = 0;
        while (c->stretch + 1 < f->layout.n_stretches && stretch_position(f, c, c->stretch + 1) <= position)
                c->stretch++;
        uint64_t first = f->layout.stretches[c->stretch].first_record,
                 from = stretch_position(f, c, c->stretch);
        uint64_t n = (stretch_end(f, c) - first) * c->signal->n_samples;
        n = MIN(n, position > from ? position - from : 0);
        c->record = first + n / c->signal->n_samples;
        c->sample = (uint32_t) (n % c->signal->n_samples);
}
