/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Read the scans of a buffer until SIGTERM, then what is left in it:
 *
 *   collect BUFFER SCAN_BYTES [slow SCANS_PER_SECOND | clock FILE]
 *
 * `slow`: takes no more than that. `clock`: frame_clock of the hat; looks at it now and then, and at
 * the end compares the true times of those frames with the timestamps of the scans in which they came.
 *
 * Prints "scans N", and with a clock, "stamps N p50 NS p99 NS max NS".
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHANNELS 8
#define SCANS_PER_READ 64
#define MAX_FRAMES (1 << 20)
#define NS_PER_S 1000000000

static volatile sig_atomic_t ended;

static int64_t edge_ns[MAX_FRAMES], error_ns[MAX_FRAMES];

static void on_term(int signal) {
        (void)signal;
        ended = 1;
}

static int by_size(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

/* The hat's frames are numbered by their value: channel 1 of frame n is n + 1 LSB at gain 24 */
static size_t compare(const char *scans, size_t n, size_t errors) {
        for (size_t i = 0; i < n; i++) {
                struct {
                        int32_t sample[CHANNELS];
                        int64_t stamp_ns;
                } scan;
                long frame;

                memcpy(&scan, scans + i * sizeof(scan), sizeof(scan));
                frame = (scan.sample[0] >> 8) - 1;
                if (frame >= 0 && frame < MAX_FRAMES && edge_ns[frame])
                        error_ns[errors++] = llabs(scan.stamp_ns - edge_ns[frame]);
        }
        return errors;
}

static void look_at_clock(int fd) {
        char text[64] = "";
        int64_t frame, ns;

        if (pread(fd, text, sizeof(text) - 1, 0) > 0 && sscanf(text, "%" SCNd64 " %" SCNd64, &frame, &ns) == 2 &&
            frame >= 0 && frame < MAX_FRAMES)
                edge_ns[frame] = ns;
}

int main(int argc, char *argv[]) {
        size_t scan_bytes, scans = 0, kept = 0, errors;
        struct sigaction term = {.sa_handler = on_term};
        char *all = NULL, *chunk;
        bool slow, timed;
        double pace = 0;
        int fd, clock = -1;

        slow = argc == 5 && !strcmp(argv[3], "slow");
        timed = argc == 5 && !strcmp(argv[3], "clock");
        if (argc != 3 && !slow && !timed) {
                fprintf(stderr, "usage: collect BUFFER SCAN_BYTES [slow SCANS_PER_SECOND | clock FILE]\n");
                return 1;
        }
        scan_bytes = strtoul(argv[2], NULL, 10);
        if (slow)
                pace = strtod(argv[4], NULL);
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
        if (timed)
                clock = open(argv[4], O_RDONLY | O_CLOEXEC);
        chunk = malloc(scan_bytes * SCANS_PER_READ);
        if (timed)
                all = malloc(scan_bytes * MAX_FRAMES);
        if (fd < 0 || (timed && (clock < 0 || !all)) || !chunk) {
                perror("collect");
                return 1;
        }
        sigaction(SIGTERM, &term, NULL);

        for (;;) {
                ssize_t n;

                if (ended)
                        fcntl(fd, F_SETFL, O_NONBLOCK);
                n = read(fd, chunk, scan_bytes * SCANS_PER_READ);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        break;
                if (n <= 0 || n % scan_bytes) {
                        fprintf(stderr, "collect: read: %zd, %s\n", n, strerror(errno));
                        return 1;
                }
                n /= scan_bytes;
                scans += n;
                if (timed && kept + n <= MAX_FRAMES) {
                        memcpy(all + kept * scan_bytes, chunk, n * scan_bytes);
                        kept += n;
                        look_at_clock(clock);
                }
                if (slow && !ended)
                        usleep(n / pace * 1e6);
        }

        printf("scans %zu\n", scans);
        if (!timed)
                return 0;
        errors = compare(all, kept, 0);
        if (!errors) {
                fprintf(stderr, "collect: no frame of a known time came\n");
                return 1;
        }
        qsort(error_ns, errors, sizeof(*error_ns), by_size);
        printf("stamps %zu p50 %" PRId64 " p99 %" PRId64 " max %" PRId64 "\n", errors, error_ns[errors / 2],
               error_ns[errors * 99 / 100], error_ns[errors - 1]);
        return 0;
}
