/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long it takes to read all samples of an EDF or BDF file, a second of each channel after the other:
 * with EDFlib, and with the project's own reader. What `twitchctl analyze` takes for all of its work stands
 * beside it in reader.
 *
 *      bench-reader FILE
 */
#include <edflib.h>

#include "source/file.h"

static double seconds(void) {
        return (double) now_usec() / (double) USEC_PER_SEC;
}

static int with_edflib(const char *path, double *ret_s, unsigned long long *ret_samples) {
        struct edf_hdr_struct h;
        double from_s = seconds();

        *ret_samples = 0;
        if (edfopen_file_readonly(path, &h, EDFLIB_DO_NOT_READ_ANNOTATIONS) < 0)
                return -EIO;
        long long n = h.file_duration / EDFLIB_TIME_DIMENSION;
        for (long long second = 0; second < n; second++)
                for (int s = 0; s < h.edfsignals; s++) {
                        static int samples[65536];
                        int rate = (int) (h.signalparam[s].smp_in_file / (n > 0 ? n : 1));

                        int k = edfread_digital_samples(h.handle, s, MIN(rate, 65536), samples);
                        if (k < 0)
                                return -EIO;
                        *ret_samples += (unsigned) k;
                }
        edfclose_file(h.handle);
        *ret_s = seconds() - from_s;
        return 0;
}

static int with_ours(const char *path, double *ret_s, unsigned long long *ret_samples) {
        _cleanup_(file_source_freep) FileSource *f = NULL;
        _cleanup_free_ char *error = NULL;
        double from_s = seconds();
        uint64_t position;
        ssize_t n = 1;

        *ret_samples = 0;
        int r = file_source_open(path, NULL, &f, &error);
        if (r < 0)
                return r;
        while (n > 0)
                for (unsigned c = 0; c < file_source_n_channels(f); c++) {
                        static int32_t samples[65536];

                        n = file_source_read(
                                f, c, &position, samples,
                                MIN((size_t) file_source_channel(f, c)->rate_hz, (size_t) 65536));
                        if (n < 0)
                                return (int) n;
                        *ret_samples += (unsigned long long) n;
                }
        *ret_s = seconds() - from_s;
        return 0;
}

int main(int argc, char **argv) {
        unsigned long long samples;
        double s;

        if (argc != 2)
                return 2;
        for (unsigned i = 0; i < 3; i++) {
                if (with_edflib(argv[1], &s, &samples) < 0)
                        return 1;
                printf("EDFlib reads %llu samples in %.3f s\n", samples, s);
                if (with_ours(argv[1], &s, &samples) < 0)
                        return 1;
                printf("ours reads %llu samples in %.3f s\n", samples, s);
        }
        return 0;
}
