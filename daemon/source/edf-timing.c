/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "../util.h"
#include "edf-timing.h"

/* "+", the seconds with as many decimals as somebody likes, and two separators; NUL behind it all */
#define STAMP_MAX 40u
#define SEPARATOR '\x14'

/* Thirty years; what lies behind is a broken file, and no position may overflow. */
#define RECORDING_MAX_S 1e9

static int fail(char **ret_error, uint64_t record, const char *what) {
        return asprintf(ret_error, "data record %llu of this discontinuous recording %s",
                        (unsigned long long) record + 1, what) < 0 ? -ENOMEM : -EBADMSG;
}

static const EdfSignal* first_annotations(const EdfHeader *h) {
        for (unsigned i = 0; i < h->n_signals; i++)
                if (h->signals[i].annotations)
                        return h->signals + i;
        return NULL;
}

/* Seconds from the start time in the header. */
static int read_start(int fd, const EdfHeader *h, const EdfSignal *annotations, uint64_t record, double *ret,
                      char **ret_error) {
        char text[STAMP_MAX + 1] = "", *end;
        size_t size = MIN((size_t) annotations->n_samples * (h->bdf ? 3 : 2), (size_t) STAMP_MAX);

        ssize_t n = pread(fd, text, size, (off_t) (h->data_offset + record * h->record_size + annotations->offset));
        if (n < 0)
                return -errno;
        if ((text[0] != '+' && text[0] != '-') || text[1 + strspn(text + 1, "0123456789.")] != SEPARATOR)
                return fail(ret_error, record, "does not begin with its time");
        double start_s = strtod(text, &end);
        if (end[0] != SEPARATOR || end[1] != SEPARATOR)
                return fail(ret_error, record, "does not begin with its time");
        if (!(fabs(start_s) <= RECORDING_MAX_S))
                return fail(ret_error, record, "is decades away from the start");
        *ret = start_s;
        return 0;
}

static int add_stretch(EdfTiming *t, size_t *allocated, uint64_t record, double start_s) {
        if (t->n_stretches == *allocated) {
                size_t n = *allocated ? *allocated * 2 : 16;
                EdfStretch *s = reallocarray(t->stretches, n, sizeof *s);
                if (!s)
                        return -ENOMEM;
                t->stretches = s;
                *allocated = n;
        }
        t->stretches[t->n_stretches++] = (EdfStretch) { .first_record = record, .start_s = start_s };
        return 0;
}

/* Half a sample of the fastest signal: a difference below that is the rounding of the writer. */
static double tolerance_s(const EdfHeader *h) {
        uint32_t most = 1;

        for (unsigned i = 0; i < h->n_signals; i++)
                if (!h->signals[i].annotations)
                        most = MAX(most, h->signals[i].n_samples);
        return h->record_duration_s / most / 2;
}

static int read_stretches(int fd, const EdfHeader *h, EdfTiming *t, char **ret_error) {
        const EdfSignal *annotations = first_annotations(h);
        double zero_s = 0, tolerance = tolerance_s(h);
        size_t allocated = 0;

        for (uint64_t record = 0; record < h->n_records; record++) {
                double start_s = 0;
                int r = read_start(fd, h, annotations, record, &start_s, ret_error);
                if (r < 0)
                        return r;
                if (record == 0)
                        zero_s = start_s;
                start_s -= zero_s;

                double due_s = 0;
                if (record > 0) {
                        const EdfStretch *s = t->stretches + t->n_stretches - 1;
                        due_s = s->start_s + (double) (record - s->first_record) * h->record_duration_s;
                }
                if (start_s < due_s - tolerance)
                        return fail(ret_error, record, "begins before the one in front of it ends");
                if (record == 0 || start_s > due_s + tolerance)
                        if ((r = add_stretch(t, &allocated, record, start_s)) < 0)
                                return r;
        }
        return 0;
}

int edf_timing_read(int fd, const EdfHeader *h, EdfTiming *ret, char **ret_error) {
        EdfTiming t = {};
        size_t allocated = 0;

        int r = h->discontinuous ? read_stretches(fd, h, &t, ret_error) : add_stretch(&t, &allocated, 0, 0);
        if (r < 0) {
                edf_timing_done(&t);
                return r;
        }
        *ret = t;
        return 0;
}

void edf_timing_done(EdfTiming *t) {
        free(t->stretches);
        *t = (EdfTiming) {};
}
