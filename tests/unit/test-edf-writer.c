/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written: EDFlib reads samples and annotations as they were put in, after a crash at any byte, too.
 */
#include <check.h>
#include <edflib.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "source/edf-writer.h"
#include "source/file.h"
#include "suite.h"

#define N_RECORDS 20u
#define RATE 50u

static char path[] = "/tmp/test-edf-writer-XXXXXX";
static const EdfWriterSignal signals[] = {
        { "left calf", "uV", "ADS1299 gain 24", "sinc3", -187500, 187499.98, -8388608, 8388607, RATE },
        { "g\xc3\xa4mse", "\xc2\xb5V", NULL, NULL, -.032768, 0.032767, -30000, 30000, RATE / 2 },
};

static int code_at(unsigned signal, unsigned k) {
        return (int) (k * 7919u % 60001u) - 30000 + (int) signal;
}

static void setup(void) {
        strcpy(path + strlen(path) - 6, "XXXXXX");
        int fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
        close(fd);
}

static void teardown(void) {
        unlink(path);
}

static void put_record(EdfWriter *w, unsigned record, unsigned width) {
        uint8_t bytes[(RATE + RATE / 2) * 3], *p = bytes;

        for (unsigned s = 0; s < 2; s++)
                for (unsigned i = 0; i < signals[s].n_samples; i++) {
                        int code = code_at(s, record * signals[s].n_samples + i);
                        *p++ = (uint8_t) code;
                        *p++ = (uint8_t) (code >> 8);
                        if (width == 3)
                                *p++ = (uint8_t) (code >> 16);
                }
        ck_assert_int_eq(edf_writer_put_record(w, record, bytes), 0);
}

/* Annotations come before the record of their time, as live ones do. */
static void write_file(bool bdf, bool close_it) {
        static EdfWriterSignal narrow[2];
        int fd = open(path, O_RDWR | O_TRUNC);
        EdfWriterConfig config = {
                .bdf = bdf,
                .start = { .known = true, .seconds = 1764486000 },
                .record_duration_s = 1,
                .annotation_bytes = 100,
                .n_signals = 2,
                .signals = signals,
        };
        EdfWriter *w;

        ck_assert_int_ge(fd, 0);
        memcpy(narrow, signals, sizeof narrow);
        narrow[0].digital_min = narrow[1].digital_min = -32768;
        narrow[0].digital_max = narrow[1].digital_max = 32767;
        if (!bdf)
                config.signals = narrow;
        ck_assert_int_eq(edf_writer_new(fd, &config, &w), 0);
        for (unsigned i = 0; i < N_RECORDS; i++) {
                if (i % 2 == 0)
                        ck_assert_int_eq(
                                edf_writer_annotate(w, i + 0.25, 0.0125, "fasciculation@@left calf"), 0);
                put_record(w, i, bdf ? 3 : 2);
        }
        ck_assert_uint_eq(edf_writer_pending(w), 0);
        if (close_it)
                ck_assert_int_eq(edf_writer_close(w), 0);
        edf_writer_free(w);
        close(fd);
}

static void check_with_edflib(bool bdf, unsigned n_records) {
        struct edf_hdr_struct h;
        struct edf_annotation_struct annotation;
        int codes[N_RECORDS * RATE];

        ck_assert_int_eq(edfopen_file_readonly(path, &h, EDFLIB_READ_ALL_ANNOTATIONS), 0);
        ck_assert_int_eq(h.filetype, bdf ? EDFLIB_FILETYPE_BDFPLUS : EDFLIB_FILETYPE_EDFPLUS);
        ck_assert_int_eq(h.edfsignals, 2);
        ck_assert_int_eq(h.datarecords_in_file, n_records);
        ck_assert_int_eq(h.startdate_day, 30);
        ck_assert_int_eq(h.startdate_year, 2025);
        ck_assert_str_eq(h.signalparam[0].label, "left calf       ");
        ck_assert_str_eq(h.signalparam[1].physdimension, "uV      ");
        ck_assert_double_eq_tol(h.signalparam[0].phys_max, 187499.98, 0.06);
        ck_assert_double_eq_tol(h.signalparam[1].phys_min, -.032768, 1e-9);
        for (int s = 0; s < 2; s++) {
                int n = (int) (n_records * signals[s].n_samples);
                ck_assert_int_eq(edfread_digital_samples(h.handle, s, n, codes), n);
                for (int k = 0; k < n; k++)
                        ck_assert_int_eq(codes[k], code_at((unsigned) s, (unsigned) k));
        }
        ck_assert_int_eq(h.annotations_in_file, (n_records + 1) / 2);
        for (int i = 0; i < h.annotations_in_file; i++) {
                ck_assert_int_eq(edf_get_annotation(h.handle, i, &annotation), 0);
                ck_assert_int_eq(annotation.onset, (2 * i + 0.25) * 1e7);
                ck_assert_str_eq(annotation.annotation, "fasciculation@@left calf");
        }
        ck_assert_int_eq(edfclose_file(h.handle), 0);
}

START_TEST(bdf_reads_back) {
        write_file(true, true);
        check_with_edflib(true, N_RECORDS);
}
END_TEST

START_TEST(edf_reads_back) {
        write_file(false, true);
        check_with_edflib(false, N_RECORDS);
}
END_TEST

/* The disk had no room for a whole data record, as with a limit of the file's size: no part stays. */
START_TEST(error_in_a_record) {
        uint8_t bytes[(RATE + RATE / 2) * 3] = {};
        const EdfWriterConfig config = {
                .bdf = true,
                .record_duration_s = 1,
                .annotation_bytes = 102,
                .n_signals = 2,
                .signals = signals,
        };
        const size_t whole = 256 * 4 + 2 * (sizeof bytes + 102);
        struct rlimit before, limit;
        struct stat st;
        EdfWriter *w;
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(edf_writer_new(fd, &config, &w), 0);
        ck_assert_int_eq(edf_writer_put_record(w, 0, bytes), 0);
        ck_assert_int_eq(edf_writer_put_record(w, 1, bytes), 0);
        ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = (struct rlimit){ whole + 100, before.rlim_max };
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        int r = edf_writer_put_record(w, 2, bytes);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        ck_assert_int_eq(r, -EFBIG);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(st.st_size, whole + 100);
        ck_assert_int_eq(edf_writer_close(w), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(st.st_size, whole);
        ck_assert_int_eq(edf_repair(fd, NULL), 0); /* it was whole */
        edf_writer_free(w);
        close(fd);
}
END_TEST

/* Never closed, and cut anywhere: our reader takes it as it is, EDFlib after the repair. */
START_TEST(crash_at_any_byte) {
        size_t header = 256 * 4, record = (RATE + RATE / 2) * 3 + 102;

        for (size_t cut = 0; cut < 2 * record; cut += 17) {
                _cleanup_(file_source_freep) FileSource *f = NULL;
                char *error = NULL;
                size_t size = header + 5 * record - cut;

                write_file(true, false);
                ck_assert_int_eq(truncate(path, (off_t) size), 0);
                ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
                ck_assert_uint_eq(file_source_channel(f, 0)->n_samples, (size - header) / record * RATE);

                int fd = open(path, O_RDWR);
                ck_assert_int_eq(edf_repair(fd, NULL), 1);
                ck_assert_int_eq(edf_repair(fd, NULL), 0);
                close(fd);
                check_with_edflib(true, (unsigned) ((size - header) / record));
        }
}
END_TEST

START_TEST(repair_of_what_is_none) {
        int fd = open(path, O_RDWR);

        ck_assert_int_eq(edf_repair(fd, NULL), -EBADMSG);
        ck_assert_int_eq(write(fd, "a diary, not a recording", 24), 24);
        ck_assert_int_eq(edf_repair(fd, NULL), -EBADMSG);
        close(fd);
}
END_TEST

/* More annotations than have room wait for later records; none is lost, and none is in two. They need not come
 * in the order of time; they are read in it. */
START_TEST(storm) {
        int fd = open(path, O_RDWR | O_TRUNC);
        const EdfWriterConfig config = { .bdf = true,
                                         .record_duration_s = 1,
                                         .annotation_bytes = 120,
                                         .n_signals = 2,
                                         .signals = signals };
        _cleanup_(annotations_done) Annotations found = {};
        FileSource *f;
        EdfWriter *w;
        char *error = NULL, text[200];

        ck_assert_int_eq(edf_writer_new(fd, &config, &w), 0);
        for (unsigned i = 0; i < 40; i++) {
                unsigned k = i ^ 1;

                snprintf(text, sizeof text, "event %u %s", k,
                         k == 7 ? "of a length that no record has room for, which is why it is cut to what "
                                  "one "
                                  "has, whatever that may be \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac" :
                                  "");
                ck_assert_int_eq(edf_writer_annotate(w, k / 10., NAN, text), 0);
                if (i % 10 == 9)
                        put_record(w, i / 10, 3);
        }
        for (unsigned i = 4; edf_writer_pending(w) > 0; i++)
                put_record(w, i, 3);
        ck_assert_int_eq(edf_writer_close(w), 0);
        edf_writer_free(w);
        close(fd);

        ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s", error);
        ck_assert_int_eq(file_source_annotations(f, &found), 0);
        ck_assert_uint_eq(found.n, 40);
        for (unsigned i = 0; i < 40; i++) {
                snprintf(text, sizeof text, "event %u ", i);
                ck_assert_int_eq(strncmp(found.items[i].text, text, strlen(text)), 0);
                ck_assert_double_eq_tol(found.items[i].time_s, i / 10., 1e-9);
        }
        file_source_free(f);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("edf-writer");
        TCase *t = tcase_create("edf-writer");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, bdf_reads_back);
        tcase_add_test(t, edf_reads_back);
        tcase_add_test(t, error_in_a_record);
        tcase_add_test(t, crash_at_any_byte);
        tcase_add_test(t, repair_of_what_is_none);
        tcase_add_test(t, storm);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
