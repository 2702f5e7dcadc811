/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Are the volts of the scans those at the inputs of the simulated chip?
 *
 *   levels play CHANNELS GAIN UNIT_NV           write levels into the hat and wait until all are converted
 *   levels check CHANNELS GAIN UNIT_NV SCANS SCALE...
 *                                               SCANS are those levels
 *   levels constant CHANNELS GAIN SCANS UV...   SCANS are so many microvolts, one number a channel, all the time
 *   levels square CHANNELS GAIN SCANS UV        SCANS are a square wave between -UV and +UV, both seen
 *
 * The levels go through the whole range of the gain and beyond both ends of it, in large steps and in
 * quarters of an LSB, on every channel others at the same time. UNIT_NV: what the hat takes a value of a
 * frame for (board/frame_unit_nv). SCALE...: what sysfs says of each channel, in millivolts.
 *
 * Right is what is within 1 LSB of the input, or of the end of the range that the input is beyond.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ads1299.h"

#define FRAMES 400
#define MAX_CHANNELS (4 * ADS1299_MAX_CHANNELS)

struct range {
        unsigned channels;
        double full_nv, lsb_nv;
};

static struct range range_of(unsigned channels, unsigned gain) {
        double full_nv = ADS1299_VREF_UV * 1e3 / gain;

        return (struct range){.channels = channels, .full_nv = full_nv, .lsb_nv = full_nv / (1 << ADS1299_CODE_BITS)};
}

/* Frame 0 is the marker: all channels at half the range */
static double level_nv(const struct range *range, long frame, unsigned ch) {
        double lsb_nv = range->lsb_nv, full_nv = range->full_nv, sign = (frame + ch) % 2 ? -1 : 1;

        if (frame == 0)
                return full_nv / 2;
        if (frame < 20)         /* far beyond, and then up to both ends in small steps */
                return sign * (frame < 4 ? full_nv * (1 + 0.02 * frame) : full_nv + (frame - 16) * lsb_nv / 2);
        if (frame < 100)        /* about 0 */
                return (frame - 60) * lsb_nv / 4 + ch * lsb_nv;
        /* through it all */
        return ((frame - 100) / (double)(FRAMES - 101) * 2 - 1) * full_nv * 1.01 + ch * 1000.3 * lsb_nv;
}

static int32_t value(const struct range *range, long frame, unsigned ch, unsigned unit_nv) {
        double v = level_nv(range, frame, ch) / unit_nv;

        if (fabs(v) > INT32_MAX) {
                fprintf(stderr, "levels: %g nV do not fit into units of %u nV\n", v * unit_nv, unit_nv);
                exit(1);
        }
        return lrint(v);
}

static int play(const struct range *range, unsigned unit_nv) {
        int fd = open("/dev/ads1299-sim0", O_WRONLY | O_CLOEXEC);

        if (fd < 0) {
                perror("/dev/ads1299-sim0");
                return 1;
        }
        for (long frame = 0; frame < FRAMES; frame++) {
                int32_t row[MAX_CHANNELS];

                for (unsigned ch = 0; ch < range->channels; ch++)
                        row[ch] = value(range, frame, ch, unit_nv);
                if (write(fd, row, range->channels * sizeof(*row)) < 0) {
                        perror("write");
                        return 1;
                }
        }
        return fsync(fd) < 0;
}

/* The next scan; its codes. False at the end */
static bool next_scan(FILE *f, unsigned channels, int32_t *code) {
        int32_t row[MAX_CHANNELS + 2];
        unsigned words = channels + sizeof(int64_t) / sizeof(int32_t);

        if (fread(row, sizeof(*row), words, f) != words)
                return false;
        for (unsigned ch = 0; ch < channels; ch++)
                code[ch] = row[ch] >> 8;
        return true;
}

static double clip(const struct range *range, double nv) {
        return fmin(fmax(nv, -range->full_nv), range->full_nv - range->lsb_nv);
}

static int report(unsigned ch, const char *what, long at, double is_nv, double should_be_nv) {
        fprintf(stderr, "channel %u, %s %ld: %.3f nV instead of %.3f nV\n", ch, what, at, is_nv, should_be_nv);
        return 1;
}

static int check(const struct range *range, FILE *f, unsigned unit_nv, char *const scale[]) {
        int32_t code[MAX_CHANNELS];
        bool top[MAX_CHANNELS] = {0}, bottom[MAX_CHANNELS] = {0};
        double worst = 0;
        long frame = 0;

        /* Nine decimals of a millivolt are what the IIO core prints; the rest is cut off */
        for (unsigned ch = 0; ch < range->channels; ch++)
                if (!(fabs(floor(range->lsb_nv * 1e3) / 1e3 - strtod(scale[ch], NULL) * 1e6) < 1e-6))
                        return report(ch, "scale", 0, strtod(scale[ch], NULL) * 1e6, range->lsb_nv);

        /* To the marker: before it there is silence, or what was there before */
        while (next_scan(f, range->channels, code)) {
                if (frame == 0 && fabs(code[0] * range->lsb_nv - level_nv(range, 0, 0)) > 2 * range->lsb_nv)
                        continue;
                if (frame == FRAMES)
                        break;
                for (unsigned ch = 0; ch < range->channels; ch++) {
                        double input_nv = (double)value(range, frame, ch, unit_nv) * unit_nv;
                        double nv = code[ch] * range->lsb_nv, error;

                        error = fabs(nv - clip(range, input_nv)) / range->lsb_nv;
                        if (error > 1)
                                return report(ch, "frame", frame, nv, clip(range, input_nv));
                        worst = fmax(worst, error);
                        top[ch] |= code[ch] == ADS1299_CODE_MAX;
                        bottom[ch] |= code[ch] == ADS1299_CODE_MIN;
                }
                frame++;
        }
        if (frame < FRAMES) {
                fprintf(stderr, "%ld frames of %d came\n", frame, FRAMES);
                return 1;
        }
        for (unsigned ch = 0; ch < range->channels; ch++)
                if (!top[ch] || !bottom[ch]) {
                        fprintf(stderr, "channel %u did not reach both ends\n", ch);
                        return 1;
                }
        printf("%.3f\n", worst);
        return 0;
}

static int check_constant(const struct range *range, FILE *f, char *const uv[]) {
        int32_t code[MAX_CHANNELS];
        long scans = 0;

        while (next_scan(f, range->channels, code)) {
                for (unsigned ch = 0; ch < range->channels; ch++) {
                        double should_be_nv = clip(range, strtod(uv[ch], NULL) * 1e3);

                        if (fabs(code[ch] * range->lsb_nv - should_be_nv) > range->lsb_nv)
                                return report(ch, "scan", scans, code[ch] * range->lsb_nv, should_be_nv);
                }
                scans++;
        }
        if (!scans)
                fprintf(stderr, "no scans\n");
        return !scans;
}

static int check_square(const struct range *range, FILE *f, double nv) {
        int32_t code[MAX_CHANNELS];
        long high = 0, low = 0;

        while (next_scan(f, range->channels, code))
                for (unsigned ch = 0; ch < range->channels; ch++) {
                        double is_nv = code[ch] * range->lsb_nv;

                        if (fabs(fabs(is_nv) - nv) > range->lsb_nv)
                                return report(ch, "scan", high + low, is_nv, is_nv < 0 ? -nv : nv);
                        *(is_nv > 0 ? &high : &low) += 1;
                }
        if (!high || !low)
                fprintf(stderr, "%ld samples at +, %ld at -%.3f nV\n", high, low, nv);
        return !high || !low;
}

int main(int argc, char *argv[]) {
        struct range range;
        unsigned channels, gain;
        FILE *f;

        if (argc < 5)
                goto usage;
        channels = atoi(argv[2]);
        gain = atoi(argv[3]);
        if (channels < 1 || channels > MAX_CHANNELS || gain < 1)
                goto usage;
        range = range_of(channels, gain);
        if (!strcmp(argv[1], "play"))
                return play(&range, atoi(argv[4]));

        f = fopen(argv[!strcmp(argv[1], "check") ? 5 : 4], "re");
        if (!f) {
                perror("levels");
                return 1;
        }
        if (!strcmp(argv[1], "check") && argc == 6 + (int)channels)
                return check(&range, f, atoi(argv[4]), argv + 6);
        if (!strcmp(argv[1], "constant") && argc == 5 + (int)channels)
                return check_constant(&range, f, argv + 5);
        if (!strcmp(argv[1], "square") && argc == 6)
                return check_square(&range, f, strtod(argv[5], NULL) * 1e3);
usage:
        fprintf(stderr, "usage: levels play CHANNELS GAIN UNIT_NV\n"
                        "       levels check CHANNELS GAIN UNIT_NV SCANS SCALE...\n"
                        "       levels constant CHANNELS GAIN SCANS UV...\n"
                        "       levels square CHANNELS GAIN SCANS UV\n");
        return 2;
}
