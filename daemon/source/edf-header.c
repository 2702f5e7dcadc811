/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout is that of "EDF+" (Kemp and Olivan 2003, edfplus.info/specs) and of
 * BDF+ (teuniz.net): fixed-width ASCII fields, left-justified, padded with spaces.
 */
#include <edflib.h>
#include <stdarg.h>

#include "edf-header.h"
#include "../util.h"

#define VERSION_SIZE 8u
#define MAIN_SIZE 256u
#define SIGNAL_SIZE 256u

/* Largest data record EDFlib reads (edflib.h), bytes */
#define RECORD_SIZE_MAX_EDF (UINT64_C(10) * 1024 * 1024)
#define RECORD_SIZE_MAX_BDF (UINT64_C(15) * 1024 * 1024)

typedef struct Field {
        const char *name;
        size_t offset, width;   /* of a signal: the fields of all signals follow each other */
} Field;

static const Field start_date = { "start date", 168, 8 };
static const Field start_time = { "start time", 176, 8 };
static const Field header_size = { "number of bytes in the header", 184, 8 };
static const Field reserved = { "reserved", 192, 44 };
static const Field n_records = { "number of data records", 236, 8 };
static const Field record_duration = { "duration of a data record", 244, 8 };
static const Field n_signals = { "number of signals", 252, 4 };

static const Field label = { "label", 0, 16 };
static const Field physical_min = { "physical minimum", 104, 8 };
static const Field physical_max = { "physical maximum", 112, 8 };
static const Field digital_min = { "digital minimum", 120, 8 };
static const Field digital_max = { "digital maximum", 128, 8 };
static const Field n_samples = { "number of samples in a data record", 216, 8 };
static const Field signal_reserved = { "reserved", 224, 32 };

typedef struct Header {
        char *bytes;
        unsigned n_signals;
        bool bdf, plus;
        int64_t n_records;
        uint64_t record_size;
} Header;

static int _printf_(3, 4) fault(char **ret_error, int r, const char *format, ...) {
        char *text;
        va_list ap;

        va_start(ap, format);
        int k = vasprintf(&text, format, ap);
        va_end(ap);
        if (k < 0)
                return -ENOMEM;
        *ret_error = text;
        return r;
}

/* A field without its padding; what is not printable becomes '?'. ret[width + 1] */
static const char* text_of(const char *bytes, size_t width, char *ret) {
        for (size_t i = 0; i < width; i++)
                ret[i] = bytes[i] >= 32 && bytes[i] <= 126 ? bytes[i] : '?';
        while (width > 0 && ret[width - 1] == ' ')
                width--;
        ret[width] = 0;
        return ret;
}

static const char* signal_bytes(const Header *h, const Field *f, unsigned signal) {
        return h->bytes + MAIN_SIZE + f->offset * h->n_signals + f->width * signal;
}

static bool is_annotation(const Header *h, unsigned signal) {
        return h->plus && memcmp(signal_bytes(h, &label, signal),
                                 h->bdf ? "BDF Annotations " : "EDF Annotations ", 16) == 0;
}

/* Names a field for a message: "digital minimum of signal 3 (EMG left)". */
static const char* name_of(const Header *h, const Field *f, int signal, char ret[static 96]) {
        char text[17];

        if (signal < 0)
                snprintf(ret, 96, "%s", f->name);
        else
                snprintf(ret, 96, "%s of signal %d (%s)", f->name, signal + 1,
                         text_of(signal_bytes(h, &label, signal), label.width, text));
        return ret;
}

/*
 * A number at the left edge of a field of at most 8 bytes; signal is -1 for the main header.
 * strtod() is right here: no program of the project sets LC_NUMERIC.
 */
static int parse_number(const Header *h, const Field *f, int signal, bool integer, double *ret, char **ret_error) {
        char text[9], name[96], *end;
        const char *bytes = signal < 0 ? h->bytes + f->offset : signal_bytes(h, f, signal);

        text_of(bytes, f->width, text);
        double value = strtod(text, &end);
        if (text[0] == 0 || text[strspn(text, integer ? "+-0123456789" : "+-.0123456789eE")] != 0 || *end != 0)
                return fault(ret_error, -EBADMSG, "the header says \"%.*s\" for the %s, and that is not %s "
                             "at the left edge of its field",
                             (int) f->width, bytes, name_of(h, f, signal, name), integer ? "a whole number" : "a number");
        *ret = value;
        return 0;
}

static int check_ascii(const char *bytes, size_t from, size_t size, char **ret_error) {
        for (size_t i = from; i < size; i++)
                if (bytes[i] < 32 || bytes[i] > 126)
                        return fault(ret_error, -EBADMSG, "the header has the byte 0x%02x at offset %zu, "
                                     "where only plain ASCII is allowed", (uint8_t) bytes[i], i);
        return 0;
}

static int check_version(Header *h, char **ret_error) {
        h->bdf = memcmp(h->bytes, "\xff" "BIOSEMI", VERSION_SIZE) == 0;
        if (!h->bdf && memcmp(h->bytes, "0       ", VERSION_SIZE) != 0)
                return fault(ret_error, -EBADMSG, "this is neither an EDF nor a BDF file");
        return 0;
}

static int check_date(const Header *h, const Field *f, const char *form, char **ret_error) {
        const char *b = h->bytes + f->offset;

        for (unsigned i = 0; i < 8; i++)
                if (i == 2 || i == 5 ? b[i] != '.' : b[i] < '0' || b[i] > '9')
                        return fault(ret_error, -EBADMSG, "the header says \"%.8s\" for the %s, not %s",
                                     b, f->name, form);
        return 0;
}

static int check_type(Header *h, char **ret_error) {
        const char *b = h->bytes + reserved.offset, *format = h->bdf ? "BDF" : "EDF";
        char text[45];

        text_of(b, reserved.width, text);
        if (strncmp(text, format, 3) == 0 && streq(text + 3, "+D"))
                return fault(ret_error, -EOPNOTSUPP, "this is a discontinuous recording (%s+D), which is not "
                             "understood yet; cut it at its gaps into continuous files", format);
        h->plus = strncmp(text, format, 3) == 0 && streq(text + 3, "+C");
        /* Plain BDF has "24BIT" here, and EDFlib does not look. */
        if (!h->plus && !h->bdf && text[0] != 0)
                return fault(ret_error, -EBADMSG, "the header says \"%s\" where an EDF file has nothing, "
                             "EDF+C or EDF+D", text);
        return 0;
}

static int check_counts(Header *h, char **ret_error) {
        double value;

        int r = parse_number(h, &n_records, -1, true, &value, ret_error);
        if (r < 0)
                return r;
        if (value == -1)
                return fault(ret_error, -EBADMSG, "the recording was never closed: its number of data records is -1; "
                             "EDFbrowser can repair it");
        if (value < 1)
                return fault(ret_error, -EBADMSG, "the file holds no data records");
        h->n_records = (int64_t) value;

        r = parse_number(h, &record_duration, -1, false, &value, ret_error);
        if (r < 0)
                return r;
        if (value < 0)
                return fault(ret_error, -EBADMSG, "the duration of a data record is negative");
        return 0;
}

static int check_signal(Header *h, unsigned signal, char **ret_error) {
        double phys_min, phys_max, dig_min, dig_max, samples;
        char text[17];
        int r;

        if ((r = parse_number(h, &physical_min, signal, false, &phys_min, ret_error)) < 0 ||
            (r = parse_number(h, &physical_max, signal, false, &phys_max, ret_error)) < 0 ||
            (r = parse_number(h, &digital_min, signal, true, &dig_min, ret_error)) < 0 ||
            (r = parse_number(h, &digital_max, signal, true, &dig_max, ret_error)) < 0 ||
            (r = parse_number(h, &n_samples, signal, true, &samples, ret_error)) < 0)
                return r;

        text_of(signal_bytes(h, &label, signal), label.width, text);
        if (phys_min == phys_max)
                return fault(ret_error, -EBADMSG, "signal %u (%s) has the same physical minimum and maximum",
                             signal + 1, text);
        if (dig_min >= dig_max)
                return fault(ret_error, -EBADMSG, "signal %u (%s) has a digital minimum of %.0f and a digital maximum "
                             "of %.0f: nothing lies between them", signal + 1, text, dig_min, dig_max);
        double limit = h->bdf ? 0x800000 : 0x8000;
        if (dig_min < -limit || dig_max > limit - 1)
                return fault(ret_error, -EBADMSG, "signal %u (%s) has digital limits beyond %u bits",
                             signal + 1, text, h->bdf ? 24u : 16u);
        if (samples < 1)
                return fault(ret_error, -EBADMSG, "signal %u (%s) has no samples in a data record", signal + 1, text);
        char rest[33];
        if ((!h->bdf || h->plus) &&
            text_of(signal_bytes(h, &signal_reserved, signal), signal_reserved.width, rest)[0] != 0)
                return fault(ret_error, -EBADMSG, "the reserved field of signal %u (%s) is not empty",
                             signal + 1, text);

        h->record_size += (uint64_t) samples * (h->bdf ? 3 : 2);
        return 0;
}

static int check_signals(Header *h, char **ret_error) {
        unsigned n_annotations = 0;
        double duration_s;

        for (unsigned i = 0; i < h->n_signals; i++) {
                int r = check_signal(h, i, ret_error);
                if (r < 0)
                        return r;
                n_annotations += is_annotation(h, i);
        }
        if (h->plus && n_annotations == 0)
                return fault(ret_error, -EBADMSG, "the file calls itself %s+ and has no annotation signal",
                             h->bdf ? "BDF" : "EDF");
        if (n_annotations == h->n_signals)
                return fault(ret_error, -EBADMSG, "the file holds annotations and no signals");

        int r = parse_number(h, &record_duration, -1, false, &duration_s, ret_error);
        if (r < 0)
                return r;
        /* EDFlib counts in 100 ns. */
        if (duration_s * EDFLIB_TIME_DIMENSION < 1)
                return fault(ret_error, -EBADMSG, "the duration of a data record is 0");
        return 0;
}

static int check_size(const Header *h, uint64_t file_size, char **ret_error) {
        uint64_t max = h->bdf ? RECORD_SIZE_MAX_BDF : RECORD_SIZE_MAX_EDF;
        if (h->record_size > max)
                return fault(ret_error, -EOPNOTSUPP, "a data record has %llu bytes, and at most %llu are read",
                             (unsigned long long) h->record_size, (unsigned long long) max);

        /* At most 15 MiB x 99999999 records: far from an overflow. */
        uint64_t size = MAIN_SIZE + SIGNAL_SIZE * (uint64_t) h->n_signals + h->record_size * (uint64_t) h->n_records;
        if (file_size < size)
                return fault(ret_error, -EBADMSG, "the file is cut short: %llu bytes are missing of the %lld data "
                             "records its header promises; EDFbrowser can repair it",
                             (unsigned long long) (size - file_size), (long long) h->n_records);
        if (file_size > size)
                return fault(ret_error, -EBADMSG, "the file has %llu bytes more than the %lld data records its header "
                             "promises; EDFbrowser can repair it",
                             (unsigned long long) (file_size - size), (long long) h->n_records);
        return 0;
}

/* Bytes from .. size of the file, to their place. */
static int read_bytes(int fd, uint64_t file_size, size_t from, size_t size, char *bytes, char **ret_error) {
        if (file_size < size)
                return fault(ret_error, -EBADMSG, "the file ends within its header");
        while (from < size) {
                ssize_t n = pread(fd, bytes + from, size - from, from);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return fault(ret_error, -EBADMSG, "the file ends within its header");
                from += n;
        }
        return 0;
}

static int read_main_header(Header *h, int fd, uint64_t file_size, char **ret_error) {
        double value;
        int r;

        h->bytes = calloc(1, MAIN_SIZE);
        if (!h->bytes)
                return -ENOMEM;
        if (file_size == 0)
                return fault(ret_error, -EBADMSG, "the file is empty");
        if ((r = read_bytes(fd, file_size, 0, MIN(file_size, (uint64_t) VERSION_SIZE), h->bytes, ret_error)) < 0 ||
            (r = check_version(h, ret_error)) < 0 ||
            (r = read_bytes(fd, file_size, VERSION_SIZE, MAIN_SIZE, h->bytes, ret_error)) < 0 ||
            (r = check_ascii(h->bytes, VERSION_SIZE, MAIN_SIZE, ret_error)) < 0 ||
            (r = parse_number(h, &n_signals, -1, true, &value, ret_error)) < 0)
                return r;
        if (value < 1)
                return fault(ret_error, -EBADMSG, "the file holds no signals");
        if (value > EDFLIB_MAXSIGNALS)
                return fault(ret_error, -EOPNOTSUPP, "the file has %.0f signals, and at most %d are read",
                             value, EDFLIB_MAXSIGNALS);
        h->n_signals = (unsigned) value;

        r = parse_number(h, &header_size, -1, true, &value, ret_error);
        if (r < 0)
                return r;
        if (value != MAIN_SIZE + SIGNAL_SIZE * h->n_signals)
                return fault(ret_error, -EBADMSG, "the header says it has %.0f bytes, but %u signals make %u",
                             value, h->n_signals, MAIN_SIZE + SIGNAL_SIZE * h->n_signals);
        return 0;
}

static int read_signal_headers(Header *h, int fd, uint64_t file_size, char **ret_error) {
        size_t size = MAIN_SIZE + SIGNAL_SIZE * h->n_signals;

        char *bytes = realloc(h->bytes, size);
        if (!bytes)
                return -ENOMEM;
        h->bytes = bytes;
        int r = read_bytes(fd, file_size, MAIN_SIZE, size, bytes, ret_error);
        if (r < 0)
                return r;
        return check_ascii(bytes, MAIN_SIZE, size, ret_error);
}

int edf_header_check(int fd, uint64_t file_size, char **ret_error) {
        Header h = {};
        int r;

        if ((r = read_main_header(&h, fd, file_size, ret_error)) >= 0 &&
            (r = read_signal_headers(&h, fd, file_size, ret_error)) >= 0 &&
            (r = check_date(&h, &start_date, "dd.mm.yy", ret_error)) >= 0 &&
            (r = check_date(&h, &start_time, "hh.mm.ss", ret_error)) >= 0 &&
            (r = check_type(&h, ret_error)) >= 0 &&
            (r = check_counts(&h, ret_error)) >= 0 &&
            (r = check_signals(&h, ret_error)) >= 0)
                r = check_size(&h, file_size, ret_error);
        free(h.bytes);
        return r;
}
