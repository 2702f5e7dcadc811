/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdarg.h>

#include "../utf8.h"
#include "../util.h"
#include "edf-header.h"

#define VERSION_SIZE 8u
#define MAIN_SIZE 256u
#define SIGNAL_SIZE 256u

/* A hostile header must not make us allocate without limit: these are 1 MiB of it, and more than any real file has. */
#define SIGNALS_MAX 4096u
#define RECORD_SIZE_MAX (UINT64_C(256) * 1024 * 1024)
#define RECORD_DURATION_MIN_S 1e-6
#define RECORD_DURATION_MAX_S 1e6

typedef struct Field {
        const char *name;
        size_t offset, width;   /* of a signal: the fields of all signals follow each other */
} Field;

static const Field recording = { "recording identification", 88, 80 };
static const Field header_size = { "number of bytes in the header", 184, 8 };
static const Field reserved = { "reserved", 192, 44 };
static const Field n_records = { "number of data records", 236, 8 };
static const Field record_duration = { "duration of a data record", 244, 8 };
static const Field n_signals = { "number of signals", 252, 4 };

static const Field label = { "label", 0, 16 };
static const Field transducer = { "transducer", 16, 80 };
static const Field unit = { "physical dimension", 96, 8 };
static const Field physical_min = { "physical minimum", 104, 8 };
static const Field physical_max = { "physical maximum", 112, 8 };
static const Field digital_min = { "digital minimum", 120, 8 };
static const Field digital_max = { "digital maximum", 128, 8 };
static const Field prefiltering = { "prefiltering", 136, 80 };
static const Field n_samples = { "number of samples in a data record", 216, 8 };

typedef struct Parser {
        int fd;
        uint64_t file_size;
        char *bytes;            /* of the header */
        EdfHeader *header;
        char **ret_error;
} Parser;

static int _printf_(3, 4) fault(Parser *p, int r, const char *format, ...) {
        char *text;
        va_list ap;

        va_start(ap, format);
        int k = vasprintf(&text, format, ap);
        va_end(ap);
        if (k < 0)
                return -ENOMEM;
        *p->ret_error = text;
        return r;
}

/* A field without its padding; what is not printable becomes '?'. ret[width + 1] */
static const char* text_of(const char *bytes, size_t width, char *ret) {
        while (width > 0 && (bytes[width - 1] == ' ' || bytes[width - 1] == 0))
                width--;
        for (size_t i = 0; i < width; i++)
                ret[i] = bytes[i] >= 32 && bytes[i] <= 126 ? bytes[i] : '?';
        ret[width] = 0;
        return ret;
}

static const char* field_bytes(const Parser *p, const Field *f, int signal) {
        if (signal < 0)
                return p->bytes + f->offset;
        return p->bytes + MAIN_SIZE + f->offset * p->header->n_signals + f->width * (size_t) signal;
}

/* Names a field for a message: "digital minimum of signal 3 (EMG left)". */
static const char* name_of(const Parser *p, const Field *f, int signal, char ret[static 96]) {
        char text[17];

        if (signal < 0)
                snprintf(ret, 96, "%s", f->name);
        else
                snprintf(ret, 96, "%s of signal %d (%s)", f->name, signal + 1,
                         text_of(field_bytes(p, &label, signal), label.width, text));
        return ret;
}

/*
 * A number in a field of at most 8 bytes; signal is -1 for the main header.
 * strtod() is right here: no program of the project sets LC_NUMERIC.
 */
static int parse_number(Parser *p, const Field *f, int signal, bool integer, double *ret) {
        char padded[9], name[96], *end;

        const char *text = text_of(field_bytes(p, f, signal), f->width, padded);
        text += strspn(text, " ");
        double value = strtod(text, &end);
        /* "1e999" is a number to strtod() and infinite */
        if (text[0] == 0 || text[strspn(text, integer ? "+-0123456789" : "+-.0123456789eE")] != 0 || *end != 0 ||
            !isfinite(value))
                return fault(p, -EBADMSG, "the header says \"%s\" for the %s, and that is not %s",
                             padded, name_of(p, f, signal, name), integer ? "a whole number" : "a number");
        *ret = value;
        return 0;
}

/* Text in UTF-8; what is not is taken for Latin 1, in which "uV" is often written with a real mu. */
static int parse_text(const Parser *p, const Field *f, int signal, char **ret) {
        const char *bytes = field_bytes(p, f, signal);
        char text[2 * 16 + 1];
        size_t from = 0, to = f->width, n = 0;

        while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == 0))
                to--;
        while (from < to && bytes[from] == ' ')
                from++;
        bool utf8 = utf8_is_valid(bytes + from, to - from);
        for (size_t i = from; i < to; i++) {
                uint8_t b = (uint8_t) bytes[i];

                if (b < 32 || b == 127)
                        text[n++] = '?';
                else if (b < 128 || utf8)
                        text[n++] = (char) b;
                else {
                        text[n++] = (char) (0xc0 | b >> 6);
                        text[n++] = (char) (0x80 | (b & 0x3f));
                }
        }
        *ret = strndup(text, n);
        return *ret ? 0 : -ENOMEM;
}

/* Names the ADS1299, or the filter that it has. */
static bool tells_sinc3(const Parser *p, const Field *f, int signal) {
        char text[81];

        (void) text_of(field_bytes(p, f, signal), f->width, text);
        return strcasestr(text, "ADS1299") || strcasestr(text, "sinc3");
}

static int parse_version(Parser *p) {
        p->header->bdf = memcmp(p->bytes, "\xff" "BIOSEMI", VERSION_SIZE) == 0;
        if (!p->header->bdf && memcmp(p->bytes, "0       ", VERSION_SIZE) != 0)
                return fault(p, -EBADMSG, "this is neither an EDF nor a BDF file");
        return 0;
}

static int parse_main(Parser *p) {
        EdfHeader *h = p->header;
        double value;
        int r;

        if ((r = parse_number(p, &n_signals, -1, true, &value)) < 0)
                return r;
        if (value < 1)
                return fault(p, -EBADMSG, "the file holds no signals");
        if (value > SIGNALS_MAX)
                return fault(p, -EOPNOTSUPP, "the file has %.0f signals, and at most %u are read", value, SIGNALS_MAX);
        h->n_signals = (unsigned) value;
        h->data_offset = MAIN_SIZE + SIGNAL_SIZE * (uint64_t) h->n_signals;

        if ((r = parse_number(p, &header_size, -1, true, &value)) < 0)
                return r;
        if (value != (double) h->data_offset)
                return fault(p, -EBADMSG, "the header says it has %.0f bytes, but %u signals make %llu",
                             value, h->n_signals, (unsigned long long) h->data_offset);

        if ((r = parse_number(p, &record_duration, -1, false, &h->record_duration_s)) < 0)
                return r;
        if (!(h->record_duration_s >= RECORD_DURATION_MIN_S && h->record_duration_s <= RECORD_DURATION_MAX_S))
                return fault(p, -EBADMSG, "the duration of a data record is %g s", h->record_duration_s);
        return 0;
}

static int parse_signal(Parser *p, unsigned i) {
        EdfHeader *h = p->header;
        EdfSignal *s = h->signals + i;
        double dig_min, dig_max, samples;
        int r;

        if ((r = parse_text(p, &label, (int) i, &s->label)) < 0 ||
            (r = parse_text(p, &unit, (int) i, &s->unit)) < 0 ||
            (r = parse_number(p, &physical_min, (int) i, false, &s->physical_min)) < 0 ||
            (r = parse_number(p, &physical_max, (int) i, false, &s->physical_max)) < 0 ||
            (r = parse_number(p, &digital_min, (int) i, true, &dig_min)) < 0 ||
            (r = parse_number(p, &digital_max, (int) i, true, &dig_max)) < 0 ||
            (r = parse_number(p, &n_samples, (int) i, true, &samples)) < 0)
                return r;

        if (s->physical_min == s->physical_max)
                return fault(p, -EBADMSG, "signal %u (%s) has the same physical minimum and maximum", i + 1, s->label);
        if (dig_min >= dig_max)
                return fault(p, -EBADMSG, "signal %u (%s) has a digital minimum of %.0f and a digital maximum "
                             "of %.0f: nothing lies between them", i + 1, s->label, dig_min, dig_max);
        double limit = h->bdf ? 0x800000 : 0x8000;
        if (dig_min < -limit || dig_max > limit - 1)
                return fault(p, -EBADMSG, "signal %u (%s) has digital limits beyond %u bits",
                             i + 1, s->label, h->bdf ? 24u : 16u);
        if (samples < 1)
                return fault(p, -EBADMSG, "signal %u (%s) has no samples in a data record", i + 1, s->label);

        s->annotations = streq(s->label, h->bdf ? "BDF Annotations" : "EDF Annotations");
        s->sinc3 = tells_sinc3(p, &recording, -1) || tells_sinc3(p, &transducer, (int) i) ||
                tells_sinc3(p, &prefiltering, (int) i);
        s->digital_min = (int32_t) dig_min;
        s->digital_max = (int32_t) dig_max;
        s->n_samples = (uint32_t) samples;
        s->offset = h->record_size;
        h->record_size += (uint64_t) s->n_samples * (h->bdf ? 3 : 2);
        if (h->record_size > RECORD_SIZE_MAX)
                return fault(p, -EOPNOTSUPP, "a data record has more than the %llu bytes that are read at most",
                             (unsigned long long) RECORD_SIZE_MAX);
        return 0;
}

static int parse_signals(Parser *p) {
        EdfHeader *h = p->header;
        unsigned n_annotations = 0;
        char text[45];

        h->signals = calloc(h->n_signals, sizeof *h->signals);
        if (!h->signals)
                return -ENOMEM;
        for (unsigned i = 0; i < h->n_signals; i++) {
                int r = parse_signal(p, i);
                if (r < 0)
                        return r;
                n_annotations += h->signals[i].annotations;
        }
        if (n_annotations == h->n_signals)
                return fault(p, -EBADMSG, "the file holds annotations and no signals");

        text_of(p->bytes + reserved.offset, reserved.width, text);
        h->discontinuous = strncmp(text, h->bdf ? "BDF+D" : "EDF+D", 5) == 0;
        if (h->discontinuous && n_annotations == 0)
                return fault(p, -EBADMSG, "the file calls itself discontinuous (%.5s) and has no annotation signal "
                             "to say when its data records begin", text);
        return 0;
}

static int parse_n_records(Parser *p) {
        EdfHeader *h = p->header;
        uint64_t data = p->file_size - h->data_offset, present = data / h->record_size;
        double value;

        int r = parse_number(p, &n_records, -1, true, &value);
        if (r < 0)
                return r;

        /* -1: still being written, or never closed. What is there is good, a last part of a record is not. */
        h->n_records = value == -1 ? present : (uint64_t) fmax(value, 0);
        if (h->n_records < 1)
                return fault(p, -EBADMSG, "the file holds no data records");
        if (h->n_records > present)
                return fault(p, -EBADMSG, "the file is cut short: %llu bytes are missing of the %llu data "
                             "records its header promises; EDFbrowser can repair it",
                             (unsigned long long) (h->n_records * h->record_size - data),
                             (unsigned long long) h->n_records);
        if (value != -1 && data > h->n_records * h->record_size)
                return fault(p, -EBADMSG, "the file has %llu bytes more than the %llu data records its header "
                             "promises; EDFbrowser can repair it",
                             (unsigned long long) (data - h->n_records * h->record_size),
                             (unsigned long long) h->n_records);
        return 0;
}

/* Bytes from .. size of the file, to their place. */
static int read_bytes(Parser *p, uint64_t from, uint64_t size) {
        if (p->file_size < size)
                return fault(p, -EBADMSG, "the file ends within its header");

        char *bytes = realloc(p->bytes, size);
        if (!bytes)
                return -ENOMEM;
        p->bytes = bytes;
        while (from < size) {
                ssize_t n = pread(p->fd, bytes + from, size - from, (off_t) from);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return fault(p, -EBADMSG, "the file ends within its header");
                from += (uint64_t) n;
        }
        return 0;
}

static int parse(Parser *p) {
        int r;

        if (p->file_size == 0)
                return fault(p, -EBADMSG, "the file is empty");
        if (p->file_size < VERSION_SIZE)
                return fault(p, -EBADMSG, "this is neither an EDF nor a BDF file");
        if ((r = read_bytes(p, 0, VERSION_SIZE)) < 0 ||
            (r = parse_version(p)) < 0 ||
            (r = read_bytes(p, VERSION_SIZE, MAIN_SIZE)) < 0 ||
            (r = parse_main(p)) < 0 ||
            (r = read_bytes(p, MAIN_SIZE, p->header->data_offset)) < 0 ||
            (r = parse_signals(p)) < 0)
                return r;
        return parse_n_records(p);
}

int edf_header_read(int fd, uint64_t file_size, EdfHeader *ret, char **ret_error) {
        EdfHeader h = {};
        Parser p = { .fd = fd, .file_size = file_size, .header = &h, .ret_error = ret_error };

        int r = parse(&p);
        free(p.bytes);
        if (r < 0) {
                edf_header_done(&h);
                return r;
        }
        *ret = h;
        return 0;
}

void edf_header_done(EdfHeader *h) {
        for (unsigned i = 0; h->signals && i < h->n_signals; i++) {
                free(h->signals[i].label);
                free(h->signals[i].unit);
        }
        free(h->signals);
        *h = (EdfHeader) {};
}
