/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "analyze-copy.h"
#include "source/edf-writer.h"

#define TEXT_RECORD_S 0.1
#define CODE_MAX_24 8388607

typedef struct Copy {
        const AnalyzeOutput *o;
        const Layout *from;
        EdfWriter *to;
        EdfWriterSignal *signals;
        unsigned n_signals;
        char **texts; /* of the annotations, in the order of time */
        double *onsets_s, *durations_s;
        size_t n;
        int shift; /* bits by which codes of text are too long */
} Copy;

static int add(Copy *c, double onset_s, double duration_s, char *text) {
        if (!text)
                return -ENOMEM;
        c->texts[c->n] = text;
        c->onsets_s[c->n] = onset_s;
        c->durations_s[c->n++] = duration_s;
        return 0;
}

static char *text_of_event(const AnalyzeOutput *o, const Finding *f) {
        char *text;

        /* "TEXT@@LABEL": of that channel only, as EDFbrowser and MNE read it */
        int k = f->n_channels == 1 ?
                asprintf(&text, "%s@@%s", f->word, o->a->channels[f->channels[0]].file->label) :
                asprintf(&text, "%s", f->word);
        return k < 0 ? NULL : text;
}

/* The file's own and the new ones, merged; both are in the order of time. */
static int collect(Copy *c) {
        const Annotations *own = &c->o->annotations;
        const Findings *found = &c->o->a->findings;
        size_t most = own->n + found->n, i = 0, k = 0;

        c->texts = calloc(most + 1, sizeof *c->texts);
        c->onsets_s = calloc(most + 1, sizeof *c->onsets_s);
        c->durations_s = calloc(most + 1, sizeof *c->durations_s);
        if (!c->texts || !c->onsets_s || !c->durations_s)
                return -ENOMEM;
        while (i < own->n || k < found->n) {
                const Finding *f = found->items + k;
                bool is_own = k == found->n || (i < own->n && own->items[i].time_s <= f->from_s);

                int r = is_own ?
                        add(c, own->items[i].time_s, own->items[i].duration_s, strdup(own->items[i].text)) :
                        add(c, f->from_s, f->to_s - f->from_s, text_of_event(c->o, f));
                if (r < 0)
                        return r;
                *(is_own ? &i : &k) += 1;
        }
        return 0;
}

static bool is_copied(const LayoutSignal *s) {
        return !s->annotations && s->n_samples > 0;
}

static int collect_signals(Copy *c, uint32_t text_samples) {
        c->signals = calloc(c->from->n_signals, sizeof *c->signals);
        if (!c->signals)
                return -ENOMEM;
        for (unsigned i = 0; i < c->from->n_signals; i++) {
                const LayoutSignal *s = c->from->signals + i;
                int32_t limit = c->from->sample_bytes == 2 ? 0x8000 : 0x800000;
                bool plain = s->useless &&
                        !(s->digital_min < s->digital_max && s->physical_min != s->physical_max);

                if (!is_copied(s))
                        continue;
                EdfWriterSignal *to = c->signals + c->n_signals++;
                *to = (EdfWriterSignal){
                        .label = s->label,
                        .unit = s->unit,
                        .prefiltering = s->sinc3 ? "sinc3" : NULL,
                        .physical_min = plain ? -1 : s->physical_min,
                        .physical_max = plain ? 1 : s->physical_max,
                        .digital_min = plain ? -limit : s->digital_min >> c->shift,
                        .digital_max = plain ? limit - 1 : s->digital_max >> c->shift,
                        .n_samples = text_samples ? text_samples : s->n_samples,
                };
                to->digital_min = MAX(to->digital_min, -limit);
                to->digital_max = MIN(to->digital_max, limit - 1);
        }
        return 0;
}

/* Bytes for annotations in each record: all of them must find room in the end, and the longest one. */
static uint32_t annotation_bytes(const Copy *c, uint64_t n_records) {
        size_t all = 0, longest = 0;

        for (size_t i = 0; i < c->n; i++) {
                size_t n = edf_writer_annotation_size(c->onsets_s[i], c->durations_s[i], c->texts[i]);
                all += n;
                longest = MAX(longest, n);
        }
        /* twice the mean, for those near the end, and for what the longest leaves empty */
        size_t n = EDF_WRITER_ANNOTATION_BYTES_MIN + 2 * all / n_records + longest;
        return (uint32_t) MIN(n, (size_t) 1000000);
}

static int start(Copy *c, int fd, uint64_t n_records, double duration_s) {
        const Layout *l = c->from;
        EdfWriterConfig config = {
                .bdf = l->sample_bytes > 2,
                .discontinuous = l->n_stretches > 1,
                .patient = l->patient[0] ? l->patient : NULL,
                .recording = l->recording[0] ? l->recording : NULL,
                .start = l->start,
                .record_duration_s = duration_s,
                .annotation_bytes = annotation_bytes(c, n_records),
                .n_signals = c->n_signals,
                .signals = c->signals,
        };
        int r = edf_writer_new(fd, &config, &c->to);

        for (size_t i = 0; i < c->n && r >= 0; i++)
                r = edf_writer_annotate(c->to, c->onsets_s[i], c->durations_s[i], c->texts[i]);
        return r;
}

static int copy_records(Copy *c, int from_fd) {
        const Layout *l = c->from;
        _cleanup_free_ char *in = malloc(l->record_size), *out = malloc(l->record_size);
        size_t stretch = 0;

        if (!in || !out)
                return -ENOMEM;
        for (uint64_t i = 0; i < l->n_records; i++) {
                ssize_t n =
                        pread(from_fd, in, l->record_size, (off_t) (l->data_offset + i * l->record_size));
                size_t to = 0;

                if (n != (ssize_t) l->record_size)
                        return n < 0 ? -errno : -EBADMSG;
                for (unsigned k = 0; k < l->n_signals; k++) {
                        const LayoutSignal *s = l->signals + k;
                        size_t size = (size_t) s->n_samples * l->sample_bytes;

                        if (!is_copied(s))
                                continue;
                        memcpy(out + to, in + s->offset, size);
                        to += size;
                }
                while (stretch + 1 < l->n_stretches && l->stretches[stretch + 1].first_record <= i)
                        stretch++;
                double start_s = l->stretches[stretch].start_s +
                        (double) (i - l->stretches[stretch].first_record) * l->record_duration_s;
                int r = edf_writer_put_record(c->to, start_s, out);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Rows of a text, each a data record of its own, to longer ones of 24 bits */
static int copy_rows(Copy *c, int from_fd, uint32_t n_samples) {
        const Layout *l = c->from;
        size_t row = l->n_signals, size = n_samples * row;
        _cleanup_free_ int32_t *in = calloc(size, sizeof *in);
        _cleanup_free_ uint8_t *out = malloc(size * 3);

        if (!in || !out)
                return -ENOMEM;
        for (size_t k = 0; k < l->n_stretches; k++) {
                uint64_t first = l->stretches[k].first_record,
                         end = k + 1 < l->n_stretches ? l->stretches[k + 1].first_record : l->n_records;

                for (uint64_t i = first; i + n_samples <= end; i += n_samples) {
                        ssize_t n = pread(from_fd, in, size * 4, (off_t) (i * l->record_size));
                        uint8_t *p = out;

                        if (n != (ssize_t) (size * 4))
                                return n < 0 ? -errno : -EBADMSG;
                        for (size_t s = 0; s < row; s++)
                                for (uint32_t t = 0; t < n_samples; t++) {
                                        int32_t code = MIN(in[t * row + s] >> c->shift, CODE_MAX_24);
                                        *p++ = (uint8_t) code;
                                        *p++ = (uint8_t) (code >> 8);
                                        *p++ = (uint8_t) (code >> 16);
                                }
                        int r = edf_writer_put_record(
                                c->to, l->stretches[k].start_s + (double) (i - first) * l->record_duration_s,
                                out);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int copy_all(Copy *c, int fd) {
        const Layout *l = c->from;
        bool text = l->sample_bytes == 4;
        uint32_t n_samples = text ? (uint32_t) fmax(1, round(TEXT_RECORD_S / l->record_duration_s)) : 0;
        int r;

        c->shift = text && l->signals[0].digital_max > CODE_MAX_24 ? 7 : 0;
        if ((r = collect(c)) < 0 || (r = collect_signals(c, n_samples)) < 0 ||
            (r = start(c, fd, text ? l->n_records / n_samples + 1 : l->n_records,
                       l->record_duration_s * (text ? n_samples : 1))) < 0 ||
            (r = text ? copy_rows(c, file_source_fd(c->o->a->file), n_samples) :
                        copy_records(c, file_source_fd(c->o->a->file))) < 0)
                return r;
        return edf_writer_pending(c->to) > 0 ? -EMSGSIZE : edf_writer_close(c->to);
}

int analyze_copy(const AnalyzeOutput *o, int fd) {
        Copy c = { .o = o, .from = file_source_layout(o->a->file) };

        int r = copy_all(&c, fd);
        for (size_t i = 0; i < c.n; i++)
                free(c.texts[i]);
        free(c.texts);
        free(c.onsets_s);
        free(c.durations_s);
        free(c.signals);
        edf_writer_free(c.to);
        return r;
}
