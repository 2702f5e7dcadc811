/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Write a ramp into the simulated hat and look for it in the scans of the driver:
 *
 *   ramp CHANNELS FRAMES BUFFER [lossy]
 *
 * Every sample is another code, in the middle of an LSB at gain 24. The first frames may come
 * after some silence, or what an earlier writer left; from then on each must follow its predecessor, every channel right,
 * without a flag, and time must go forward. With `lossy`, frames may be missing where the scan
 * after the gap says so, or where the next ones do: a driver may find out late. Some more frames are
 * written than asked for, so that it shows when the last one is missing.
 *
 * Prints "scans N frames N missing N flagged N". Status 0: all seen; 1: something was wrong;
 * 3: the device went away, and all before was right.
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ads1299.h"

#define SIM "/dev/ads1299-sim0"
#define SCANS_PER_READ 64
#define GAIN 24
#define MAX_CHANNELS (9 * ADS1299_MAX_CHANNELS)      /* a daisy chain of nine */
#define GENERATIONS 7
#define MORE_FRAMES 64

/* How many codes a frame has, and how many frames therefore fit into the range */
static long stride = ADS1299_MAX_CHANNELS, max_frames;

/* What a killed writer left in the queue is played, too: it must not be taken for ours */
static int32_t generation;

/* Signs alternate by channel, so that both halves of the range are there */
static int32_t code_of(long frame, unsigned ch) {
        int32_t code = (generation * max_frames + frame) * stride + ch + 1;

        return ch % 2 ? -code : code;
}

static int32_t nanovolts_of(int32_t code) {
        int64_t nv = (int64_t)code * ADS1299_VREF_UV * 1000 / GAIN;

        return nv / (1 << ADS1299_CODE_BITS);
}

/* Counted in a file */
static int next_generation(void) {
        int fd;

        fd = open("/tmp/ramp.generation", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || pread(fd, &generation, sizeof(generation), 0) < 0) {
                perror("/tmp/ramp.generation");
                return -1;
        }
        generation = (generation + 1) % GENERATIONS;
        if (pwrite(fd, &generation, sizeof(generation), 0) != sizeof(generation)) {
                perror("/tmp/ramp.generation");
                return -1;
        }
        close(fd);
        return 0;
}

/* The child: gives up with the device or with its parent, and ends when all is played */
static int write_ramp(unsigned channels, long frames) {
        int32_t frame[MAX_CHANNELS];
        int fd;

        fd = open(SIM, O_WRONLY);
        if (fd < 0) {
                perror(SIM);
                return 1;
        }

        for (long n = 0; n < frames + MORE_FRAMES; n++) {
                for (unsigned ch = 0; ch < channels; ch++)
                        frame[ch] = nanovolts_of(code_of(n, ch));
                if (write(fd, frame, sizeof(*frame) * channels) < 0) {
                        perror("write");
                        return 1;
                }
        }
        if (fsync(fd) < 0) {
                perror("fsync");
                return 1;
        }

        return 0;
}

struct reader {
        unsigned channels;
        bool lossy;
        long next;              /* frame that should come now */
        long scans, missing, flagged;
        int64_t last_ns;
        pid_t writer;           /* 0: has ended */
        int64_t played_ns;      /* when that was seen: no frame comes later */
};

static bool silent(const struct reader *r, const int32_t *scan) {
        for (unsigned ch = 0; ch < r->channels; ch++)
                if (scan[ch] >> 8)
                        return false;
        return true;
}

static int check_time(struct reader *r, const int32_t *scan) {
        int64_t ns;

        memcpy(&ns, scan + r->channels, sizeof(ns));
        if (ns <= r->last_ns) {
                fprintf(stderr, "scan %ld: time %" PRId64 " ns after %" PRId64 " ns\n", r->scans, ns, r->last_ns);
                return -EINVAL;
        }
        r->last_ns = ns;
        return 0;
}

/* Is that scan from after the last frame? Its time is that of the default clock of IIO */
static bool past_the_end(struct reader *r) {
        struct timespec now;

        if (r->writer > 0 && waitpid(r->writer, NULL, WNOHANG) == r->writer) {
                clock_gettime(CLOCK_REALTIME, &now);
                r->played_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
                r->writer = 0;
        }

        return r->writer == 0 && r->last_ns > r->played_ns;
}

static int check_scan(struct reader *r, const int32_t *scan) {
        long frame;
        int ret;

        r->scans++;
        ret = check_time(r, scan);
        if (ret < 0)
                return ret;

        if (scan[0] & 0xff) {
                r->flagged++;
                if (!r->lossy) {
                        fprintf(stderr, "scan %ld: flags 0x%02x\n", r->scans, scan[0] & 0xff);
                        return -EINVAL;
                }
        }

        if (silent(r, scan) && (!r->next || r->lossy))
                return 0;       /* nothing written yet, or not in time */

        frame = ((scan[0] >> 8) - 1) / stride - generation * max_frames;
        if (!r->next && (frame < 0 || frame >= max_frames))
                return 0;       /* another's */
        if (frame < r->next || (frame > r->next && !r->lossy)) {
                fprintf(stderr, "scan %ld: frame %ld instead of %ld\n", r->scans, frame, r->next);
                return -EINVAL;
        }
        for (unsigned ch = 0; ch < r->channels; ch++)
                if (scan[ch] >> 8 != code_of(frame, ch)) {
                        fprintf(stderr, "frame %ld, channel %u: code %d instead of %d\n", frame, ch, scan[ch] >> 8,
                                code_of(frame, ch));
                        return -EINVAL;
                }

        r->missing += frame - r->next;
        r->next = frame + 1;
        return 0;
}

static int read_ramp(struct reader *r, int fd, long frames) {
        size_t words = r->channels + sizeof(int64_t) / sizeof(int32_t);
        int32_t scans[SCANS_PER_READ][MAX_CHANNELS + sizeof(int64_t) / sizeof(int32_t)];
        ssize_t n;
        int ret;

        while (r->next < frames && !past_the_end(r)) {
                n = read(fd, scans, words * sizeof(int32_t) * SCANS_PER_READ);
                if (n < 0)
                        return -errno;
                if (n == 0 || n % (words * sizeof(int32_t)) != 0) {
                        fprintf(stderr, "read: %zd bytes\n", n);
                        return -EIO;
                }
                for (size_t i = 0; i < n / (words * sizeof(int32_t)); i++) {
                        ret = check_scan(r, (int32_t *)scans + i * words);
                        if (ret < 0)
                                return ret;
                }
        }

        if (r->next >= frames)
                return 0;
        fprintf(stderr, "frames from %ld on never came\n", r->next);
        return -EINVAL;
}

int main(int argc, char *argv[]) {
        struct reader r = {.lossy = argc > 4 && !strcmp(argv[4], "lossy")};
        long frames;
        pid_t writer;
        int fd, ret;

        if (argc < 4) {
                fprintf(stderr, "usage: ramp CHANNELS FRAMES BUFFER [lossy]\n");
                return 1;
        }
        if (next_generation() < 0)
                return 1;
        r.channels = atoi(argv[1]);
        frames = atol(argv[2]);
        if (r.channels > ADS1299_MAX_CHANNELS)
                stride = MAX_CHANNELS;
        max_frames = (1L << ADS1299_CODE_BITS) / stride / (GENERATIONS + 1);
        if (r.channels < 1 || r.channels > MAX_CHANNELS || frames < 1 || frames > max_frames - MORE_FRAMES) {
                fprintf(stderr, "ramp: at most %d channels and %ld frames\n", MAX_CHANNELS,
                        max_frames - MORE_FRAMES);
                return 1;
        }

        fd = open(argv[3], O_RDONLY);
        if (fd < 0) {
                perror(argv[3]);
                return 1;
        }

        writer = fork();
        if (writer < 0) {
                perror("fork");
                return 1;
        }
        if (writer == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                _exit(write_ramp(r.channels, frames));
        }

        r.writer = writer;
        ret = read_ramp(&r, fd, frames);
        if (r.writer > 0) {
                /* What is left in the queue would be the input of whatever comes next */
                if (ret < 0)
                        kill(r.writer, SIGKILL);
                waitpid(r.writer, NULL, 0);
        }

        printf("scans %ld frames %ld missing %ld flagged %ld\n", r.scans, r.next, r.missing, r.flagged);
        if (ret == -ENODEV)
                return 3;
        if (ret < 0)
                fprintf(stderr, "ramp: %s\n", strerror(-ret));
        return ret < 0;
}
