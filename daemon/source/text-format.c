/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "text-clock.h"
#include "text-format.h"
#include "text-rate.h"
#include "../utf8.h"
#include "units.h"

#define LINES_MAX 2000u
#define NUMERIC_MIN 3u /* lines of numbers: fewer are an accident */
#define HEADERS_MAX 200u
#define TEXT_BEFORE_NUL_MIN 4096u /* bytes: a binary format may begin with a few lines of text */
#define COARSE_MAX_S 0.02 /* a clock that is read for each sample, or ticks in hundredths */
#define UNIT_MAX 8u /* characters: a line of longer words has names in it */

typedef struct Lines {
        char *text; /* a copy, cut at the ends of the lines */
        char *lines[LINES_MAX];
        unsigned n;
} Lines;

/* Behind a field: what stands in quotes is one, with separators in it */
static char *field_end(char *p, const char *separators) {
        char *quote = p + strspn(p, " ");

        if (*quote == '"')
                for (char *q = quote + 1; (q = strchr(q, '"')); q += 2)
                        if (q[1] != '"')
                                return q + 1 + strcspn(q + 1, separators);
        return p + strcspn(p, separators);
}

unsigned text_split(char *line, char separator, char *ret[static TEXT_FIELDS_MAX]) {
        const char *separators = separator == ' ' ? " \t" : (const char[]) { separator, 0 };
        unsigned n = 0;

        for (char *p = line; n < TEXT_FIELDS_MAX;) {
                if (separator == ' ') {
                        p += strspn(p, " \t");
                        if (!*p)
                                break;
                }
                ret[n++] = p;
                p = field_end(p, separators);
                if (!*p)
                        break;
                *p++ = 0;
        }
        /* a separator at the end of a line ends its last field */
        if (n > 1 && ret[n - 1][strspn(ret[n - 1], " \t\r")] == 0)
                n--;
        return n;
}

bool text_number_in(const TextFormat *f, char *field, double *ret) {
        char *end;

        field += strspn(field, " \t\"");
        if (clock_time_in(field, ret))
                return true;
        for (char *comma = f->decimal_comma ? strchr(field, ',') : NULL; comma; comma = NULL)
                *comma = '.';
        if (!isdigit((unsigned char) field[0]) && !strchr("+-.", field[0]))
                return false;
        double value = strtod(field, &end);
        if (end == field || end[strspn(end, " \t\"\r")] != 0 || !isfinite(value))
                return false;
        *ret = value;
        return true;
}

/*
 * Arduino's monitor writes an arrow behind the time, as a separator; Python a list in brackets. A line with
 * more than one opening bracket is one of units: "[s],[uV]".
 */
void text_tidy(char *line) {
        char *arrow = strstr(line, " -> "), *open = line + strspn(line, " \t");
        size_t n = strlen(line);

        if (arrow) {
                arrow[1] = ' ';
                arrow[2] = strchr(line, ',') ? ',' : strchr(line, ';') ? ';' : '\t';
        }
        while (n > 0 && strchr(" \t,", line[n - 1]))
                n--;
        if (n > 1 && ((*open == '[' && line[n - 1] == ']') || (*open == '(' && line[n - 1] == ')')) &&
            !strpbrk(open + 1, "[("))
                *open = line[n - 1] = ' ';
}

bool text_begins_with_number(const TextFormat *f, char *const *fields, unsigned n) {
        double value;

        for (unsigned i = 0; i < f->first_field; i++)
                if (i >= n || fields[i][strspn(fields[i], " \t")])
                        return false;
        return f->first_field < n && text_number_in(f, fields[f->first_field], &value);
}

static bool is_text(const char *bytes, size_t n) {
        for (size_t i = 0; i < n; i++)
                if ((unsigned char) bytes[i] < 32 && !strchr("\t\r\n\f", bytes[i]))
                        return false;
        return n > 0 && !memchr(bytes, 0, n);
}

/* The last line may be cut, and is left out. */
static bool take_lines(const char *bytes, size_t n, Lines *ret) {
        *ret = (Lines){ .text = strndup(bytes, n) };
        if (!ret->text)
                return false;
        char *p = ret->text;
        if (strncmp(p, "\xef\xbb\xbf", 3) == 0)
                p += 3;
        while (ret->n < LINES_MAX) {
                char *end = strpbrk(p, "\r\n");
                if (!end)
                        break;
                bool both = end[0] == '\r' && end[1] == '\n';
                *end = 0;
                text_tidy(p);
                ret->lines[ret->n++] = p;
                p = end + 1 + both;
        }
        return ret->n > 0;
}

/*
 * A line of numbers: at least half of its fields are, the first among them, or that behind a separator.
 * *ret_n: fields; *ret_numbers: of them
 */
static bool is_numbers(const TextFormat *f, const char *line, double *ret /* [TEXT_FIELDS_MAX], or NULL */,
                       unsigned *ret_n, unsigned *ret_numbers) {
        _cleanup_free_ char *copy = strdup(line);
        char *fields[TEXT_FIELDS_MAX];
        unsigned numbers = 0;
        double value;

        if (!copy || !*line)
                return false;
        unsigned n = text_split(copy, f->separator, fields);
        if (!text_begins_with_number(f, fields, n))
                return false;
        for (unsigned i = 0; i < n; i++) {
                bool is = text_number_in(f, fields[i], &value);
                numbers += is;
                if (ret)
                        ret[i] = is ? value : NAN;
        }
        *ret_n = n;
        *ret_numbers = numbers;
        return numbers * 2 >= n && n > 0;
}

static bool is_row(const TextFormat *f, const char *line, double *ret, unsigned *ret_n) {
        unsigned numbers;

        return is_numbers(f, line, ret, ret_n, &numbers);
}

/* Lines of numbers, less where some of their fields are none */
static double count_rows(const Lines *l, TextFormat *f) {
        unsigned n, numbers, last = 0;
        double rows = 0;

        for (unsigned i = l->n > 200 ? l->n - 200 : 0; i < l->n; i++)
                if (is_numbers(f, l->lines[i], NULL, &n, &numbers) && (rows == 0 || n == last)) {
                        rows += (double) numbers / n;
                        last = n;
                }
        f->n_fields = last;
        return rows;
}

static bool find_separator_with(const Lines *l, unsigned first_field, TextFormat *ret) {
        static const struct {
                char separator;
                bool decimal_comma;
        } candidates[] = { { '\t', false }, { ';', false }, { ',', false }, { ' ', false },
                           { '|', false },  { '\t', true },  { ';', true },  { ' ', true },
                           { '|', true },   { ',', true } /* in quotes */ };
        double best = 0;

        for (size_t i = 0; i < ELEMENTSOF(candidates); i++) {
                TextFormat f = { .first_field = first_field,
                                 .separator = candidates[i].separator,
                                 .decimal_comma = candidates[i].decimal_comma };
                double rows = count_rows(l, &f);

                if (rows < NUMERIC_MIN || rows < best || (rows == best && f.n_fields <= ret->n_fields))
                        continue;
                best = rows;
                ret->separator = f.separator;
                ret->decimal_comma = f.decimal_comma;
                ret->n_fields = f.n_fields;
                ret->first_field = first_field;
        }
        return best > 0;
}

static bool find_separator(const Lines *l, TextFormat *ret) {
        return find_separator_with(l, 0, ret) || find_separator_with(l, 1, ret);
}

/* The unit that stands in brackets, behind the last comma, or at the end of a name: "EMG_uV", but V alone
 * may be part of the name there. */
static void take_unit(const char *name, char ret[static 16]) {
        const char *from = strrchr(name, '[') ?: strrchr(name, '(') ?: strrchr(name, ',');

        if (!from) {
                from = strrchr(name, '/') ?: strrchr(name, '_') ?: strrchr(name, ' ') ?: strrchr(name, '.');
                if (from && *from != '/' && strlen(from) < 3)
                        from = NULL;
        }
        ret[0] = 0;
        if (!from)
                return;
        snprintf(ret, 16, "%.*s", (int) MIN(strcspn(from + 1, "])"), (size_t) 15), from + 1);
        if (isnan(unit_to_uv(ret)))
                ret[0] = 0;
}

static void take_name(char *field, char ret[static TEXT_NAME_MAX]) {
        field += strspn(field, " \t\"%#");
        size_t n = strlen(field);
        while (n > 0 && strchr(" \t\"\r", field[n - 1]))
                n--;
        char *to = ret, *room = ret + TEXT_NAME_MAX - 5; /* for a character of four bytes, and the end */
        for (const char *p = field, *end = field + n; p < end && to < room;) {
                unsigned k = utf8_length(p, (size_t) (end - p));

                if (k == 0) { /* taken for Latin 1 */
                        *to++ = (char) (0xc0 | (uint8_t) *p >> 6);
                        *to++ = (char) (0x80 | (*p & 0x3f));
                } else if (k == 1 && ((unsigned char) *p < 32 || *p == 127))
                        *to++ = '?';
                else
                        to = mempcpy(to, p, k);
                p += k ? k : 1;
        }
        *to = 0;
}

/* Numbers, or rates ("1000 Hz"), and nothing else: no names */
static bool are_numbers(const TextFormat *f, char *const *fields, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                char text[32];
                double value;

                snprintf(text, sizeof text, "%s", fields[i]);
                char *hz = strcasestr(text, "Hz");
                if (hz && hz > text)
                        *hz = 0;
                if (text[strspn(text, " \t\"\r")] && !text_number_in(f, text, &value))
                        return false;
        }
        return true;
}

/* Names, or units: a line of short words, some of them units of voltage, is one of units. */
static void take_names(TextFormat *f, char **fields, unsigned n) {
        unsigned units = 0, longest = 0;
        char(*names)[TEXT_NAME_MAX] = calloc(n, sizeof *names);

        for (unsigned i = 0; names && i < n; i++) {
                take_name(fields[i], names[i]);
                units += !isnan(unit_to_uv(names[i]));
                longest = MAX(longest, (unsigned) strlen(names[i]));
        }
        for (unsigned i = 0; names && i < MIN(n, f->n_fields); i++)
                if (units > 0 && longest <= UNIT_MAX)
                        snprintf(f->units[i], sizeof f->units[i], "%.15s", names[i]);
                else {
                        memcpy(f->names[i], names[i], sizeof names[i]);
                        take_unit(names[i], f->units[i]);
                }
        free(names);
}

/* The unit at the end of "10.000 mV" */
static void take_range_unit(TextFormat *f, unsigned column, const char *field) {
        const char *word = strrchr(field, ' ');

        if (word && !isnan(unit_to_uv(word)) && !f->units[column][0])
                snprintf(f->units[column], sizeof f->units[column], "%.15s", word + 1);
}

/* LabChart: "ChannelTitle=", "Range=", "UnitName=" and others, with a value for each channel. */
static bool take_values_of_key(TextFormat *f, char **fields, unsigned n) {
        if (n == 0 || !fields[0][0] || fields[0][strlen(fields[0]) - 1] != '=')
                return false;
        if (strcasecmp(fields[0], "ChannelTitle=") == 0) {
                fields[0] = (char[]) { "time" };
                take_names(f, fields, n);
        } else if (strcasecmp(fields[0], "UnitName=") == 0) {
                fields[0] = (char[]) { "s" };
                take_names(f, fields, n);
        } else if (strcasecmp(fields[0], "Range=") == 0)
                for (unsigned i = 1; i < MIN(n, f->n_fields); i++)
                        take_range_unit(f, i, fields[i]);
        return true;
}

/* The last lines in front of the numbers that have as many fields; some stand behind a sign of a comment. */
static void take_header(TextFormat *f, const char *line, bool is_last) {
        const char *start = line + (line[0] == '#' || line[0] == '%');
        _cleanup_free_ char *copy = strdup(start + (start > line ? strspn(start, " ") : 0));
        char *fields[TEXT_FIELDS_MAX];

        if (!copy || line[strspn(line, " \t\r|:=-")] == 0)
                return;
        unsigned n = text_split(copy, f->separator, fields);
        if (n + 1 < f->n_fields || n > f->n_fields + 1 || are_numbers(f, fields, n) ||
            take_values_of_key(f, fields, n) || !is_last)
                return;
        take_names(f, fields, n);
}

/* OpenSignals writes its header as JSON: "column": ["nSeq", "I1", "A1"]. */
static void take_json_names(TextFormat *f, const char *line) {
        const char *p = strstr(line, "\"column\": [");

        for (unsigned i = 0; p && i < f->n_fields; i++) {
                const char *from = p + strcspn(p, "\"]") + 1, *end = strpbrk(from, "\"]");

                if (i == 0) {
                        from = strchr(strchr(p, '['), '"');
                        end = from ? strchr(++from, '"') : NULL;
                }
                if (!end || from[-1] != '"')
                        return;
                snprintf(f->names[i], TEXT_NAME_MAX, "%.*s",
                         (int) MIN(end - from, (ptrdiff_t) TEXT_NAME_MAX - 1), from);
                p = end + 1;
        }
}

static bool name_has(const char *name, const char *const *words) {
        for (; *words; words++)
                if (strcasestr(name, *words))
                        return true;
        return false;
}

/* Whether a unit stands in a name as a word of its own */
static bool has_word(const char *name, const char *word) {
        size_t n = strlen(word);

        for (const char *p = name; (p = strcasestr(p, word)); p++)
                if ((p == name || !isalpha((unsigned char) p[-1])) && !isalpha((unsigned char) p[n]))
                        return true;
        return false;
}

/* "t", "t_us", "t [ms]"; "micros" and "millis" are what Arduino calls its clocks. */
static bool is_short_time_name(const char *name) {
        return (strchr("tT", name[0]) && name[0] && !isalnum((unsigned char) name[1])) ||
                strcasecmp(name, "s") == 0 || strncasecmp(name, "micros", 6) == 0 ||
                strncasecmp(name, "millis", 6) == 0;
}

static bool is_time_name(const char *name) {
        static const char *const others[] = { "temps", "tiempo", "tempo", "tid", "czas", NULL };
        static const char *const words[] = { "time", "zeit",  "x[s]",    "x [s]",
                                             "x(s)", "x (s)", "seconds", NULL };

        for (const char *const *word = others; *word; word++)
                if (has_word(name, *word))
                        return true;
        return name_has(name, words) || is_short_time_name(name);
}

static bool is_no_signal(const char *name) {
        static const char *const words[] = { "index",   "frame",   "accel",   "acc ",    "acc.",   "gyro",
                                             "mag ",    "other",   "analog",  "digital", "marker", "event",
                                             "package", "counter", "battery", "trigger", "sample", NULL };

        return is_time_name(name) || name_has(name, words);
}

/* A column that counts, or in which time goes on, by the first rows; 0: neither */
static double step_of(const Lines *l, TextFormat *f, unsigned column) {
        double row[TEXT_FIELDS_MAX], last = NAN, step = 0;
        unsigned n, seen = 0;

        for (unsigned i = 0; i < l->n && seen < 50; i++) {
                if (!is_row(f, l->lines[i], row, &n) || n != f->n_fields || column >= n)
                        continue;
                if (seen == 1)
                        step = row[column] - last;
                if (seen > 1 && !(fabs(row[column] - last - step) <= 0.02 * fabs(step) + 1e-4 * fabs(step)))
                        return 0;
                last = row[column];
                seen++;
        }
        return seen > 3 && step > 0 ? step : 0;
}

/* Rows a second by the stamps in a column: a usual rate if it is as near as that, else the mean; 0: it has
 * none */
static double rate_by_stamps(const Lines *l, const TextFormat *f, unsigned column, double scale_s,
                             double near) {
        static const double usual_hz[] = { 125, 200, 250, 256, 500, 512, 1000, 1024, 2000, 2048, 4000 };
        double row[TEXT_FIELDS_MAX], first = NAN, last = NAN;
        unsigned n, rows = 0;

        for (unsigned i = 0; i < l->n; i++) {
                if (!is_row(f, l->lines[i], row, &n) || n != f->n_fields || column >= n ||
                    isnan(row[column]))
                        continue;
                if (rows++ == 0)
                        first = row[column];
                last = row[column];
        }
        double rate_hz = last > first ? (rows - 1) / ((last - first) * scale_s) : 0;
        for (size_t i = 0; i < ELEMENTSOF(usual_hz); i++)
                if (fabs(rate_hz / usual_hz[i] - 1) < near)
                        return usual_hz[i];
        return rate_hz > 1 && rate_hz < 1e5 ? rate_hz : 0;
}

/* Whether stamps that are no equal steps are those of a rate all the same, as far as such clocks go */
static bool are_stamps_of(const Lines *l, const TextFormat *f, unsigned column, double scale_s,
                          double rate_hz) {
        double row[TEXT_FIELDS_MAX], first = NAN;
        unsigned n, rows = 0;

        for (unsigned i = 0; i < l->n; i++) {
                if (!is_row(f, l->lines[i], row, &n) || n != f->n_fields || column >= n)
                        continue;
                if (rows == 0)
                        first = row[column];
                if (!(fabs((row[column] - first) * scale_s - rows / rate_hz) < COARSE_MAX_S))
                        return false;
                rows++;
        }
        return rows > 0;
}

/* Seconds of one by a name or a unit; 0: it says nothing */
static double named_scale_s(const char *name) {
        if (strchr(name, ':'))          /* hh:mm:ss: read as such */
                return 1;
        if (has_word(name, "ms") || strcasestr(name, "msec") || strcasestr(name, "milli"))
                return 1e-3;
        if (has_word(name, "us") || has_word(name, "\xc2\xb5s") || strcasestr(name, "usec") ||
            strcasestr(name, "micros"))
                return 1e-6;
        if (has_word(name, "min") || strcasestr(name, "minute"))
                return 60;
        if (has_word(name, "h") || has_word(name, "hours"))
                return 3600;
        return 0;
}

/* Seconds of one in a column of times: by its name, or because it counts from 1970 in smaller units */
static double time_scale_s(const Lines *l, const TextFormat *f, unsigned column) {
        double row[TEXT_FIELDS_MAX], scale_s = named_scale_s(f->names[column]);
        unsigned n, i = 0;

        if (!(scale_s > 0))
                scale_s = named_scale_s(f->units[column]);
        if (scale_s > 0)
                return scale_s;
        while (i < l->n && !(is_row(f, l->lines[i], row, &n) && n == f->n_fields))
                i++;
        if (i == l->n)
                return 1;
        return row[column] > 1e17 ? 1e-9 : row[column] > 1e14 ? 1e-6 : row[column] > 1e11 ? 1e-3 : 1;
}

/* The first column in which time goes on. Where it does not in equal steps, it is too coarse for single
 * samples. */
static void find_time(const Lines *l, TextFormat *f, unsigned column) {
        double step = step_of(l, f, column), scale_s = time_scale_s(l, f, column);

        if (f->time_column >= 0)
                return;
        /* of equal steps the mean is more exact than the first, if no rows are missing */
        double rate_hz = rate_by_stamps(l, f, column, scale_s, step > 0 ? 1e-5 : 0.01);
        if (step > 0 && !(fabs(rate_hz * step * scale_s - 1) < 1e-3))
                rate_hz = 1 / (step * scale_s);
        if (!(rate_hz > 1) || (!(step > 0) && !are_stamps_of(l, f, column, scale_s, rate_hz)))
                return;
        f->time_column = (int) column;
        f->time_scale_s = scale_s;
        f->time_rate_hz = rate_hz;
        f->time_is_coarse = !(step > 0);
}

/* Whether most of the first rows have a number there: what has fewer is a comment, or of another rate. */
static bool has_numbers(const Lines *l, const TextFormat *f, unsigned column) {
        double row[TEXT_FIELDS_MAX];
        unsigned n, rows = 0, numbers = 0;

        for (unsigned i = 0; i < l->n; i++)
                if (is_row(f, l->lines[i], row, &n) && n == f->n_fields) {
                        rows++;
                        numbers += !isnan(row[column]);
                }
        return 2 * numbers >= rows;
}

/* BIOPAC's text calls its times by their unit. */
static bool is_time_unit(const char *name) {
        return strcasecmp(name, "min") == 0 || strcasecmp(name, "sec") == 0 || strcasecmp(name, "ms") == 0 ||
                strcasecmp(name, "msec") == 0;
}

static void find_rows_columns(const Lines *l, TextFormat *f) {
        bool named = false;

        for (unsigned i = 0; i < f->n_fields; i++)
                named = named || f->names[i][0];
        for (unsigned i = 0; i < f->n_fields; i++) {
                if (named ? is_time_name(f->names[i]) || (i == 0 && is_time_unit(f->names[0])) :
                            i == 0 && step_of(l, f, 0) > 0) {
                        find_time(l, f, i);
                        continue;
                }
                if ((!named || !is_no_signal(f->names[i])) && has_numbers(l, f, i))
                        f->columns[f->n_signals++] = i;
        }
}

/* Package numbers that count up and begin again: by how much, and after how many */
static void find_index(const Lines *l, TextFormat *f, unsigned column) {
        unsigned n, counts[4] = { 0 }, most = 0;
        double row[TEXT_FIELDS_MAX], last = NAN;

        f->index_column = (int) column;
        for (unsigned i = 0; i < l->n; i++) {
                if (!is_row(f, l->lines[i], row, &n) || n != f->n_fields)
                        continue;
                double d = row[column] - last;
                if (d >= 0 && d < 4)
                        counts[(unsigned) d]++;
                most = (unsigned) fmax(most, fmin(row[column], 1e6));
                last = row[column];
        }
        f->index_step = counts[2] > counts[1] ? 2 : 1;
        f->index_modulus = most >= 100 && most <= 255 ? most + 1 : 256;
        if (f->index_step == 2 && f->index_modulus % 2)
                f->index_modulus++;
        if (counts[0] > counts[1] + counts[2])
                f->index_column = -1; /* it does not count */
}

static void set_rate(TextFormat *f, double rate_hz, const char *from) {
        if (f->rate_hz == 0 && rate_hz > 0) {
                f->rate_hz = rate_hz;
                f->rate_from = from;
        }
}

/* 24 columns of the Cyton: number, 8 signals, ...; with the time since 1970 last but one, and a marker
 * (BrainFlow's data format). */
static bool is_brainflow(const Lines *l, const TextFormat *f) {
        double row[TEXT_FIELDS_MAX];
        unsigned n;

        if (f->n_fields != 24 && f->n_fields != 32 && f->n_fields != 15)
                return false;
        for (unsigned i = 0; i < MIN(l->n, 5u); i++)
                if (!is_row(f, l->lines[i], row, &n) || n != f->n_fields ||
                    !(row[0] >= 0 && row[0] <= 255) || !(row[n - 2] > 1e9 && row[n - 2] < 1e10))
                        return false;
        return true;
}

static void name_signals(TextFormat *f, unsigned first, unsigned n) {
        f->n_signals = 0;
        for (unsigned i = first; i < first + n && i < f->n_fields; i++) {
                if (!f->names[i][0])
                        snprintf(f->names[i], TEXT_NAME_MAX, "EXG %u", i - first + 1);
                strcpy(f->units[i], "uV");
                f->columns[f->n_signals++] = i;
        }
}

/* Signals of the GUI are called "EXG Channel 0", ...; older versions name nothing and say how many there
 * are. */
static void take_gui(const Lines *l, TextFormat *f, unsigned n_said) {
        unsigned columns[TEXT_FIELDS_MAX], n = 0;

        for (unsigned i = 0; i < f->n_fields; i++)
                if (strcasestr(f->names[i], "EXG") || strcasestr(f->names[i], "EEG Channel"))
                        columns[n++] = i;
        if (n > 0) {
                memcpy(f->columns, columns, sizeof columns);
                f->n_signals = n;
                for (unsigned i = 0; i < n; i++)
                        strcpy(f->units[columns[i]], "uV");
        } else
                name_signals(f, 1, n_said ? n_said : 8);
        f->time_column = -1;
        find_index(l, f, 0);
}

static bool is_hex(const char *field, unsigned digits) {
        return strspn(field, "0123456789ABCDEFabcdef") == digits &&
                (field[digits] == 0 || field[digits] == '\r');
}

static bool is_sd_row(char *line, unsigned *ret_channels) {
        char *fields[TEXT_FIELDS_MAX];
        unsigned n = text_split(line, ',', fields), k = 1;

        if (n < 2 || !is_hex(fields[0], 2))
                return false;
        while (k < n && is_hex(fields[k], 6))
                k++;
        *ret_channels = k - 1;
        return k > 1;
}

/* Lines of the SD card: a number of two digits, and six for each channel */
static bool find_sd(const Lines *l, TextFormat *f) {
        unsigned rows = 0, channels = 0, n;

        for (unsigned i = 0; i < l->n; i++) {
                _cleanup_free_ char *copy = strdup(l->lines[i]);
                if (!copy || !is_sd_row(copy, &n))
                        continue;
                channels = rows++ == 0 ? n : MIN(channels, n);
        }
        if (rows < NUMERIC_MIN || rows * 2 < l->n)
                return false;
        *f = (TextFormat){ .kind = TEXT_OPENBCI_SD,
                           .separator = ',',
                           .n_fields = channels + 1,
                           .time_column = -1,
                           .index_column = 0,
                           .index_step = 1,
                           .index_modulus = 256,
                           .rate_hz = 250,
                           .rate_from = "the board's default" };
        name_signals(f, 1, channels);
        return true;
}

static bool find_in(const Lines *l, TextFormat *f) {
        unsigned n, n_said = 0, first = 0;
        bool gui = false;

        if (find_sd(l, f))
                return true;
        if (!find_separator(l, f))
                return false;
        f->time_column = f->index_column = -1;
        f->time_scale_s = 1;
        while (first < l->n && !(is_row(f, l->lines[first], NULL, &n) && n == f->n_fields))
                first++;
        for (unsigned i = 0; i < MIN(first, HEADERS_MAX); i++) {
                const char *line = l->lines[i], *said = strcasestr(line, "Number of channels");

                gui = gui || strcasestr(line, "OpenBCI Raw");
                if (said)
                        n_said = (unsigned) strtoul(said + strcspn(said, "0123456789"), NULL, 10);
                set_rate(f, text_rate_in(line), "its header");
                take_header(f, line, i + 3 >= first);
                take_json_names(f, line);
        }
        find_rows_columns(l, f);
        if (gui) {
                f->kind = TEXT_OPENBCI_GUI;
                take_gui(l, f, n_said);
        } else if (first == 0 && is_brainflow(l, f)) {
                f->kind = TEXT_BRAINFLOW;
                f->time_column = -1;
                name_signals(f, 1, f->n_fields == 32 ? 16 : f->n_fields == 24 ? 8 : 4);
                find_index(l, f, 0);
                set_rate(f, rate_by_stamps(l, f, f->n_fields - 2, 1, 0.05), "its time stamps");
        } else if (f->time_column >= 0)
                set_rate(f, f->time_rate_hz, "its column of times");
        return f->n_signals > 0;
}

bool text_format_find(const char *bytes, size_t n, TextFormat *ret) {
        Lines l = {};

        *ret = (TextFormat){};
        /* what a recorder that lost its power leaves in the middle */
        if (strnlen(bytes, n) >= TEXT_BEFORE_NUL_MIN)
                n = strnlen(bytes, n);
        bool found = is_text(bytes, n) && take_lines(bytes, n, &l) && find_in(&l, ret);
        ret->line_end = memchr(bytes, '\n', n) ? '\n' : '\r';
        free(l.text);
        return found;
}
