/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "../utf8.h"
#include "edf-annotations.h"

void annotations_done(Annotations *a) {
        for (size_t i = 0; i < a->n; i++)
                free(a->items[i].text);
        free(a->items);
        *a = (Annotations){};
}

/* Printable UTF-8 of bytes that should be; Latin 1 is what they are otherwise. */
static char *text_from(const char *bytes, size_t n) {
        bool utf8 = utf8_is_valid(bytes, n);
        char *text = malloc(2 * n + 1), *to = text;

        if (!text)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                uint8_t b = (uint8_t) bytes[i];

                if (b < 32 || b == 127)
                        *to++ = ' ';
                else if (b < 128 || utf8)
                        *to++ = (char) b;
                else {
                        *to++ = (char) (0xc0 | b >> 6);
                        *to++ = (char) (0x80 | (b & 0x3f));
                }
        }
        *to = 0;
        return text;
}

static int add(Annotations *a, double time_s, double duration_s, const char *bytes, size_t n) {
        if (a->n >= ANNOTATIONS_MAX)
                return 0;
        if ((a->n & (a->n - 1)) == 0) { /* full at each power of two */
                Annotation *items = reallocarray(a->items, a->n ? 2 * a->n : 1, sizeof *items);
                if (!items)
                        return -ENOMEM;
                a->items = items;
        }
        char *text = text_from(bytes, n);
        if (!text)
                return -ENOMEM;
        a->items[a->n++] = (Annotation){ .time_s = time_s, .duration_s = duration_s, .text = text };
        return 0;
}

/* A number between bytes; NAN if there is none */
static double number_between(const char *from, const char *to) {
        char text[40], *end;
        size_t n = (size_t) (to - from);

        if (n == 0 || n >= sizeof text)
                return NAN;
        memcpy(text, from, n);
        text[n] = 0;
        double value = strtod(text, &end);
        return *end == 0 && isfinite(value) && fabs(value) < 1e9 ? value : NAN;
}

/* One list of a time: "+onset[\x15duration]\x14text\x14text\x14", to the NUL at its end */
static int add_list(Annotations *a, const char *from, const char *end, double zero_s) {
        const char *separator = memchr(from, '\x14', (size_t) (end - from));
        if (!separator)
                return 0;
        const char *duration = memchr(from, '\x15', (size_t) (separator - from));
        double time_s = number_between(from, duration ?: separator);

        if (isnan(time_s))
                return 0;
        for (const char *p = separator + 1; p < end;) {
                const char *next = memchr(p, '\x14', (size_t) (end - p));
                if (!next)
                        return 0;
                if (next > p) { /* an empty one is the time stamp of the record */
                        int r = add(a, time_s - zero_s,
                                    duration ? number_between(duration + 1, separator) : NAN, p,
                                    (size_t) (next - p));
                        if (r < 0)
                                return r;
                }
                p = next + 1;
        }
        return 0;
}

static int add_record(Annotations *a, const char *bytes, size_t size, double zero_s) {
        for (const char *p = bytes, *end = bytes + size; p < end;) {
                const char *nul = memchr(p, 0, (size_t) (end - p)) ?: end;

                if (nul > p) {
                        int r = add_list(a, p, nul, zero_s);
                        if (r < 0)
                                return r;
                }
                p = nul + 1;
        }
        return 0;
}

/* The first record's own time: those of all annotations count from the start in the header. */
static double zero_of(const char *bytes, size_t size) {
        const char *end = memchr(bytes, '\x14', size);
        double zero_s = end ? number_between(bytes, end) : NAN;

        return isnan(zero_s) ? 0 : zero_s;
}

static int read_signal(int fd, const Layout *l, const LayoutSignal *s, bool first, double *zero_s,
                       Annotations *a) {
        size_t size = (size_t) s->n_samples * l->sample_bytes;
        _cleanup_free_ char *bytes = malloc(size + 1);

        if (!bytes)
                return -ENOMEM;
        for (uint64_t i = 0; i < l->n_records; i++) {
                ssize_t n =
                        pread(fd, bytes, size, (off_t) (l->data_offset + i * l->record_size + s->offset));
                if (n < 0)
                        return -errno;
                if (i == 0 && first)
                        *zero_s = zero_of(bytes, (size_t) n);
                int r = add_record(a, bytes, (size_t) n, *zero_s);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Writers put them into records as there is room, and into several signals. */
static int compare(const void *a, const void *b) {
        const Annotation *x = a, *y = b;

        if (x->time_s != y->time_s)
                return x->time_s < y->time_s ? -1 : 1;
        return strcmp(x->text, y->text);
}

int edf_annotations_read(int fd, const Layout *l, Annotations *ret) {
        const LayoutSignal *first = layout_annotations(l);
        Annotations a = {};
        double zero_s = 0;
        int r = 0;

        for (unsigned i = 0; i < l->n_signals && r >= 0; i++)
                if (l->signals[i].annotations && l->signals[i].n_samples > 0)
                        r = read_signal(fd, l, l->signals + i, l->signals + i == first, &zero_s, &a);
        if (r < 0) {
                annotations_done(&a);
                return r;
        }
        if (a.n > 0)
                qsort(a.items, a.n, sizeof *a.items, compare);
        *ret = a;
        return 0;
}
