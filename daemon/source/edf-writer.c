/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <sys/stat.h>

#include "edf-header.h"
#include "edf-writer.h"
#include "input.h"

#define STAMP_SIZE 40u /* "+123456789.123456\x14\x14\0", and room */

struct EdfWriter {
        int fd;
        bool bdf;
        size_t header_bytes, signal_bytes, annotation_bytes; /* the latter two of a data record */
        char *annotations; /* [annotation_bytes] */
        char **pending; /* whole lists, without the NUL behind them */
        size_t n_pending, first_pending;
        uint64_t n_records;
};

EdfWriter *edf_writer_free(EdfWriter *w) {
        if (!w)
                return NULL;
        for (size_t i = w->first_pending; i < w->n_pending; i++)
                free(w->pending[i]);
        free(w->pending);
        free(w->annotations);
        free(w);
        return NULL;
}

/* --- header --- */

/* A field of printable ASCII, padded with spaces */
static void put(char **p, size_t width, const char *text) {
        size_t n = 0;

        for (const char *s = text; *s && n < width; s++)
                if (((unsigned char) *s & 0xc0) != 0x80) /* one '?' for a character of several bytes */
                        (*p)[n++] = *s >= 32 && *s <= 126 ? *s : '?';
        memset(*p + n, ' ', width - n);
        *p += width;
}

static void put_number(char **p, size_t width, long long value) {
        char text[32];

        snprintf(text, sizeof text, "%lld", value);
        put(p, width, text);
}

/* Eight characters, as near as they come; the zero in front of a point goes first. */
static bool format_double(double value, char ret[static 32]) {
        for (int precision = 15; precision > 0; precision--) {
                snprintf(ret, 32, "%.*g", precision, value);
                char *zero = ret + (ret[0] == '-');
                if (strlen(ret) > 8 && zero[0] == '0' && zero[1] == '.')
                        memmove(zero, zero + 1, strlen(zero));
                if (strlen(ret) <= 8 && !strchr(ret, 'e'))
                        return true;
        }
        return false;
}

static void put_double(char **p, double value) {
        char text[32];

        (void) format_double(value, text);
        put(p, 8, text);
}

/*
 * Readers, ours among them, take a duration that fills its field for one that was cut there: of a measured rate that
 * is near a whole number it would be another one. So the zero in front of the point gives way to a space behind.
 */
static void put_duration(char **p, double value_s) {
        char text[32];

        (void) format_double(value_s, text);
        if (strlen(text) == 8 && text[0] == '0' && text[1] == '.')
                memmove(text, text + 1, strlen(text));
        put(p, 8, text);
}

/* The micro sign in the letters that the specification has */
static const char *ascii_unit(const char *unit) {
        return streq(unit, "\xc2\xb5V") || streq(unit, "\xce\xbcV") ? "uV" : unit;
}

static void put_start(char **p, const EdfWriterConfig *c) {
        static const char *const months[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                              "JUL", "AUG", "SEP", "OCT", "NOV", "DEC" };
        time_t t = (time_t) c->start.seconds;
        struct tm tm = {};
        char text[128];

        if (!c->start.known || !gmtime_r(&t, &tm) || tm.tm_year < 85 || tm.tm_year > 184) {
                snprintf(text, sizeof text, "Startdate X %s", c->recording ?: "X X X");
                put(p, 80, text);
                put(p, 16, "01.01.8500.00.00");
                return;
        }
        snprintf(text, sizeof text, "Startdate %02d-%s-%04d %.80s", tm.tm_mday, months[tm.tm_mon],
                 tm.tm_year + 1900, c->recording ?: "X X X");
        put(p, 80, text);
        snprintf(text, sizeof text, "%02d.%02d.%02d%02d.%02d.%02d", tm.tm_mday, tm.tm_mon + 1,
                 tm.tm_year % 100, tm.tm_hour, tm.tm_min, tm.tm_sec);
        put(p, 16, text);
}

static void put_signals(char **p, const EdfWriterConfig *c, const EdfWriterSignal *annotations) {
        unsigned n = c->n_signals + 1;
#define EACH(statement) \
        for (unsigned i = 0; i < n; i++) { \
                const EdfWriterSignal *s = i < c->n_signals ? c->signals + i : annotations; \
                statement; \
        }
        EACH(put(p, 16, s->label))
        EACH(put(p, 80, s->transducer ?: ""))
        EACH(put(p, 8, ascii_unit(s->unit)))
        EACH(put_double(p, s->physical_min))
        EACH(put_double(p, s->physical_max))
        EACH(put_number(p, 8, s->digital_min))
        EACH(put_number(p, 8, s->digital_max))
        EACH(put(p, 80, s->prefiltering ?: ""))
        EACH(put_number(p, 8, s->n_samples))
        EACH((void) s; put(p, 32, ""))
#undef EACH
}

static int write_header(EdfWriter *w, const EdfWriterConfig *c) {
        unsigned n = c->n_signals + 1;
        size_t size = 256 * (size_t) (n + 1);
        int32_t limit = c->bdf ? 0x800000 : 0x8000;
        const EdfWriterSignal annotations = {
                .label = c->bdf ? "BDF Annotations" : "EDF Annotations",
                .unit = "",
                .physical_min = -1,
                .physical_max = 1,
                .digital_min = -limit,
                .digital_max = limit - 1,
                .n_samples = (uint32_t) (w->annotation_bytes / (c->bdf ? 3 : 2)),
        };
        _cleanup_free_ char *header = malloc(size);
        char *p = header;

        if (!header)
                return -ENOMEM;
        memcpy(p,
               c->bdf ? "\xff"
                        "BIOSEMI" :
                        "0       ",
               8);
        p += 8;
        put(&p, 80, c->patient ?: "X X X X");
        put_start(&p, c);
        put_number(&p, 8, (long long) size);
        put(&p, 44,
            c->bdf ? (c->discontinuous ? "BDF+D" : "BDF+C") : (c->discontinuous ? "EDF+D" : "EDF+C"));
        put_number(&p, 8, -1);
        put_duration(&p, c->record_duration_s);
        put_number(&p, 4, n);
        put_signals(&p, c, &annotations);
        w->header_bytes = size;
        return write_exactly(w->fd, header, size);
}

static bool fits(const EdfWriterConfig *c) {
        char text[32];

        if (!(c->record_duration_s > 0) || !format_double(c->record_duration_s, text) || c->n_signals < 1 ||
            c->n_signals > 4095 || c->annotation_bytes < EDF_WRITER_ANNOTATION_BYTES_MIN)
                return false;
        for (unsigned i = 0; i < c->n_signals; i++) {
                const EdfWriterSignal *s = c->signals + i;
                char other[32];

                if (!format_double(s->physical_min, text) || !format_double(s->physical_max, other) ||
                    streq(text, other) || s->digital_min >= s->digital_max || s->n_samples < 1)
                        return false;
        }
        return true;
}

int edf_writer_new(int fd, const EdfWriterConfig *config, EdfWriter **ret) {
        unsigned width = config->bdf ? 3 : 2;

        if (!fits(config))
                return -EINVAL;
        _cleanup_(edf_writer_freep) EdfWriter *w = calloc(1, sizeof *w);
        if (!w)
                return -ENOMEM;
        w->fd = fd;
        w->bdf = config->bdf;
        w->annotation_bytes = (config->annotation_bytes + width - 1) / width * width;
        for (unsigned i = 0; i < config->n_signals; i++)
                w->signal_bytes += (size_t) config->signals[i].n_samples * width;
        w->annotations = malloc(w->annotation_bytes);
        int r = w->annotations ? write_header(w, config) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

/* --- annotations --- */

/* "+12.5\x150.5\x14text\x14"; seconds to a microsecond, without zeros at the end */
static char *list_of(double onset_s, double duration_s, const char *text, size_t most) {
        char onset[40], duration[40] = "", *list = NULL;

        snprintf(onset, sizeof onset, "%+.6f", onset_s);
        for (char *end = onset + strlen(onset) - 1; *end == '0' || *end == '.'; *end-- = 0)
                if (*end == '.') {
                        *end = 0;
                        break;
                }
        if (!isnan(duration_s))
                snprintf(duration, sizeof duration, "\x15%.6g", fmax(0, duration_s));
        size_t head = strlen(onset) + strlen(duration) + 2, room = most > head ? most - head : 0,
               n = MIN(strlen(text), room);
        while (n > 0 && n < strlen(text) && ((unsigned char) text[n] & 0xc0) == 0x80)
                n--; /* no character in two */
        if (asprintf(&list, "%s%s\x14%.*s\x14", onset, duration, (int) n, text) < 0)
                return NULL;
        for (char *p = list + head - 1; p < list + strlen(list) - 1; p++)
                if ((unsigned char) *p < 32)
                        *p = ' ';
        return list;
}

size_t edf_writer_annotation_size(double onset_s, double duration_s, const char *text) {
        _cleanup_free_ char *list = list_of(onset_s, duration_s, text, SIZE_MAX);

        return list ? strlen(list) + 1 : 0;
}

int edf_writer_annotate(EdfWriter *w, double onset_s, double duration_s, const char *text) {
        if (w->first_pending == w->n_pending)
                w->first_pending = w->n_pending = 0;
        if (w->first_pending == 0 && (w->n_pending & (w->n_pending - 1)) == 0) {
                char **pending =
                        reallocarray(w->pending, w->n_pending ? 2 * w->n_pending : 1, sizeof *pending);
                if (!pending)
                        return -ENOMEM;
                w->pending = pending;
        } else if (w->first_pending > 0) { /* room at the front */
                memmove(w->pending, w->pending + w->first_pending,
                        (w->n_pending - w->first_pending) * sizeof *w->pending);
                w->n_pending -= w->first_pending;
                w->first_pending = 0;
        }
        char *list = list_of(onset_s, duration_s, text, w->annotation_bytes - STAMP_SIZE - 1);
        if (!list)
                return -ENOMEM;
        w->pending[w->n_pending++] = list;
        return 0;
}

/* The time stamp of a record, and as many annotations as have room behind it */
static void fill_annotations(EdfWriter *w, double start_s) {
        size_t n;

        memset(w->annotations, 0, w->annotation_bytes);
        _cleanup_free_ char *stamp = list_of(start_s, NAN, "", SIZE_MAX);
        if (stamp)
                memcpy(w->annotations, stamp, strlen(stamp));
        n = (stamp ? strlen(stamp) : 0) + 1;
        while (w->first_pending < w->n_pending) {
                char *list = w->pending[w->first_pending];
                size_t size = strlen(list) + 1;

                if (n + size > w->annotation_bytes)
                        return;
                memcpy(w->annotations + n, list, size);
                n += size;
                free(list);
                w->first_pending++;
        }
}

/* --- records --- */

int edf_writer_put_record(EdfWriter *w, double start_s, const void *bytes) {
        fill_annotations(w, start_s);
        int r = write_exactly(w->fd, bytes, w->signal_bytes);
        if (r >= 0)
                r = write_exactly(w->fd, w->annotations, w->annotation_bytes);
        if (r >= 0)
                w->n_records++;
        return r;
}

size_t edf_writer_pending(const EdfWriter *w) {
        return w->n_pending - w->first_pending;
}

uint64_t edf_writer_n_records(const EdfWriter *w) {
        return w->n_records;
}

/* 1: it had room; 0: it had not */
static int place_in(EdfWriter *w, uint64_t record, const char *list) {
        off_t at = (off_t) (w->header_bytes + record * (w->signal_bytes + w->annotation_bytes) +
                            w->signal_bytes);
        size_t n = w->annotation_bytes, size = strlen(list) + 1;

        if (pread(w->fd, w->annotations, n, at) != (ssize_t) n)
                return errno ? -errno : -EIO;
        while (n > 0 && w->annotations[n - 1] == 0)
                n--;
        if (n + 1 + size > w->annotation_bytes)
                return 0;
        return pwrite(w->fd, list, size, at + (off_t) n + 1) == (ssize_t) size ? 1 : errno ? -errno : -EIO;
}

int edf_writer_place_pending(EdfWriter *w) {
        for (uint64_t record = w->n_records; record > 0 && edf_writer_pending(w) > 0;) {
                int r = place_in(w, record - 1, w->pending[w->first_pending]);
                if (r < 0)
                        return r;
                if (r > 0)
                        free(w->pending[w->first_pending++]);
                else
                        record--;
        }
        return 0;
}

static int write_n_records(int fd, uint64_t n) {
        char text[9];

        snprintf(text, sizeof text, "%-8llu", (unsigned long long) n);
        return pwrite(fd, text, 8, 236) == 8 ? 0 : errno ? -errno : -EIO;
}

int edf_writer_close(EdfWriter *w) {
        off_t size = (off_t) (w->header_bytes + w->n_records * (w->signal_bytes + w->annotation_bytes));
        int r = ftruncate(w->fd, size) < 0 && errno != EINVAL ? -errno : 0;

        if (r >= 0)
                r = write_n_records(w->fd, w->n_records);
        if (r >= 0 && fdatasync(w->fd) < 0 && errno != EINVAL)
                r = -errno;
        return r;
}

int edf_repair(int fd, double *ret_duration_s) {
        Layout l = {};
        char *error = NULL, said[9] = "";
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        int r = edf_header_read(fd, (uint64_t) st.st_size, &l, &error);
        free(error);
        if (r >= 0) {
                uint64_t size = l.data_offset + l.n_records * l.record_size;

                if (pread(fd, said, 8, 236) != 8)
                        r = -EIO;
                else if (strtoull(said, NULL, 10) == l.n_records && size == (uint64_t) st.st_size)
                        r = 0;
                else if (ftruncate(fd, (off_t) size) < 0)
                        r = -errno;
                else
                        r = write_n_records(fd, l.n_records) < 0 || fsync(fd) < 0 ? -errno : 1;
                if (ret_duration_s)
                        *ret_duration_s = (double) l.n_records * l.record_duration_s;
        }
        layout_done(&l);
        return r;
}
