/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of any bytes, EDF, BDF or text, opened and read to its end: what is promised in source/file.h must hold.
 * Built with -fsanitize=fuzzer it looks for new cases; otherwise each file named on the command
 * line is one, which makes the corpus a test.
 */
#include <math.h>
#include <sys/mman.h>

#include "source/file.h"
#include "utf8.h"

#define BLOCK 1000u
#define READS_MAX 2000u                 /* a file of a few bytes may claim tiny records by the million */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that NDEBUG does not take away */
#define CHECK(condition)                                                        \
        do                                                                      \
                if (!(condition)) {                                             \
                        fprintf(stderr, "fails: %s\n", #condition);             \
                        abort();                                                \
                }                                                               \
        while (0)

static void check_error(int r, const char *error) {
        CHECK(r < 0);
        CHECK(error && strlen(error) > 0 && strlen(error) < 250);
        CHECK(utf8_is_valid(error, strlen(error)));
        for (const char *p = error; *p; p++)
                CHECK((unsigned char) *p >= 32 && *p != 127);
}

/* What is said to people and programs */
static void check_text(const char *text) {
        CHECK(text && utf8_is_valid(text, strlen(text)));
        for (const char *p = text; *p; p++)
                CHECK((unsigned char) *p >= 32 && *p != 127);
}

static void check_words(FileSource *f) {
        const Notes *n = file_source_notes(f);
        Annotations found = {};

        for (size_t i = 0; i < n->n; i++)
                check_text(n->lines[i]);
        CHECK(file_source_annotations(f, &found) == 0);
        for (size_t i = 0; i < found.n; i++) {
                CHECK(isfinite(found.items[i].time_s));
                check_text(found.items[i].text);
        }
        annotations_done(&found);
        for (unsigned i = 0; i < file_source_n_channels(f); i++) {
                check_text(file_source_channel(f, i)->label);
                check_text(file_source_channel(f, i)->unit);
                if (file_source_channel(f, i)->useless)
                        check_text(file_source_channel(f, i)->useless);
        }
}

static void read_channel(FileSource *f, unsigned channel) {
        const FileChannel *c = file_source_channel(f, channel);
        int32_t samples[BLOCK];
        uint64_t position, n_samples = 0, end = 0;
        ssize_t n = 0;

        CHECK(isfinite(c->rate_hz) && (c->rate_hz > 0 || c->useless));
        CHECK(isnan(c->lsb_uv) || c->lsb_uv >= 0);
        CHECK(c->code_min < c->code_max || c->useless);
        CHECK(c->length >= c->n_samples);
        for (unsigned i = 0; i < READS_MAX; i++) {
                n = file_source_read(f, channel, &position, samples, BLOCK);
                CHECK(n >= 0 && n <= (ssize_t) BLOCK);
                if (n == 0)
                        break;
                CHECK(position >= end);
                end = position + (uint64_t) n;
                n_samples += (uint64_t) n;
        }
        CHECK(n > 0 || (n_samples == c->n_samples && end == c->length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        _cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
        _cleanup_free_ char *error = NULL;
        char path[40];

        CHECK(fd >= 0 && write(fd, data, size) == (ssize_t) size);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int r = file_source_open(path, &(TextOptions) { .rate_hz = size % 2 ? 250 : 0 }, &f, &error);
        if (r < 0) {
                check_error(r, error);
                return 0;
        }
        CHECK(!error);
        check_words(f);
        for (unsigned i = 0; i < file_source_n_channels(f); i++)
                read_channel(f, i);
        return 0;
}

#ifndef FUZZ
int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                _cleanup_fclose_ FILE *f = fopen(argv[i], "re");
                static uint8_t data[1 << 20];

                if (!f) {
                        perror(argv[i]);
                        return EXIT_FAILURE;
                }
                (void) LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, f));
        }
        printf("%d cases read or refused as promised\n", argc - 1);
        return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
#endif
