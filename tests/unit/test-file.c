/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading EDF and BDF: what is read is what was written, and whatever is wrong
 * with a file gives one line that says so. The files are made here with EDFlib.
 */
#include <check.h>
#include <edflib.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/file.h"
#include "suite.h"

#define N_RECORDS 7u

typedef struct Signal {
        const char *label, *unit;
        int rate;               /* per record of a second */
        double phys_min, phys_max;
        int dig_min, dig_max;
} Signal;

static char folder[] = "/tmp/test-file-XXXXXX";
static char path[64];

static void setup(void) {
        strcpy(folder + strlen(folder) - 6, "XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/f", folder);
}

static void teardown(void) {
        unlink(path);
        ck_assert_int_eq(rmdir(folder), 0);
}

/* Sample k of a signal: runs through the whole range of codes. */
static int code_at(const Signal *s, unsigned k) {
        return s->dig_min + (int) ((k * 7919u) % (unsigned) (s->dig_max - s->dig_min + 1));
}

static void write_file(int type, const Signal *signals, int n) {
        int h = edfopen_file_writeonly(path, type, n);
        ck_assert_int_ge(h, 0);
        for (int i = 0; i < n; i++) {
                const Signal *s = signals + i;
                ck_assert_int_eq(edf_set_samplefrequency(h, i, s->rate), 0);
                ck_assert_int_eq(edf_set_physical_minimum(h, i, s->phys_min), 0);
                ck_assert_int_eq(edf_set_physical_maximum(h, i, s->phys_max), 0);
                ck_assert_int_eq(edf_set_digital_minimum(h, i, s->dig_min), 0);
                ck_assert_int_eq(edf_set_digital_maximum(h, i, s->dig_max), 0);
                ck_assert_int_eq(edf_set_physical_dimension(h, i, s->unit), 0);
                ck_assert_int_eq(edf_set_label(h, i, s->label), 0);
        }
        for (unsigned record = 0; record < N_RECORDS; record++)
                for (int i = 0; i < n; i++) {
                        _cleanup_free_ int *codes = calloc((size_t) signals[i].rate, sizeof *codes);
                        for (unsigned k = 0; k < (unsigned) signals[i].rate; k++)
                                codes[k] = code_at(signals + i, record * (unsigned) signals[i].rate + k);
                        ck_assert_int_eq(edfwrite_digital_samples(h, codes), 0);
                }
        ck_assert_int_eq(edfclose_file(h), 0);
}

/*
 * Samples of one channel read in blocks of n. Check writes each assertion that holds to a file: there is
 * one a block here, and not one a sample.
 */
static void check_samples(FileSource *f, unsigned channel, const Signal *s, size_t block) {
        _cleanup_free_ int32_t *samples = calloc(block, sizeof *samples);
        bool inverted = s->phys_max < s->phys_min;
        uint64_t position;
        unsigned k = 0;
        ssize_t n;

        while ((n = file_source_read(f, channel, &position, samples, block)) > 0) {
                ck_assert_uint_eq(position, k);
                ssize_t i = 0;
                while (i < n && samples[i] == (inverted ? -code_at(s, k) : code_at(s, k)))
                        i++, k++;
                ck_assert_msg(i == n, "sample %u is %d, not %d", k, samples[i < n ? i : 0], code_at(s, k));
        }
        ck_assert_int_eq(n, 0);
        ck_assert_uint_eq(k, (unsigned) s->rate * N_RECORDS);
        ck_assert_int_eq(file_source_read(f, channel, &position, samples, block), 0);
}

static void check_round_trip(int type, const Signal *signals, unsigned n, const double *lsb_uv) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        char *error = NULL;

        write_file(type, signals, (int) n);
        ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
        ck_assert_uint_eq(file_source_n_channels(f), n);
        for (unsigned i = 0; i < n; i++) {
                const FileChannel *c = file_source_channel(f, i);
                const Signal *s = signals + i;
                bool inverted = s->phys_max < s->phys_min;

                ck_assert_str_eq(c->label, s->label);
                ck_assert_str_eq(c->unit, s->unit);
                ck_assert_double_eq(c->rate_hz, s->rate);
                ck_assert_uint_eq(c->n_samples, (unsigned) s->rate * N_RECORDS);
                ck_assert_uint_eq(c->length, c->n_samples);
                ck_assert_int_eq(c->code_min, inverted ? -s->dig_max : s->dig_min);
                ck_assert_int_eq(c->code_max, inverted ? -s->dig_min : s->dig_max);
                if (isnan(lsb_uv[i]))
                        ck_assert(isnan(c->lsb_uv));
                else
                        ck_assert_double_eq_tol(c->lsb_uv, lsb_uv[i], lsb_uv[i] * 1e-9);
                check_samples(f, i, s, i % 2 ? 333 : 2048);
        }
}

static const Signal bdf_signals[] = {
        { "left calf",        "uV", 1000, -187500, 187500, -8388608, 8388607 },
        { "right calf",       "mV",  500, -187.5,  187.5,  -8388608, 8388607 },
        { "eyelid, inverted", "uV", 2000, 1000,    -1000,  -100000,  99999   },
        { "",                 "V",   250, -1,      1,      -10,      10      },
};
static const double bdf_lsb_uv[] = { 375000. / 16777215, 375000. / 16777215, 2000. / 199999, 2e6 / 20 };

static const Signal edf_signals[] = {
        { "EMG 1",        "nV", 1000, -32768, 32767, -32768, 32767 },
        { "acceleration", "g",   100, -2,     2,     -2048,  2047  },
        { "trigger",      "",   1000, 0,      1,     0,      1     },
};
static const double edf_lsb_uv[] = { 1e-3, NAN, NAN };

START_TEST(bdf_round_trip) {
        check_round_trip(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, ELEMENTSOF(bdf_signals), bdf_lsb_uv);
}
END_TEST

START_TEST(edf_round_trip) {
        check_round_trip(EDFLIB_FILETYPE_EDFPLUS, edf_signals, ELEMENTSOF(edf_signals), edf_lsb_uv);
}
END_TEST

START_TEST(channels_are_read_independently) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        char *error = NULL;
        int32_t a[700], b[300];
        uint64_t position;

        write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
        ck_assert_int_eq(file_source_open(path, NULL, &f, &error), 0);
        for (unsigned k = 0; k < 10; k++) {
                ck_assert_int_eq(file_source_read(f, 0, &position, a, 700), 700);
                ck_assert_int_eq(file_source_read(f, 1, &position, b, 300), 300);
                ck_assert_int_eq(a[699], code_at(bdf_signals, k * 700 + 699));
                ck_assert_int_eq(b[0], code_at(bdf_signals + 1, k * 300));
        }
}
END_TEST

/* --- broken files ----------------------------------------------------------- */

typedef struct Bytes {
        char *data;
        size_t size;
} Bytes;

static Bytes slurp(void) {
        Bytes b;
        struct stat st;
        _cleanup_fclose_ FILE *f = fopen(path, "r");

        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(fstat(fileno(f), &st), 0);
        b.size = (size_t) st.st_size;
        b.data = malloc(b.size);
        ck_assert_uint_eq(fread(b.data, 1, b.size, f), b.size);
        return b;
}

static void spill(const char *data, size_t size) {
        _cleanup_fclose_ FILE *f = fopen(path, "w");

        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(data, 1, size, f), size);
}

/* 0, or the error and its text, which is one line of sensible length; the samples are read too. */
static int try_open(char **ret_error) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        char *error = NULL;
        int32_t sample[64];
        uint64_t position;

        int r = file_source_open(path, NULL, &f, &error);
        if (r < 0) {
                ck_assert_ptr_null(f);
                ck_assert_ptr_nonnull(error);
                ck_assert_uint_gt(strlen(error), 10);
                ck_assert_uint_lt(strlen(error), 250);
                const char *p = error;
                while (*p >= 32)
                        p++;
                ck_assert_int_eq(*p, 0);
        } else
                for (unsigned i = 0; i < file_source_n_channels(f); i++)
                        ck_assert_int_ge(file_source_read(f, i, &position, sample, ELEMENTSOF(sample)), 0);
        if (ret_error)
                *ret_error = error;
        else
                free(error);
        return r;
}

static void expect_fault(int expected, const char *text) {
        _cleanup_free_ char *error = NULL;

        int r = try_open(&error);
        ck_assert_msg(r == expected, "%d (%s) instead of %d", r, error ? error : "read", expected);
        ck_assert_msg(strstr(error, text), "\"%s\" does not say \"%s\"", error, text);
}

/* Offsets in a file of 2 signals and the annotations. */
#define MAIN(offset) (offset)
#define SIGNAL(offset, width, i) (256 + (offset) * 3 + (width) * (i))

START_TEST(damage_is_named) {
        static const struct {
                size_t offset;
                const char *bytes;
                int error;
                const char *text;
        } table[] = {
                { MAIN(0),             "\xef\xbf\xbd" "BIOSEMI", -EBADMSG, "copied or converted as text"     },
                { MAIN(244),           "0       ",    -EBADMSG,    "duration of a data record is 0"        },
                { MAIN(244),           "-1      ",    -EBADMSG,    "duration of a data record is -1"       },
                { MAIN(244),           "1e-300  ",    -EBADMSG,    "duration of a data record is 1e-300"   },
                { MAIN(244),           "1e999   ",    -EBADMSG,    "not a number"                          },
                { MAIN(244),           "nan     ",    -EBADMSG,    "not a number"                          },
                { MAIN(252),           "0   ",        -EBADMSG,    "no signals"                            },
                { MAIN(252),           "9999",        -EOPNOTSUPP, "9999 signals"                          },
                { MAIN(252),           "-2  ",        -EBADMSG,    "no signals"                            },
                { SIGNAL(216, 8, 0),   "99999999",    -EOPNOTSUPP, "more than the 268435456 bytes"         },
                { SIGNAL(216, 8, 0),   "14316557",    -EBADMSG,    "not one of its data records is whole"           },
        };

        write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
        Bytes b = slurp();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *copy = malloc(b.size);
                memcpy(copy, b.data, b.size);
                memcpy(copy + table[i].offset, table[i].bytes, strlen(table[i].bytes));
                spill(copy, b.size);
                expect_fault(table[i].error, table[i].text);
        }
        free(b.data);
}
END_TEST

START_TEST(any_length) {
        write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
        Bytes b = slurp();

        spill(b.data, 0);
        expect_fault(-EBADMSG, "empty");
        spill(b.data, 4);
        expect_fault(-EBADMSG, "neither");
        for (size_t n = 8; n < 1024; n += 61) {
                spill(b.data, n);
                expect_fault(-EBADMSG, "ends within its header");
        }
        spill(b.data, 1024);
        expect_fault(-EBADMSG, "no data records");
        spill(b.data, 1025);
        expect_fault(-EBADMSG, "cut short");
        free(b.data);
}
END_TEST

/* One byte of the header or of the first annotations changed: read or refused, never worse. */
START_TEST(any_byte) {
        static const Signal small[] = {
                { "a", "uV", 3, -1, 1, -8388608, 8388607 },
                { "b", "uV", 2, -1, 1, -8388608, 8388607 },
        };
        static const char values[] = { 0, '\x14', ' ', '-', '0', '9', 'e', '\xff' };
        unsigned n_refused = 0, n_read = 0;

        write_file(EDFLIB_FILETYPE_BDFPLUS, small, 2);
        Bytes b = slurp();
        /* only the byte is written: a file that is cut and written anew goes to the disk when closed */
        int fd = open(path, O_WRONLY);
        ck_assert_int_ge(fd, 0);
        for (size_t i = 0; i < MIN(b.size, (size_t) 1024 + 160); i++) {
                for (size_t k = 0; k < sizeof values; k++) {
                        ck_assert_int_eq(pwrite(fd, values + k, 1, (off_t) i), 1);
                        if (try_open(NULL) < 0)
                                n_refused++;
                        else
                                n_read++;
                }
                ck_assert_int_eq(pwrite(fd, b.data + i, 1, (off_t) i), 1);
        }
        close(fd);
        ck_assert_uint_gt(n_refused, 100);
        ck_assert_uint_gt(n_read, 1000);
        free(b.data);
}
END_TEST

START_TEST(what_is_no_file) {
        expect_fault(-ENOENT, "No such file");

        ck_assert_int_eq(mkfifo(path, 0600), 0);
        expect_fault(-EBADMSG, "nobody writes to it");
        unlink(path);

        FileSource *f = NULL;
        char *error = NULL;
        ck_assert_int_eq(file_source_open(folder, NULL, &f, &error), -EISDIR);
        free(error);
}
END_TEST

START_TEST(many_at_once) {
        FileSource *f[100];
        char *error = NULL;

        write_file(EDFLIB_FILETYPE_EDFPLUS, edf_signals, 1);
        for (unsigned i = 0; i < ELEMENTSOF(f); i++)
                ck_assert_int_eq(file_source_open(path, NULL, f + i, &error), 0);
        for (unsigned i = 0; i < ELEMENTSOF(f); i++) {
                check_samples(f[i], 0, edf_signals, 500);
                file_source_free(f[i]);
        }
}
END_TEST

/* --- what the specification forbids and real programs write ------------------ */

static void patch(size_t offset, const void *bytes, size_t size) {
        _cleanup_fclose_ FILE *f = fopen(path, "r+");

        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(fseek(f, (long) offset, SEEK_SET), 0);
        ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
}

START_TEST(harmless_faults) {
        static const struct {
                size_t offset;
                const char *bytes;
        } table[] = {
                { MAIN(8),            "\xe9 a patient in Latin 1" },
                { MAIN(168),          "01.13.99"                  },
                { MAIN(192),          "words of some other program" },
                { MAIN(236),          "      7 "                  },
                { MAIN(252),          "   3"                      },
                { SIGNAL(96, 8, 0),   "\xb5V      "               },
                { SIGNAL(96, 8, 0),   "\xc2\xb5V     "            },
                { SIGNAL(96, 8, 0),   "\xce\xbcV     "            },
                { SIGNAL(224, 32, 1), "x"                         },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(file_source_freep) FileSource *f = NULL;
                char *error = NULL;

                write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
                patch(table[i].offset, table[i].bytes, strlen(table[i].bytes));
                ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
                ck_assert_double_eq_tol(file_source_channel(f, 0)->lsb_uv, bdf_lsb_uv[0], 1e-9);
                check_samples(f, 0, bdf_signals, 1024);
        }
}
END_TEST

START_TEST(text_in_latin_1) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        char *error = NULL;

        write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
        patch(SIGNAL(0, 16, 0), "gauche, c\xf4t\xe9 \x01", 15);
        ck_assert_int_eq(file_source_open(path, NULL, &f, &error), 0);
        ck_assert_str_eq(file_source_channel(f, 0)->label, "gauche, c\xc3\xb4t\xc3\xa9 ?");
}
END_TEST

START_TEST(never_closed) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        char *error = NULL;

        write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
        patch(MAIN(236), "-1      ", 8);
        Bytes b = slurp();
        spill(b.data, b.size - 1);              /* of the last record */
        free(b.data);
        ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
        ck_assert_uint_eq(file_source_channel(f, 1)->n_samples, 500 * (N_RECORDS - 1));
}
END_TEST

/* --- discontinuous recordings -------------------------------------------------- */

/* Data records begin at these times. */
static void write_discontinuous(const char *const starts[static N_RECORDS]) {
        write_file(EDFLIB_FILETYPE_BDFPLUS, bdf_signals, 2);
        Bytes b = slurp();
        size_t header = 256 * 4, record = (b.size - header) / N_RECORDS, stamp = (1000 + 500) * 3;
        free(b.data);

        patch(MAIN(192), "BDF+D", 5);
        for (unsigned i = 0; i < N_RECORDS; i++) {
                char text[40];
                int n = snprintf(text, sizeof text, "%s\x14\x14%c", starts[i], 0);
                patch(header + i * record + stamp, text, (size_t) n);
        }
}

START_TEST(discontinuous) {
        static const char *const starts[N_RECORDS] = { "+0.25", "+1.25", "+2.2504", "+5.5", "+6.5", "+86400", "+86401" };
        static const struct { uint64_t position, n; } stretches[] = { { 0, 3000 }, { 5250, 2000 }, { 86399750, 2000 } };
        _cleanup_(file_source_freep) FileSource *f = NULL;
        static int32_t samples[4000];
        uint64_t position, k = 0;
        char *error = NULL;

        write_discontinuous(starts);
        ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
        ck_assert_uint_eq(file_source_channel(f, 0)->n_samples, 7000);
        ck_assert_uint_eq(file_source_channel(f, 0)->length, 86401750);
        ck_assert_uint_eq(file_source_channel(f, 1)->length, 43200875);
        for (size_t i = 0; i < ELEMENTSOF(stretches); i++) {
                ck_assert_int_eq(file_source_read(f, 0, &position, samples, ELEMENTSOF(samples)), (ssize_t) stretches[i].n);
                ck_assert_uint_eq(position, stretches[i].position);
                uint64_t end = k + stretches[i].n;
                for (const int32_t *x = samples; k < end && *x == code_at(bdf_signals, (unsigned) k); x++)
                        k++;
                ck_assert_uint_eq(k, end);
        }
        ck_assert_int_eq(file_source_read(f, 0, &position, samples, ELEMENTSOF(samples)), 0);
}
END_TEST

/* Stamps that are no gaps: read as one, with a note of each kind. */
START_TEST(stamps_are_measurements) {
        static const struct {
                const char *starts[N_RECORDS];
                double rate_hz;
                const char *note;
        } table[] = {
                { { "+0", "+1.002", "+1.999", "+3.001", "+3.998", "+5.003", "+6" },  1000,          NULL                },
                { { "+0", "+1.025", "+2.05", "+3.075", "+4.1", "+5.125", "+6.15" }, 1000 / 1.025,  "1.025000 times"    },
                { { "+0", "+0.995", "+1.99", "+2.985", "+3.98", "+4.975", "+5.97" }, 1000 / 0.995, "0.995000 times"    },
                { { "+0", "+1", "+2", "+1.5", "+4", "+5", "+6" },                    1000,          "1 of 7 time stamps" },
                { { "+0", "+1", "+2", "+3", "+4", "+5", "+-6" },                     1000,          "1 of 7 time stamps" },
                { { "+0", "+1", "+2", "+3.3.3", "+4", "+5", "+6" },                  1000,          "1 of 7 time stamps" },
                { { "+0", "+1", "+2", "+3", "+9999999999", "+5", "+6" },             1000,          "1 of 7 time stamps" },
                { { "+0", "", "+2", "+3", "+4", "+5", "+6" },                        1000,          "1 of 7 time stamps" },
                { { "+0", "+0", "+0", "+0", "+0", "+0", "+0" },                      1000,          "no time stamps that make sense" },
                { { "", "", "", "", "", "", "" },                                    1000,          "no time stamps that make sense" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(file_source_freep) FileSource *f = NULL;
                char *error = NULL;

                write_discontinuous(table[i].starts);
                ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
                ck_assert_uint_eq(file_source_channel(f, 0)->length, 7000);
                ck_assert_double_eq_tol(file_source_channel(f, 0)->rate_hz, table[i].rate_hz, 0.01);
                const Notes *n = file_source_notes(f);
                ck_assert_uint_eq(n->n, table[i].note ? 1 : 0);
                if (table[i].note)
                        ck_assert_msg(strstr(n->lines[0], table[i].note), "%s", n->lines[0]);
                check_samples(f, 0, bdf_signals, 1024);
        }
}
END_TEST

/* A clock that was set back: nothing is lost, and the next sample is behind the last. */
START_TEST(overlaps) {
        static const char *const starts[N_RECORDS] = { "+0", "+1", "+2", "+1.5", "+2.5", "+3.5", "+4.5" };
        _cleanup_(file_source_freep) FileSource *f = NULL;
        static int32_t samples[4000];
        uint64_t position;
        char *error = NULL;

        write_discontinuous(starts);
        ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
        ck_assert_ptr_nonnull(strstr(file_source_notes(f)->lines[0], "begin before the one in front"));
        ck_assert_int_eq(file_source_read(f, 0, &position, samples, 4000), 3000);
        ck_assert_int_eq(file_source_read(f, 0, &position, samples, 4000), 4000);
        ck_assert_uint_eq(position, 3001);
}
END_TEST

/* --- files of other programs ------------------------------------------------ */

START_TEST(corpus) {
        static const struct {
                const char *name;
                unsigned n_channels;
                double rate_hz;
                const char *error;
        } table[] = {
                { "made/good.bdf",                   1,   1000, NULL              },
                { "made/half_second_records.bdf",    1,   1000, NULL              },
                { "made/discontinuous.bdf",          1,   1000, NULL              },
                { "made/digital_min_is_max.bdf",     1,   1000, NULL              },
                { "made/header_cut.bdf",             0,   0,    "within its header" },
                { "made/last_record_cut.bdf",        1,   1000, NULL              },
                { "made/more_records_claimed.bdf",   1,   1000, NULL              },
                { "made/nrec_minus_1.bdf",           1,   1000, NULL              },
                { "made/trailing_bytes.bdf",         1,   1000, NULL              },
                { "mne/test.bdf",                    73,  2048, NULL              },
                { "mne/test.edf",                    139, 512,  NULL              },
                { "mne/test_uneven_samp.edf",        2,   100,  NULL              },
                { "pyedflib/test_generator.bdf",     5,   1000, NULL              },
                { "plux/eeg_acoustic.edf",           2,   1000, NULL              },
        };
        const char *data = getenv("TWITCH_DATA") ?: "../shared/data";

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(file_source_freep) FileSource *f = NULL;
                _cleanup_free_ char *name = NULL, *error = NULL;

                ck_assert_int_ge(asprintf(&name, "%s/edf_corpus/%s", data, table[i].name), 0);
                if (access(name, R_OK) < 0) {
                        printf("skipped: no %s (set TWITCH_DATA)\n", name);
                        return;
                }
                int r = file_source_open(name, NULL, &f, &error);
                if (table[i].error) {
                        ck_assert_int_lt(r, 0);
                        ck_assert_msg(strstr(error, table[i].error), "%s: %s", name, error);
                } else {
                        ck_assert_msg(r == 0, "%s: %s", name, error);
                        ck_assert_uint_eq(file_source_n_channels(f), table[i].n_channels);
                        ck_assert_double_eq(file_source_channel(f, 0)->rate_hz, table[i].rate_hz);
                }
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("file");
        TCase *t = tcase_create("file");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_set_timeout(t, 120);
        tcase_add_test(t, bdf_round_trip);
        tcase_add_test(t, edf_round_trip);
        tcase_add_test(t, channels_are_read_independently);
        tcase_add_test(t, damage_is_named);
        tcase_add_test(t, any_length);
        tcase_add_test(t, any_byte);
        tcase_add_test(t, what_is_no_file);
        tcase_add_test(t, many_at_once);
        tcase_add_test(t, harmless_faults);
        tcase_add_test(t, text_in_latin_1);
        tcase_add_test(t, never_closed);
        tcase_add_test(t, discontinuous);
        tcase_add_test(t, stamps_are_measurements);
        tcase_add_test(t, overlaps);
        tcase_add_test(t, corpus);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
