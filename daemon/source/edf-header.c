/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "../utf8.h"
#include "edf-header.h"
#include "edf-start.h"

#define VERSION_SIZE 8u
#define MAIN_SIZE 256u
#define SIGNAL_SIZE 256u

/* A hostile header must not make us allocate without limit: these are 1 MiB of it, and more than any real
 * file has. */
#define SIGNALS_MAX 4096u
#define RECORD_SIZE_MAX (UINT64_C(256) * 1024 * 1024)
#define RECORD_DURATION_MIN_S 1e-6
#define RECORD_DURATION_MAX_S 1e6

/* How much of the samples is looked at to see whether a copy as text has spoilt them */
#define PROBE_SIZE 65536u
#define COPY_FEEDS_MIN 16u

typedef struct Field {
        const char *name;
        size_t offset, width; /* of a signal: the fields of all signals follow each other */
} Field;

static const Field patient = { "patient identification", 8, 80 };
static const Field recording = { "recording identification", 88, 80 };
static const Field start_date = { "start date", 168, 8 };
static const Field start_time = { "start time", 176, 8 };
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
        char *bytes; /* of the header */
        Layout *layout;
        char *odd; /* the first number written otherwise than the format has it */
        unsigned n_odd;
        bool version_damaged, text_copy;
        double said_size; /* of the header, by itself; 0: it does not say */
        char **ret_error;
} Parser;

static int _printf_(3, 4) fault(Parser *p, int r, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        *p->ret_error = line_from(format, ap);
        va_end(ap);
        return *p->ret_error ? r : -ENOMEM;
}

/* A field without its padding; what is not printable becomes '?'. ret[width + 1] */
static const char *text_of(const char *bytes, size_t width, char *ret) {
        while (width > 0 && (bytes[width - 1] == ' ' || bytes[width - 1] == 0))
                width--;
        for (size_t i = 0; i < width; i++)
                ret[i] = bytes[i] >= 32 && bytes[i] <= 126 ? bytes[i] : '?';
        ret[width] = 0;
        return ret;
}

static const char *field_bytes(const Parser *p, const Field *f, int signal) {
        if (signal < 0)
                return p->bytes + f->offset;
        return p->bytes + MAIN_SIZE + f->offset * p->layout->n_signals + f->width * (size_t) signal;
}

/* Names a field for a message: "digital minimum of signal 3 (EMG left)". */
static const char *name_of(const Parser *p, const Field *f, int signal, char ret[static 96]) {
        char text[17];

        if (signal < 0)
                snprintf(ret, 96, "%s", f->name);
        else
                snprintf(ret, 96, "%s of signal %d (%s)", f->name, signal + 1,
                         text_of(field_bytes(p, &label, signal), label.width, text));
        return ret;
}

/*
 * A number in a field of at most 8 bytes, for all that is in it: a decimal comma, what follows a NUL and
 * padding with anything but blanks are odd, but can mean nothing else. strtod() is right here: no program of
 * the project sets LC_NUMERIC.
 */
static bool number_in(const char *bytes, size_t width, double *ret, bool *ret_odd) {
        char text[9], *end;
        size_t n = strnlen(bytes, width);

        *ret_odd = false;
        for (size_t i = n; i < width; i++)
                *ret_odd = *ret_odd || (bytes[i] != 0 && bytes[i] != ' ');
        for (; n > 0 && strchr(" \t\r\n", bytes[n - 1]); n--)
                *ret_odd = *ret_odd || bytes[n - 1] != ' ';
        text_of(bytes, n, text);
        char *start = text + strspn(text, " ");
        if (strchr("+-", start[0]) && start[0] && start[1] == ' ') { /* "- 3276.8" */
                size_t blanks = strspn(start + 1, " ");
                start[blanks] = start[0];
                start += blanks;
                *ret_odd = true;
        }
        char *comma = strchr(start, ',');
        if (comma && !strchr(start, '.')) {
                *comma = '.';
                *ret_odd = true;
        }
        double value = strtod(start, &end);
        /* "1e999" is a number to strtod() and infinite */
        if (start[0] == 0 || start[strspn(start, "+-.0123456789eE")] != 0 || *end != 0 || !isfinite(value))
                return false;
        *ret = value;
        return true;
}

/* Remembers the first odd one. */
static int note_odd(Parser *p, const Field *f, int signal, double value) {
        char padded[9], name[96];

        if (p->n_odd++ > 0)
                return 0;
        return asprintf(&p->odd, "the header writes \"%s\" for the %s: read as %.9g",
                        text_of(field_bytes(p, f, signal), f->width, padded), name_of(p, f, signal, name),
                        value) < 0 ?
                -ENOMEM :
                0;
}

/* The unit that some write behind a number, or what of it has room: "-3276.8u", "1 sec" */
static bool number_with_unit_in(const Parser *p, const Field *f, int signal, double *ret) {
        char text[81], whole[81];
        bool odd;

        if (f != &record_duration && f != &physical_min && f != &physical_max)
                return false;
        text_of(field_bytes(p, f, signal), f->width, text);
        if (signal < 0)
                strcpy(whole, "seconds");
        else
                text_of(field_bytes(p, &unit, signal), unit.width, whole);
        char *behind = text + strspn(text, " +-.,0123456789");
        size_t n = strlen(behind);
        return n > 0 && strncasecmp(behind, whole, n) == 0 &&
                number_in(text, (size_t) (behind - text), ret, &odd);
}

/* 1: *ret is the number; 0: there is none. signal is -1 for the main header. */
static int parse_number(Parser *p, const Field *f, int signal, bool integer, double *ret) {
        const char *bytes = field_bytes(p, f, signal);
        bool odd;

        if (!number_in(bytes, f->width, ret, &odd)) {
                if (!number_with_unit_in(p, f, signal, ret))
                        return 0;
                odd = true;
        }
        if (integer && *ret != round(*ret))
                return 0;
        if (integer && memchr(bytes, '.', strnlen(bytes, f->width)))
                odd = true;
        int r = odd ? note_odd(p, f, signal, *ret) : 0;
        return r < 0 ? r : 1;
}

/* The same where nothing can be read without it */
static int need_number(Parser *p, const Field *f, int signal, bool integer, double *ret) {
        char padded[9], name[96];

        int r = parse_number(p, f, signal, integer, ret);
        if (r == 0)
                return fault(p, -EBADMSG, "the header says \"%s\" for the %s, and that is not %s",
                             text_of(field_bytes(p, f, signal), f->width, padded),
                             name_of(p, f, signal, name), integer ? "a whole number" : "a number");
        return r;
}

/* The mu of Shift-JIS and of the Chinese and Japanese EUC, as they stand in bytes; what they are in Latin 1
 * is in no unit. */
static bool is_mu(const char *bytes, size_t n) {
        return n >= 2 && (memcmp(bytes, "\x83\xca", 2) == 0 || memcmp(bytes, "\xa6\xcc", 2) == 0);
}

static bool is_padding(char byte) {
        return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Text in UTF-8; what is not is taken for Latin 1, in which "uV" is often written with a real mu. */
static int parse_text(const Parser *p, const Field *f, int signal, char **ret) {
        const char *bytes = field_bytes(p, f, signal);
        char text[2 * 16 + 1];
        size_t from = 0, to = strnlen(bytes, f->width), n = 0;

        while (to > from && is_padding(bytes[to - 1]))
                to--;
        while (from < to && is_padding(bytes[from]))
                from++;
        bool utf8 = utf8_is_valid(bytes + from, to - from);
        for (size_t i = from; i < to; i++) {
                uint8_t b = (uint8_t) bytes[i];

                if (b < 32 || b == 127)
                        text[n++] = '?';
                else if (b < 128 || utf8)
                        text[n++] = (char) b;
                else if (is_mu(bytes + i, to - i)) {
                        text[n++] = (char) 0xce;
                        text[n++] = (char) 0xbc;
                        i++;
                } else {
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

/* A header whose first 8 bytes are damaged is known by the numbers behind them, which agree. */
static bool is_plausible(const char *bytes) {
        double size, n;
        bool odd;

        return number_in(bytes + header_size.offset, header_size.width, &size, &odd) &&
                number_in(bytes + n_signals.offset, n_signals.width, &n, &odd) && n >= 1 &&
                n <= SIGNALS_MAX && size == MAIN_SIZE + n * SIGNAL_SIZE;
}

bool edf_header_is(const char *bytes, size_t n) {
        char text[VERSION_SIZE + 1];

        if (n >= VERSION_SIZE &&
            (memcmp(bytes + 1, "BIOSEMI", 7) == 0 || streq(text_of(bytes, VERSION_SIZE, text), "0")))
                return true;
        if (n >= VERSION_SIZE + 2 &&
            memcmp(bytes,
                   "\xef\xbf\xbd"
                   "BIOSEMI",
                   10) == 0)
                return true;
        return n >= MAIN_SIZE && is_plausible(bytes);
}

/* The first byte of a BDF file is no text: what turned it into some may have changed samples, too, which are
 * half of such bytes. */
static int check_text_copy(Parser *p) {
        uint8_t bytes[PROBE_SIZE];

        if (memcmp(p->bytes, "\xef\xbf\xbd", 3) != 0) {
                ssize_t n = pread(p->fd, bytes, sizeof bytes, (off_t) p->layout->data_offset);
                for (ssize_t i = 0; i < n; i++)
                        if (bytes[i] >= 0x80)
                                return notes_add(
                                        &p->layout->notes,
                                        "the first byte of the file is \"%c\" where a BDF file has FF, "
                                        "as after a copy as text; the samples look untouched and are read",
                                        p->bytes[0] >= 32 && p->bytes[0] <= 126 ? p->bytes[0] : '?');
        }
        return fault(p, -EBADMSG,
                     "this BDF file was copied or converted as text, which changes its samples (its first "
                     "byte is "
                     "not FF any more); copy the original again, as binary");
}

static int parse_version(Parser *p) {
        bool edf = memcmp(p->bytes, "0       ", VERSION_SIZE) == 0,
             bdf = memcmp(p->bytes,
                          "\xff"
                          "BIOSEMI",
                          VERSION_SIZE) == 0;
        char text[45];

        p->text_copy = !bdf &&
                (memcmp(p->bytes + 1, "BIOSEMI", 7) == 0 ||
                 memcmp(p->bytes,
                        "\xef\xbf\xbd"
                        "BIOSEMI",
                        10) == 0);
        p->version_damaged = !edf && !bdf && !p->text_copy;
        if (bdf || p->text_copy)
                p->layout->sample_bytes = 3;
        else {
                text_of(p->bytes + reserved.offset, reserved.width, text);
                p->layout->sample_bytes =
                        strncmp(text, "BDF", 3) == 0 || strncmp(text, "24BIT", 5) == 0 ? 3 : 2;
        }
        p->layout->format = p->layout->sample_bytes == 3 ? "BDF" : "EDF";
        if (edf && p->layout->sample_bytes == 3)
                return notes_add(
                        &p->layout->notes,
                        "the file begins as an EDF file does, and says \"%s\": its samples are taken to "
                        "be of 24 bits",
                        text);
        if (p->version_damaged)
                return notes_add(&p->layout->notes,
                                 "the file does not begin as an EDF or BDF file does; the rest of its "
                                 "header is one of %s",
                                 p->layout->format);
        return 0;
}

/* Whether the header has fields for n signals: of another number, those that must be whole numbers lie
 * elsewhere. */
static bool has_signals(const Parser *p, double n) {
        size_t k = n >= 1 && n <= SIGNALS_MAX ? (size_t) n : 0, size = MAIN_SIZE + SIGNAL_SIZE * k;
        _cleanup_free_ char *bytes = malloc(size);
        bool fits = k > 0 && bytes && pread(p->fd, bytes, size, 0) == (ssize_t) size, odd;
        double value;

        for (size_t i = 0; i < k && fits; i++)
                fits = number_in(bytes + MAIN_SIZE + n_samples.offset * k + n_samples.width * i,
                                 n_samples.width, &value, &odd) &&
                        value >= 0 && value == round(value);
        return fits;
}

static int note_count(Parser *p, double taken) {
        char text[9];

        return notes_add(
                &p->layout->notes,
                "the header says \"%s\" for the number of signals; its size and its fields are those for "
                "%.0f",
                text_of(p->bytes + n_signals.offset, n_signals.width, text), taken);
}

static int parse_main(Parser *p) {
        Layout *l = p->layout;
        double value, size;
        int r, sized;

        if ((r = sized = parse_number(p, &header_size, -1, true, &size)) < 0 ||
            (r = parse_number(p, &n_signals, -1, true, &value)) < 0)
                return r;
        if (r == 0) {
                if (!sized || size < MAIN_SIZE + SIGNAL_SIZE || fmod(size, SIGNAL_SIZE) != 0)
                        return need_number(p, &n_signals, -1, true, &value);
                value = size / SIGNAL_SIZE - 1;
                r = notes_add(
                        &l->notes,
                        "the header does not say how many signals there are; its size is that for %.0f",
                        value);
                if (r < 0)
                        return r;
        }
        double by_size = sized ? size / SIGNAL_SIZE - 1 : 0;
        if (by_size != value && value >= 1 && value <= SIGNALS_MAX && !has_signals(p, value) &&
            has_signals(p, by_size)) {
                value = by_size;
                if ((r = note_count(p, value)) < 0)
                        return r;
        }
        if (value < 1)
                return fault(p, -EBADMSG, "the file holds no signals");
        if (value > SIGNALS_MAX)
                return fault(p, -EOPNOTSUPP, "the file has %.0f signals, and at most %u are read", value,
                             SIGNALS_MAX);
        l->n_signals = (unsigned) value;
        l->data_offset = MAIN_SIZE + SIGNAL_SIZE * (uint64_t) l->n_signals;
        p->said_size = sized ? size : 0;

        if ((r = need_number(p, &record_duration, -1, false, &l->record_duration_s)) < 0)
                return r;
        if (!(l->record_duration_s >= RECORD_DURATION_MIN_S &&
              l->record_duration_s <= RECORD_DURATION_MAX_S))
                return fault(p, -EBADMSG,
                             "the duration of a data record is %g s, so nobody knows the sample rate",
                             l->record_duration_s);
        return edf_start_read(p->bytes + start_date.offset, p->bytes + start_time.offset,
                              p->bytes + recording.offset, &l->start, &l->notes);
}

static int _printf_(2, 3) useless(LayoutSignal *s, const char *format, ...) {
        va_list ap;

        if (s->useless)
                return 0;
        va_start(ap, format);
        s->useless = line_from(format, ap);
        va_end(ap);
        return s->useless ? 0 : -ENOMEM;
}

/* Of EDF+ and BDF+, where these fields have a form that may be passed on. */
static void take_identification(Parser *p) {
        Layout *l = p->layout;
        char text[81];
        int skip = 0;

        text_of(p->bytes + patient.offset, patient.width, l->patient);
        text_of(p->bytes + recording.offset, recording.width, text);
        (void) sscanf(text, "Startdate %*s %n", &skip);
        strcpy(l->recording, skip > 0 ? text + skip : "");
}

/* A number of a signal without which that signal, and only that one, says nothing */
static int signal_number(Parser *p, const Field *f, unsigned i, bool integer, double *ret) {
        char text[9];

        int r = parse_number(p, f, (int) i, integer, ret);
        if (r != 0)
                return MIN(r, 0);
        *ret = 0;
        text_of(field_bytes(p, f, (int) i), f->width, text);
        return text[0] ? useless(p->layout->signals + i, "its %s is \"%s\"", f->name, text) :
                         useless(p->layout->signals + i, "its %s is missing", f->name);
}

/* Trigger codes of a recorder, whatever unit it says they have. Names that BioSemi, MNE and others give
 * them. */
static bool is_triggers(const char *text) {
        static const char *const names[] = { "Status",  "Trigger", "Triggers", "TRIG",
                                             "STI 014", "Marker",  "Markers",  "Events" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcasecmp(text, names[i]) == 0)
                        return true;
        return false;
}

static bool is_annotations(const LayoutSignal *s) {
        return strcasecmp(s->label, "EDF Annotations") == 0 ||
                strcasecmp(s->label, "BDF Annotations") == 0 ||
                (strcasecmp(s->label, "Annotations") == 0 && !s->unit[0]);
}

/* Both kinds of limits the wrong way round turn the signal twice. */
static void swap_digital(LayoutSignal *s, double *min, double *max) {
        double d = *min, v = s->physical_min;

        *min = *max;
        *max = d;
        s->physical_min = s->physical_max;
        s->physical_max = v;
}

static int check_limits(Parser *p, unsigned i, double min, double max) {
        LayoutSignal *s = p->layout->signals + i;
        double limit = p->layout->sample_bytes == 3 ? 0x800000 : 0x8000;
        unsigned bits = p->layout->sample_bytes * 8;
        int r = 0;

        if (s->useless)
                return 0;
        if (s->physical_min == s->physical_max)
                return useless(s, "its physical minimum and maximum are the same");
        if (min == max)
                return useless(s, "its digital minimum and maximum are the same");
        if (min > max) {
                r = notes_add(
                        &p->layout->notes,
                        "signal %u (%s) has its digital limits the wrong way round: its polarity is turned",
                        i + 1, s->label);
                swap_digital(s, &min, &max);
        }
        if (min < -limit - 1 || max > limit)
                return useless(s, "its digital limits are beyond %u bits", bits);
        if (r >= 0 && (min < -limit || max > limit - 1))
                r = notes_add(&p->layout->notes,
                              "signal %u (%s) has digital limits one beyond %u bits: its scale is taken as "
                              "written",
                              i + 1, s->label, bits);
        s->digital_min = (int32_t) min;
        s->digital_max = (int32_t) max;
        return r;
}

static int parse_signal(Parser *p, unsigned i) {
        Layout *l = p->layout;
        LayoutSignal *s = l->signals + i;
        double dig_min, dig_max, samples;
        int r;

        if ((r = parse_text(p, &label, (int) i, &s->label)) < 0 ||
            (r = parse_text(p, &unit, (int) i, &s->unit)) < 0 ||
            (r = need_number(p, &n_samples, (int) i, true, &samples)) < 0)
                return r;

        s->annotations = is_annotations(s);
        if (samples < 0)
                return fault(p, -EBADMSG, "signal %u (%s) has %.0f samples in a data record", i + 1,
                             s->label, samples);
        if (!s->annotations) {
                if ((r = signal_number(p, &physical_min, i, false, &s->physical_min)) < 0 ||
                    (r = signal_number(p, &physical_max, i, false, &s->physical_max)) < 0 ||
                    (r = signal_number(p, &digital_min, i, true, &dig_min)) < 0 ||
                    (r = signal_number(p, &digital_max, i, true, &dig_max)) < 0 ||
                    (r = check_limits(p, i, dig_min, dig_max)) < 0 ||
                    (r = samples < 1 ? useless(s, "no samples") : 0) < 0 ||
                    (r = is_triggers(s->label) ? useless(s, "trigger codes, no signal") : 0) < 0)
                        return r;
        }
        s->sinc3 = tells_sinc3(p, &recording, -1) || tells_sinc3(p, &transducer, (int) i) ||
                tells_sinc3(p, &prefiltering, (int) i);
        /* as a number first: 1e300 fits no integer */
        bool too_many = samples * l->sample_bytes > (double) RECORD_SIZE_MAX;
        s->n_samples = too_many ? 0 : (uint32_t) samples;
        s->offset = l->record_size;
        l->record_size += (uint64_t) s->n_samples * l->sample_bytes;
        if (too_many || l->record_size > RECORD_SIZE_MAX)
                return fault(p, -EOPNOTSUPP,
                             "a data record has more than the %llu bytes that are read at most",
                             (unsigned long long) RECORD_SIZE_MAX);
        return 0;
}

/* Whole numbers that writers have for rates are multiples of powers of two (512, 1000, 2400, 16384). */
static double roundest(double low, double high) {
        double best = NAN;

        for (double step = 1; step <= high && floor(high / step) * step >= low; step *= 2)
                best = floor(high / step) * step;
        return best;
}

/*
 * A duration that takes all of its field is not exact but as good as there is room for: 1/512 s is
 * "0.001953". Rounded or cut off there, it goes with a whole number of samples a second, and that one is
 * meant.
 */
static int mend_duration(Parser *p) {
        Layout *l = p->layout;
        const char *bytes = field_bytes(p, &record_duration, -1);
        double n = 0, duration_s = l->record_duration_s;
        size_t width = record_duration.width;

        const char *point = memchr(bytes, '.', width);
        for (unsigned i = 0; i < l->n_signals; i++)
                if (!l->signals[i].annotations)
                        n = fmax(n, l->signals[i].n_samples);
        if (!point || memchr(bytes, ' ', width) || memchr(bytes, 0, width) || memchr(bytes, 'e', width) ||
            memchr(bytes, 'E', width))
                return 0;
        double last_digit_s = pow(10, -(double) (bytes + width - 1 - point));
        double rate_hz =
                roundest(n / (duration_s + 0.999 * last_digit_s), n / (duration_s - last_digit_s / 2));
        if (!(duration_s > last_digit_s) || !(rate_hz >= 1) ||
            fabs(n / rate_hz - duration_s) < 1e-9 * duration_s)
                return 0;
        l->record_duration_s = n / rate_hz;
        return notes_add(&l->notes,
                         "the duration of a data record, %g s, is written as exactly as there is room for: "
                         "taken for %g samples in a second",
                         duration_s, rate_hz);
}

static int parse_signals(Parser *p) {
        Layout *l = p->layout;
        unsigned n_annotations = 0;
        char text[45];

        l->signals = calloc(l->n_signals, sizeof *l->signals);
        if (!l->signals)
                return -ENOMEM;
        for (unsigned i = 0; i < l->n_signals; i++) {
                int r = parse_signal(p, i);
                if (r < 0)
                        return r;
                n_annotations += l->signals[i].annotations;
        }
        if (n_annotations == l->n_signals)
                return fault(p, -EBADMSG, "the file holds annotations and no signals");
        if (l->record_size == 0)
                return fault(p, -EBADMSG, "no signal of the file has samples");

        text_of(p->bytes + reserved.offset, reserved.width, text);
        if (strncmp(text, "BDF+", 4) == 0 || strncmp(text, "EDF+", 4) == 0)
                take_identification(p);
        l->discontinuous = strncmp(text, "BDF+D", 5) == 0 || strncmp(text, "EDF+D", 5) == 0;
        return mend_duration(p);
}

/* The header promises another number of records than the file has: those that are whole are used. */
static int note_records(Parser *p, bool known, double promised, uint64_t present, uint64_t rest) {
        Notes *n = &p->layout->notes;
        char text[9];

        if (!known || promised < -1 || promised == 0)
                return notes_add(n,
                                 "the header says \"%s\" for the number of data records: all %llu in the "
                                 "file are read",
                                 text_of(p->bytes + n_records.offset, n_records.width, text),
                                 (unsigned long long) present);
        if (promised == -1) /* still being written, or never closed: legal */
                return 0;
        if (promised > (double) present)
                return notes_add(n,
                                 "the file is cut short: the header promises %.0f data records, and the "
                                 "%llu that are whole are read",
                                 promised, (unsigned long long) present);
        if (promised < (double) present && rest == 0)
                return notes_add(n,
                                 "the header promises %.0f data records, and all %llu in the file are read",
                                 promised, (unsigned long long) present);
        if (promised < (double) present || rest > 0)
                return notes_add(
                        n, "what lies behind the %.0f data records that the header promises is not read",
                        promised);
        return 0;
}

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b) {
        while (b > 0) {
                uint32_t rest = a % b;
                a = b;
                b = rest;
        }
        return a;
}

/*
 * The first data record is cut short, and there is no other: what all signals have of it is read, as a
 * shorter one. Signals follow each other in it, so the last one has the least.
 */
static int take_part_of_record(Parser *p, uint64_t data) {
        Layout *l = p->layout;
        uint32_t parts = 0, whole;
        double duration_s = l->record_duration_s;

        for (unsigned i = 0; i < l->n_signals; i++)
                if (!l->signals[i].annotations)
                        parts = greatest_common_divisor(l->signals[i].n_samples, parts);
        whole = parts;
        for (unsigned i = 0; i < l->n_signals; i++) {
                const LayoutSignal *s = l->signals + i;
                uint64_t present = data > s->offset ? (data - s->offset) / l->sample_bytes : 0;

                if (!s->annotations && s->n_samples > 0 && present / (s->n_samples / parts) < whole)
                        whole = (uint32_t) (present / (s->n_samples / parts));
        }
        if (whole == 0)
                return fault(p, -EBADMSG, "the file is cut short: not one of its data records is whole");
        for (unsigned i = 0; i < l->n_signals; i++) {
                LayoutSignal *s = l->signals + i;
                uint64_t present = data > s->offset ? (data - s->offset) / l->sample_bytes : 0;

                s->n_samples = s->annotations ? (uint32_t) MIN(present, (uint64_t) s->n_samples) :
                                                s->n_samples / parts * whole;
        }
        l->n_records = 1;
        l->record_size = data;
        l->record_duration_s *= (double) whole / parts;
        return notes_add(&l->notes,
                         "the file is cut short: of its only data record, of %g s, the first %g s are there "
                         "and are read",
                         duration_s, l->record_duration_s);
}

/*
 * The header says another size than its signals make. Where as many data records as it promises fit behind
 * that size, and only then, something else stands between.
 */
static int settle_size(Parser *p, double promised) {
        Layout *l = p->layout;
        char text[9];

        if (p->said_size == (double) l->data_offset)
                return 0;
        text_of(p->bytes + header_size.offset, header_size.width, text);
        if (promised >= 1 && p->said_size > (double) l->data_offset &&
            p->said_size + promised * (double) l->record_size == (double) p->file_size) {
                l->data_offset = (uint64_t) p->said_size;
                return notes_add(&l->notes,
                                 "the header says \"%s\" for its own size, more than its %u signals make: "
                                 "the data records fill the file from there on",
                                 text, l->n_signals);
        }
        return notes_add(&l->notes,
                         "the header says \"%s\" for its own size; taken as the %llu bytes that %u signals "
                         "make",
                         text, (unsigned long long) l->data_offset, l->n_signals);
}

/* Each line feed among the samples has a carriage return in front of it: by chance, of 256 one should. */
static bool is_copied_with_returns(const Parser *p) {
        char bytes[PROBE_SIZE];
        unsigned n_feeds = 0;

        ssize_t n = pread(p->fd, bytes, sizeof bytes, (off_t) p->layout->data_offset);
        for (ssize_t i = 1; i < n; i++) {
                if (bytes[i] == '\n' && bytes[i - 1] != '\r')
                        return false;
                n_feeds += bytes[i] == '\n';
        }
        return n_feeds >= COPY_FEEDS_MIN;
}

static int parse_n_records(Parser *p) {
        Layout *l = p->layout;
        double promised = -1;

        int known = parse_number(p, &n_records, -1, true, &promised);
        if (known < 0)
                return known;
        int r = settle_size(p, known ? promised : 0);
        if (r < 0)
                return r;
        uint64_t data = p->file_size - l->data_offset, present = data / l->record_size,
                 rest = data % l->record_size;
        l->n_records = present;
        /* more of them are records only if they come out even */
        if (known && promised >= 1 && promised < (double) present && rest > 0)
                l->n_records = (uint64_t) promised;
        if (l->n_records < 1)
                return data == 0 ? fault(p, -EBADMSG, "the file holds no data records") :
                                   take_part_of_record(p, data);
        if (known && promised >= 1 && (double) data > promised * (double) l->record_size &&
            is_copied_with_returns(p))
                return fault(p, -EBADMSG,
                             "this file was copied or converted as text, which changes its samples (each "
                             "line feed got a carriage return before it); copy the original again, as "
                             "binary");
        return note_records(p, known > 0, promised, present, rest);
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

static int note_odd_numbers(Parser *p) {
        if (p->n_odd == 0)
                return 0;
        if (p->n_odd == 1)
                return notes_add(&p->layout->notes, "%s", p->odd);
        return notes_add(&p->layout->notes, "%s; %u more are written so", p->odd, p->n_odd - 1);
}

static int parse(Parser *p) {
        int r;

        if ((r = read_bytes(p, 0, MAIN_SIZE)) < 0 || (r = parse_version(p)) < 0 || (r = parse_main(p)) < 0 ||
            (r = read_bytes(p, MAIN_SIZE, p->layout->data_offset)) < 0 ||
            (r = p->text_copy ? check_text_copy(p) : 0) < 0 || (r = parse_signals(p)) < 0 ||
            (r = parse_n_records(p)) < 0)
                return r;
        return note_odd_numbers(p);
}

int edf_header_read(int fd, uint64_t file_size, Layout *l, char **ret_error) {
        Parser p = { .fd = fd, .file_size = file_size, .layout = l, .ret_error = ret_error };

        int r = parse(&p);
        free(p.bytes);
        free(p.odd);
        return r;
}
