/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <float.h>
#include <math.h>

#include "input.h"
#include "text-format.h"

#define PROBE_SIZE (256u * 1024)
#define BLOCK_VALUES 65536u /* what is written at a time */

/* Of the ADS1299 at the gain of 24 that OpenBCI's boards begin with: 4.5 V / 24 / 2^23 (data sheet, 9.4.2)
 */
#define OPENBCI_LSB_UV (4.5e6 / 24 / 8388608)

/* Codes of other texts: as fine as single precision, which is what lies in between. */
#define CODE_RANGE 1073741824.0

#define RATES_AGREE 0.03 /* the oscillator of an ADS1299 is off by 2.5 % at most */
#define GAP_MAX_S 1e7 /* a longer one is a wrong time */
#define DRIFT_STEPS_MIN 3u /* chance spaces two losses evenly, seldom more */
#define INTERRUPTION_S 0.5 /* stamps of arrival jitter by less */

typedef struct Reader {
        const TextFormat *format;
        Layout *layout;
        int fd; /* of the samples, single precision, then codes */
        float *block;
        size_t n_block;
        uint64_t n_rows, n_bad,
                n_missing; /* read; lines that are none; samples that the numbers show to be missing */
        double largest;
        double low[TEXT_FIELDS_MAX], high[TEXT_FIELDS_MAX]; /* of each signal */
        double last_index, last_time_s;
        uint64_t position; /* of the next row, in samples from the first */
        uint64_t stretch_from; /* position that the next row would have without a gap */
} Reader;

static int flush_block(Reader *r) {
        int k = write_exactly(r->fd, r->block, r->n_block * sizeof *r->block);

        r->n_block = 0;
        return k;
}

/* Samples that are missing in front of a row */
static uint64_t gap_before(Reader *r, double index, double time_s) {
        const TextFormat *f = r->format;
        double rate_hz = f->rate_hz, lost = 0;

        if (!(index >= 0 && index <= f->index_modulus)) /* a damaged one: no counter says so */
                index = NAN;
        if (r->n_rows > 0 && f->index_column >= 0 && !isnan(index) && !isnan(r->last_index)) {
                double d =
                        fmod(index - r->last_index - f->index_step + 2 * f->index_modulus, f->index_modulus);
                lost = floor(d / f->index_step);
        }
        if (r->n_rows > 0 && !isnan(time_s) && !isnan(r->last_time_s)) {
                double d = (time_s - r->last_time_s) * rate_hz - 1;
                if (f->index_column < 0 && !f->time_is_coarse)
                        lost = d > 0.5 && d < GAP_MAX_S * rate_hz ? round(d) : 0;
                else if (d > INTERRUPTION_S * rate_hz && d < GAP_MAX_S * rate_hz && d > lost)
                        lost = round(d);
        }
        r->last_index = index;
        r->last_time_s = time_s;
        return (uint64_t) lost;
}

static int add_row(Reader *r, const double *values, uint64_t lost) {
        int k;

        if (r->n_rows == 0 || lost > 0) {
                r->position += lost;
                r->n_missing += lost;
                k = layout_add_stretch(r->layout, r->n_rows, (double) r->position / r->format->rate_hz);
                if (k < 0)
                        return k;
        }
        for (unsigned i = 0; i < r->format->n_signals; i++) {
                r->block[r->n_block++] = (float) values[i];
                r->largest = fmax(r->largest, fabs(values[i]));
                r->low[i] = r->n_rows > 0 ? fmin(r->low[i], values[i]) : values[i];
                r->high[i] = r->n_rows > 0 ? fmax(r->high[i], values[i]) : values[i];
        }
        r->n_rows++;
        r->position++;
        return r->n_block + TEXT_FIELDS_MAX > BLOCK_VALUES ? flush_block(r) : 0;
}

/* Microvolts of six hexadecimal digits, two's complement */
static bool hex_uv(const char *field, double *ret) {
        char *end;
        unsigned long code = strtoul(field, &end, 16);

        if (end - field != 6)
                return false;
        *ret = ((double) code - (code & 0x800000 ? 0x1000000 : 0)) * OPENBCI_LSB_UV;
        return true;
}

static bool value_in(const Reader *r, char *field, double *ret) {
        if (r->format->kind == TEXT_OPENBCI_SD)
                return hex_uv(field, ret);
        return text_number_in(r->format, field, ret) && fabs(*ret) < FLT_MAX;
}

static double optional_number(const Reader *r, char *const *fields, unsigned n, int column) {
        double value;

        if (column < 0 || (unsigned) column >= n)
                return NAN;
        if (r->format->kind == TEXT_OPENBCI_SD)
                return (double) strtoul(fields[column], NULL, 16);
        return text_number_in(r->format, fields[column], &value) ? value : NAN;
}

/* A line: a sample of each signal, or something else, which is no sample if it stands behind the first. */
static int read_line(Reader *r, char *line) {
        const TextFormat *f = r->format;
        char *fields[TEXT_FIELDS_MAX];
        double values[TEXT_FIELDS_MAX];

        if (line[0] == 0 || line[0] == '%')
                return 0;
        text_tidy(line);
        unsigned n = text_split(line, f->separator, fields);
        if (r->n_rows == 0 && f->kind != TEXT_OPENBCI_SD && !text_begins_with_number(f, fields, n))
                return 0;               /* in front of the numbers */
        for (unsigned i = 0; i < f->n_signals; i++)
                if (f->columns[i] >= n || !value_in(r, fields[f->columns[i]], values + i)) {
                        r->n_bad += r->n_rows > 0;
                        /* it stood for a sample, unless the numbers of the lines say so themselves */
                        r->position += r->n_rows > 0 && n == f->n_fields && f->index_column < 0 &&
                                f->time_column < 0;
                        return 0;
                }
        uint64_t lost = gap_before(r, optional_number(r, fields, n, f->index_column),
                                   optional_number(r, fields, n, f->time_column) * f->time_scale_s);
        if (r->n_rows > 0 && r->position > r->stretch_from) { /* lines that could not be read */
                lost += r->position - r->stretch_from;
                r->position = r->stretch_from;
        }
        int k = add_row(r, values, lost);
        r->stretch_from = r->position;
        return k;
}

static int read_lines(Reader *r, FILE *text) {
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        ssize_t n;
        bool first = true;

        while ((n = getdelim(&line, &size, r->format->line_end, text)) >= 0) {
                char *p = line;

                while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
                        p[--n] = 0;
                if (first && strncmp(p, "\xef\xbb\xbf", 3) == 0)
                        p += 3;
                first = false;
                /* of a number in front of a NUL nobody knows the end */
                int k = read_line(r, n > 0 && memchr(p, 0, (size_t) (line + n - p)) ? (char[]) { "?" } : p);
                if (k < 0)
                        return k;
        }
        return ferror(text) ? -EIO : flush_block(r);
}

/* Of codes: the converter's, where it is known */
static double limit_of(const TextFormat *f) {
        return f->kind != TEXT_PLAIN ? 8388608 : CODE_RANGE;
}

/* Single precision to codes, in place */
static int make_codes(Reader *r, double lsb, double limit) {
        union {
                float *values;
                int32_t *codes;
        } u = { .values = r->block };
        off_t at = 0;

        for (;;) {
                ssize_t n = pread(r->fd, u.values, BLOCK_VALUES * sizeof *u.values, at);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                for (size_t i = 0; i < (size_t) n / sizeof *u.values; i++)
                        u.codes[i] =
                                (int32_t) lrint(fmin(fmax((double) u.values[i] / lsb, -limit), limit - 1));
                if (pwrite(r->fd, u.codes, (size_t) n, at) != n)
                        return errno ? -errno : -EIO;
                at += n;
        }
}

/* The converter's limits, where it is known, otherwise the extremes: a signal may stand far from zero. */
static void set_limits(const Reader *r, unsigned i, double lsb, LayoutSignal *s) {
        double limit = limit_of(r->format), low = round(r->low[i] / lsb), high = round(r->high[i] / lsb);
        bool known = r->format->kind != TEXT_PLAIN || !(low < high);

        s->digital_min = (int32_t) (known ? -limit : fmax(low, -limit));
        s->digital_max = (int32_t) (known ? limit - 1 : fmin(high, limit - 1));
        s->physical_min = s->digital_min * lsb;
        s->physical_max = s->digital_max * lsb;
}

static int add_signals(const Reader *r, double lsb) {
        const TextFormat *f = r->format;
        Layout *l = r->layout;

        l->signals = calloc(f->n_signals, sizeof *l->signals);
        if (!l->signals)
                return -ENOMEM;
        l->n_signals = f->n_signals;
        for (unsigned i = 0; i < f->n_signals; i++) {
                unsigned column = f->columns[i];

                l->signals[i] = (LayoutSignal){
                        .label = strdup(f->names[column]),
                        .unit = strdup(f->units[column]),
                        .sinc3 = f->kind != TEXT_PLAIN,
                        .n_samples = 1,
                        .offset = 4u * i,
                };
                set_limits(r, i, lsb, l->signals + i);
                if (!l->signals[i].label || !l->signals[i].unit)
                        return -ENOMEM;
        }
        return 0;
}

/*
 * A clock in whole steps of a sample, a little slower or faster than the converter, seems to leave out one
 * sample again and again: evenly, which losses are not. Then none is missing, and the rate is another one.
 */
static bool gaps_are_drift(const Reader *r) {
        const Layout *l = r->layout;
        uint64_t shortest = UINT64_MAX, longest = 0;

        if (r->format->index_column >= 0 || l->n_stretches < 1 + DRIFT_STEPS_MIN ||
            r->n_missing != l->n_stretches - 1)
                return false;
        for (size_t i = 2; i < l->n_stretches; i++) {
                uint64_t n = l->stretches[i].first_record - l->stretches[i - 1].first_record;
                shortest = MIN(shortest, n);
                longest = MAX(longest, n);
        }
        return longest - shortest <= 2 + shortest / 10;
}

static void take_drift(Reader *r, TextFormat *f) {
        if (!gaps_are_drift(r))
                return;
        f->rate_hz *= (double) r->n_rows / (double) r->position;
        r->layout->n_stretches = 1;
        r->n_missing = 0;
}

static int note_all(const Reader *r, const TextOptions *o) {
        const TextFormat *f = r->format;
        Notes *n = &r->layout->notes;
        int k = 0;

        if (!(o && o->rate_hz > 0) && f->kind != TEXT_OPENBCI_GUI)
                k = notes_add(n, "%.6g samples a second by %s", f->rate_hz, f->rate_from);
        if (k >= 0 && r->n_bad > 0)
                k = notes_add(n, "%llu lines cannot be read: their samples are missing",
                              (unsigned long long) r->n_bad);
        if (k >= 0 && r->layout->n_stretches > 1)
                k = notes_add(n, "%llu samples are missing, in %zu gaps", (unsigned long long) r->n_missing,
                              r->layout->n_stretches - 1);
        return k;
}

static const char *name_of(TextKind kind) {
        static const char *const names[] = {
                [TEXT_PLAIN] = "text",
                [TEXT_OPENBCI_GUI] = "OpenBCI GUI text",
                [TEXT_BRAINFLOW] = "BrainFlow text",
                [TEXT_OPENBCI_SD] = "OpenBCI SD text",
        };

        return names[kind];
}

static int read_rows(Reader *r, int fd) {
        int copy = dup(fd);
        _cleanup_fclose_ FILE *text = copy < 0 ? NULL : fdopen(copy, "re");

        if (!text)
                return -errno;
        rewind(text);
        r->block = malloc(BLOCK_VALUES * sizeof *r->block);
        if (!r->block)
                return -ENOMEM;
        int k = read_lines(r, text);
        if (k < 0 || r->n_rows == 0)
                return k;
        double lsb = r->format->kind != TEXT_PLAIN ? OPENBCI_LSB_UV :
                r->largest > 0 ? fmax(r->largest, FLT_MIN) / (CODE_RANGE - 1) : 1;
        k = make_codes(r, lsb, limit_of(r->format));
        return k < 0 ? k : add_signals(r, lsb);
}

/* "2-9,EMG": numbers from 1 or names of columns */
static int pick_columns(TextFormat *f, const char *list, char **ret_error) {
        f->n_signals = 0;
        while (*list) {
                char part[TEXT_NAME_MAX];
                unsigned first, last, before = f->n_signals;
                size_t n = strcspn(list, ",");
                int end = 0;

                snprintf(part, sizeof part, "%.*s", (int) MIN(n, sizeof part - 1), list);
                list += n + (list[n] == ',');
                if (sscanf(part, "%u-%u%n", &first, &last, &end) != 2 || part[end]) {
                        end = 0;
                        last = sscanf(part, "%u%n", &first, &end) == 1 && !part[end] ? first : 0;
                }
                for (unsigned i = 0; i < f->n_fields && f->n_signals < TEXT_FIELDS_MAX; i++)
                        if (streq(part, f->names[i]) || (last > 0 && i + 1 >= first && i + 1 <= last))
                                f->columns[f->n_signals++] = i;
                if (f->n_signals == before) {
                        if (asprintf(ret_error, "there is no column \"%s\": the text has %u", part,
                                     f->n_fields) < 0)
                                *ret_error = NULL;
                        return -EINVAL;
                }
        }
        return 0;
}

/*
 * The column of times may count in a unit that nothing names: the rate tells which. What agrees in none is a
 * question to who asks, whose word counts.
 */
static int agree_on_rate(TextFormat *f, bool asked_for, char **ret_error) {
        static const double units_s[] = { 1, 1e-3, 1e-6, 1e-9, 60, 3600 };

        if (f->time_column < 0 || f->time_is_coarse)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(units_s); i++)
                if (fabs(f->time_rate_hz / f->rate_hz / units_s[i] - 1) < RATES_AGREE) {
                        f->time_scale_s *= units_s[i];
                        return 0;
                }
        if (asked_for) {
                f->time_column = -1;
                return 0;
        }
        if (asprintf(ret_error,
                     "%s says %.6g samples a second, and the column of times %.6g: --rate=HZ says which is "
                     "right",
                     f->rate_from, f->rate_hz, f->time_rate_hz) < 0)
                *ret_error = NULL;
        return -EOPNOTSUPP;
}

static int find_format(int fd, const TextOptions *o, TextFormat *f, char **ret_error) {
        _cleanup_free_ char *bytes = malloc(PROBE_SIZE + 1);

        ssize_t n = bytes ? pread(fd, bytes, PROBE_SIZE, 0) : -1;
        if (n < 0)
                return bytes ? -errno : -ENOMEM;
        if (n < (ssize_t) PROBE_SIZE) { /* the last line of a short text need not end */
                bytes[n] = memchr(bytes, '\n', (size_t) n) ? '\n' : '\r';
                n++;
        }
        if (!text_format_find(bytes, (size_t) n, f)) {
                *ret_error = strdup("this is text, and no columns of numbers are found in it");
                return -EBADMSG;
        }
        if (f->n_fields == TEXT_FIELDS_MAX) {
                if (asprintf(ret_error, "this is text of %u columns or more, and fewer are read",
                             f->n_fields) < 0)
                        *ret_error = NULL;
                return -EOPNOTSUPP;
        }
        if (o && o->rate_hz > 0)
                f->rate_hz = o->rate_hz;
        if (o && o->columns) {
                int r = pick_columns(f, o->columns, ret_error);
                if (r < 0)
                        return r;
        }
        if (f->rate_hz > 0)
                return agree_on_rate(f, o && o->rate_hz > 0, ret_error);
        *ret_error =
                strdup("this is text that does not say how many samples a second it has: --rate=HZ says it");
        return -EOPNOTSUPP;
}

bool text_is(const char *bytes, size_t n) {
        TextFormat *f = malloc(sizeof *f);
        bool is = f && text_format_find(bytes, n, f);

        free(f);
        return is;
}

int text_read(int fd, const TextOptions *options, int *ret_fd, Layout *l, char **ret_error) {
        _cleanup_free_ TextFormat *f = malloc(sizeof *f);
        _cleanup_close_ int to = f ? temporary_file() : -ENOMEM;
        Reader r = { .format = f, .layout = l, .fd = to, .last_index = NAN, .last_time_s = NAN };
        int k;

        if (to < 0)
                return to;
        if ((k = find_format(fd, options, f, ret_error)) < 0)
                return k;
        k = read_rows(&r, fd);
        free(r.block);
        if (k < 0)
                return k;
        if (r.n_rows == 0) {
                *ret_error = strdup("no line of this text has a number in all columns that are signals");
                return -EBADMSG;
        }
        take_drift(&r, f);
        l->format = name_of(f->kind);
        l->sample_bytes = 4;
        l->record_size = 4u * f->n_signals;
        l->n_records = r.n_rows;
        l->record_duration_s = 1 / f->rate_hz;
        if ((k = note_all(&r, options)) < 0)
                return k;
        *ret_fd = TAKE_FD(to);
        return 0;
}
