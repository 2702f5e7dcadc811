/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Live recordings: segments, gaps, late events, a disk that refuses, a crash. Read back with our own reader
 * and EDFlib. */
#include <check.h>
#include <dirent.h>
#include <edflib.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "source/edf-writer.h"
#include "source/file.h"
#include "store/recording.h"
#include "suite.h"

#define RATE 1000u
#define UTC_USEC (INT64_C(1764486000250000)) /* 2025-11-30T07:00:00.25 */

static char dir[] = "/tmp/test-recording-XXXXXX";
static const RecordingChannel channels[] = { { "left calf", 0.02235174, 24 },
                                             { "right calf", 0.02235174, 24 } };

static void setup(void) {
        strcpy(dir + strlen(dir) - 6, "XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void) {
        char command[64];

        snprintf(command, sizeof command, "rm -rf %s", dir);
        ck_assert_int_eq(system(command), 0);
}

static Recording *begin(uint64_t free_bytes_min) {
        const RecordingConfig config = {
                .dir = dir,
                .name = "spi0.0",
                .rate_hz = RATE,
                .n_channels = 2,
                .channels = channels,
                .code_min = -8388608,
                .code_max = 8388607,
                .free_bytes_min = free_bytes_min,
                .sinc3 = true,
                .news_fd = -1,
        };
        Recording *r;

        ck_assert_int_eq(recording_new(&config, &r), 0);
        return r;
}

static int32_t code_at(uint64_t position, unsigned channel) {
        return (int32_t) (position * 7919 % 16777216) - 8388608 + (int32_t) channel * 0;
}

static void push(Recording *r, uint64_t from, uint64_t n) {
        int32_t frames[64 * 2];

        for (uint64_t i = 0; i < n;) {
                size_t k = (size_t) MIN(n - i, UINT64_C(64));
                for (size_t f = 0; f < k; f++)
                        frames[2 * f] = frames[2 * f + 1] = code_at(from + i + f, 0);
                recording_push(r, from + i, frames, k,
                               &(RecordingTime){ .boottime_usec = (int64_t) ((double) (from + i) / 1001 * 1e6),
                                                 .utc_minus_boottime_usec = UTC_USEC,
                                                 .local_offset_s = 3600,
                                                 .rate_hz = RATE * 1.001 });
                i += k;
        }
}

/* Until so many frames are in files, or lost */
static void wait_for(Recording *r, uint64_t frames) {
        RecordingStatus s;

        do {
                usleep(1000);
                recording_get_status(r, &s);
        } while (s.frames + s.frames_lost < frames);
}

static unsigned list(char paths[8][400]) {
        struct dirent **entries;
        int n = scandir(dir, &entries, NULL, alphasort), found = 0;

        for (int i = 0; i < n; i++) {
                if (entries[i]->d_name[0] != '.' && found < 8)
                        snprintf(paths[found++], 400, "%s/%s", dir, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return (unsigned) found;
}

static void check_file(const char *path, uint64_t from, uint64_t n, const double *annotations,
                       size_t n_annotations) {
        _cleanup_(annotations_done) Annotations found = {};
        FileSource *f;
        int32_t samples[1000];
        uint64_t position, k = 0;
        char *error = NULL;
        ssize_t got;

        ck_assert_msg(file_source_open(path, NULL, &f, &error) == 0, "%s: %s", path, error);
        ck_assert_uint_eq(file_source_notes(f)->n, 0);
        ck_assert_uint_eq(file_source_n_channels(f), 2);
        ck_assert_double_eq_tol(file_source_channel(f, 0)->rate_hz, RATE * 1.001, 0.01);
        ck_assert_double_eq_tol(file_source_channel(f, 0)->lsb_uv, 0.02235174, 1e-7);
        ck_assert(file_source_channel(f, 0)->sinc3);
        ck_assert(file_source_start(f)->known);
        ck_assert_double_eq_tol((double) file_source_start(f)->seconds + file_source_start(f)->fraction_s,
                                1e-6 * UTC_USEC + 3600 + (double) from / (RATE * 1.001), 1e-3);
        while ((got = file_source_read(f, 1, &position, samples, 1000)) > 0)
                for (ssize_t i = 0; i < got; i++, k++)
                        ck_assert_int_eq(samples[i], code_at(from + k, 1));
        ck_assert_uint_eq(k, n);
        ck_assert_int_eq(file_source_annotations(f, &found), 0);
        ck_assert_uint_eq(found.n, n_annotations);
        for (size_t i = 0; i < n_annotations; i++)
                ck_assert_double_eq_tol(found.items[i].time_s,
                                        (annotations[i] - (double) from) / (RATE * 1.001), 1e-3);
        file_source_free(f);

        struct edf_hdr_struct h;
        ck_assert_int_eq(edfopen_file_readonly(path, &h, EDFLIB_READ_ALL_ANNOTATIONS), 0);
        ck_assert_int_eq(h.annotations_in_file, (long long) n_annotations);
        ck_assert_int_eq(edfclose_file(h.handle), 0);
}

START_TEST(segments_end_at_gaps) {
        static const double first[] = { 500.25, 19000 }, second[] = { 40100 };
        char paths[8][400];
        RecordingStatus s;
        Recording *r = begin(0);

        push(r, 0, 8000);
        recording_annotate(r, first[0], 12, "fasciculation@@left calf");
        wait_for(r, 8000 - 99);
        push(r, 8000, 12050);
        wait_for(r, 20000);
        push(r, 40000, 6000);
        recording_annotate(r, second[0], 12, "doublet@@left calf");
        recording_annotate(r, first[1], 12, "fasciculation@@left calf"); /* late, of the segment before */
        recording_annotate(r, -5, 12, "fasciculation@@left calf"); /* of none */
        wait_for(r, 26000);
        recording_get_status(r, &s);
        ck_assert_uint_eq(s.segments, 2);
        ck_assert_uint_eq(s.frames, 26000);
        ck_assert_uint_eq(s.frames_lost, 50);
        ck_assert_ptr_nonnull(strstr(s.path, ".bdf.part"));
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);

        ck_assert_uint_eq(list(paths), 2);
        ck_assert_ptr_nonnull(strstr(paths[0], "/spi0.0-2025-11-30T08-00-00.bdf"));
        ck_assert_ptr_nonnull(strstr(paths[1], "/spi0.0-2025-11-30T08-00-40.bdf"));
        check_file(paths[0], 0, 20000, first, 2);
        check_file(paths[1], 40000, 6000, second, 1);
}
END_TEST

/* Gaps before the rate is known, and one behind the other: only what comes first after each is lost. */
START_TEST(gaps_in_a_row) {
        char paths[8][400];
        RecordingStatus s;
        Recording *r = begin(0);

        push(r, 0, 2000);
        push(r, 3000, 64); /* refused: the rate is not known after two seconds */
        wait_for(r, 2064);
        push(r, 3064, 64); /* the thread takes no less than a data record, so this break is there still */
        push(r, 5000, 64); /* refused */
        push(r, 3128, 872);
        wait_for(r, 2064 + 900 + 64);
        push(r, 5064, 9936);
        wait_for(r, 2064 + 936 + 64 + 9900);
        recording_get_status(r, &s);
        ck_assert_uint_eq(s.segments, 3);
        ck_assert_uint_eq(s.frames, 2000 + 900 + 9900);
        ck_assert_uint_eq(s.frames_lost, 64 + 36 + 64);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);

        ck_assert_uint_eq(list(paths), 3);
        check_file(paths[0], 0, 2000, NULL, 0);
        check_file(paths[1], 3064, 900, NULL, 0);
        check_file(paths[2], 5064, 9900, NULL, 0);
}
END_TEST

/* Stopped before the rate was known */
/* Another session: another file, nothing lost, and who asks is told of both. */
START_TEST(split) {
        char paths[8][400];
        RecordingNews news;
        RecordingStatus s;
        Recording *r = begin(0);
        static const RecordingWhat order[] = { RECORDING_BEGAN, RECORDING_BEGAN, RECORDING_CLOSED };

        push(r, 0, 7050); /* half a data record of it belongs to the first file still */
        recording_split(r);
        push(r, 7050, 7950);
        wait_for(r, 15000);
        push(r, 15000, 12050);
        wait_for(r, 27000);
        recording_get_status(r, &s);
        ck_assert_uint_eq(s.segments, 2);
        ck_assert_uint_eq(s.frames_lost, 0);
        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                ck_assert_int_eq(recording_take_news(r, &news), 1);
                ck_assert_int_eq(news.what, order[i]);
                ck_assert_uint_eq(news.position, i == 1 ? 7100 : 0);
                ck_assert_double_eq_tol((double) news.boottime_usec, i == 1 ? 7100e3 / 1.001 : 0, 100);
                ck_assert_double_eq_tol(news.duration_s, i == 2 ? 7.1 / 1.001 : 0, 1e-3);
        }
        ck_assert_str_eq(news.name, "spi0.0-2025-11-30T08-00-00.bdf");
        ck_assert_int_eq(recording_take_news(r, &news), 0);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 2);
        check_file(paths[0], 0, 7100, NULL, 0);
        check_file(paths[1], 7100, 19900, NULL, 0);
}
END_TEST

/* Who mends a file that is being written would cut off what comes. */
START_TEST(not_mended_while_written) {
        char paths[8][400];
        double duration_s;
        Recording *r = begin(0);

        push(r, 0, 8000);
        wait_for(r, 8000);
        ck_assert_uint_eq(list(paths), 1);
        ck_assert_int_eq(recording_repair(paths[0], &duration_s), -EBUSY);
        push(r, 8000, 8000);
        wait_for(r, 16000);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 1);
        check_file(paths[0], 0, 16000, NULL, 0);
        ck_assert_int_eq(recording_repair(paths[0], &duration_s), 0);
        ck_assert_double_eq_tol(duration_s, 16 / 1.001, 1e-3);
}
END_TEST

/* Only if that is wanted, and only as many as it takes: here one cannot be enough, so all closed ones go. */
START_TEST(oldest_are_deleted_for_room) {
        char paths[8][400];
        RecordingNews news;
        Recording *r = begin(0);
        unsigned deleted = 0;

        push(r, 0, 6000);
        wait_for(r, 6000);
        push(r, 10000, 6000);
        wait_for(r, 12000);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 2);

        r = begin(UINT64_MAX);
        push(r, 20000, 6000);
        wait_for(r, 6000);
        ck_assert_int_eq(recording_take_news(r, &news), 0);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 2);

        r = begin(UINT64_MAX);
        recording_set_room(r, UINT64_MAX, true);
        push(r, 20000, 6000);
        wait_for(r, 6000);
        while (recording_take_news(r, &news) > 0) {
                ck_assert_int_eq(news.what, RECORDING_DELETED);
                ck_assert_ptr_nonnull(strstr(deleted++ == 0 ? paths[0] : paths[1], news.name));
        }
        ck_assert_uint_eq(deleted, 2);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 0);
}
END_TEST

START_TEST(short_one) {
        char paths[8][400];
        static const double at[] = { 50 };
        Recording *r = begin(0);

        push(r, 0, 1234);
        recording_annotate(r, 50, 12, "fasciculation");
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 1);
        check_file(paths[0], 0, 1200, at, 1);
}
END_TEST

START_TEST(nothing_at_all) {
        char paths[8][400];

        ck_assert_int_eq(recording_stop(begin(0), USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 0);
}
END_TEST

START_TEST(full_disk) {
        char paths[8][400];
        RecordingStatus s;
        Recording *r = begin(UINT64_MAX);

        push(r, 0, 10000);
        wait_for(r, 10000);
        recording_get_status(r, &s);
        ck_assert_int_eq(s.error, -ENOSPC);
        ck_assert_uint_eq(s.frames_lost, 10000);
        ck_assert_int_eq(recording_stop(r, 10 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(list(paths), 0);
}
END_TEST

/* How many data records of two channels are in a file: 100 samples of 3 bytes of each, and annotations */
static uint64_t n_records(const char *path) {
        struct stat st;

        ck_assert_int_eq(stat(path, &st), 0);
        return st.st_size <= 4 * 256 ? 0 : ((uint64_t) st.st_size - 4 * 256) / (2 * 100 * 3 + 300);
}

/* Killed while it writes: what was written is there, and EDFlib reads it after the repair. */
START_TEST(killed) {
        for (unsigned i = 0; i < 20; i++) {
                char paths[8][400];
                pid_t pid = fork();

                ck_assert_int_ge(pid, 0);
                if (pid == 0) {
                        Recording *r = begin(0);
                        for (uint64_t at = 0;; at += 200) {
                                if (at > 10000) /* the queue holds 15000: a slow disk must lose nothing here */
                                        wait_for(r, at - 10000);
                                push(r, at, 200);
                                usleep(300);
                        }
                }
                do
                        usleep(2000);
                while (list(paths) == 0 || n_records(paths[0]) == 0);
                uint64_t before = n_records(paths[0]);
                usleep(i * 1000);
                ck_assert_int_eq(kill(pid, SIGKILL), 0);
                ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
                ck_assert_uint_eq(list(paths), 1);

                int fd = open(paths[0], O_RDWR);
                ck_assert_int_eq(edf_repair(fd, NULL), 1);
                close(fd);
                uint64_t n = n_records(paths[0]);
                ck_assert_uint_ge(n, before);
                check_file(paths[0], 0, n * 100, NULL, 0);
                unlink(paths[0]);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("recording");
        TCase *t = tcase_create("recording");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_set_timeout(t, 120);
        tcase_add_test(t, segments_end_at_gaps);
        tcase_add_test(t, gaps_in_a_row);
        tcase_add_test(t, split);
        tcase_add_test(t, not_mended_while_written);
        tcase_add_test(t, oldest_are_deleted_for_room);
        tcase_add_test(t, short_one);
        tcase_add_test(t, nothing_at_all);
        tcase_add_test(t, full_disk);
        tcase_add_test(t, killed);
        suite_add_tcase(suite, t);
        return suite_done(suite);
}
