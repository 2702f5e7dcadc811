/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tell what came of the frames of `play`:
 *
 *   tell CHANNELS FRAMES SCANS
 *
 * SCANS is a file of what was read from the buffer: samples le:s24/32>>8, and a timestamp. Prints words of
 * the form name=value for a shell:
 *
 *   scans     in the file
 *   missing   frames that no scan has; silent: scans with all inputs at 0 V, before or after the frames
 *   gaps      places where frames are missing; told: those whose next scan says so by ADS1299_FLAG_LOST
 *   stray     scans that say so though nothing is missing before them
 *   wrong     samples with another code than their frame's, wrong_bits: all bits in which they differ
 *   backward  scans that come again, or after a later one
 *   astray    scans whose time is off the grid of the others by half a period or more
 *   p_off, n_off  masks of the channels whose electrodes are reported off, off_scans: in how many scans
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbered.h"

struct scan {
        long frame;             /* -1: silent, -2: nobody's */
        uint8_t flags;
        int64_t stamp_ns;
};

struct report {
        long silent, missing, gaps, told, stray, wrong, backward, astray, off_scans;
        uint32_t wrong_bits, p_off, n_off;
};

static int by_size(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

/* Whose frame it is, which its other channels have to confirm: one with a wrong bit must not be taken for another */
static long frame_of(const int32_t *sample, unsigned channels) {
        for (unsigned ch = 0; ch < channels; ch++) {
                int32_t code = sample[ch] >> 8;
                long frame = numbered_frame((ch % 2 ? -code : code) - (int32_t)ch);
                unsigned agree = 0;

                for (unsigned i = 0; frame >= 0 && i < channels; i++)
                        agree += sample[i] >> 8 == numbered_code(frame, i);
                if (frame >= 0 && agree >= channels - 1)
                        return frame;
        }
        return -2;
}

static void look_at(struct report *report, struct scan *scan, const int32_t *sample, unsigned channels) {
        uint32_t any = 0, p_off = 0, n_off = 0;

        for (unsigned ch = 0; ch < channels; ch++) {
                any |= sample[ch] >> 8;
                p_off |= (sample[ch] & ADS1299_FLAG_P_OFF ? 1u : 0) << ch;
                n_off |= (sample[ch] & ADS1299_FLAG_N_OFF ? 1u : 0) << ch;
        }
        scan->flags = sample[0] & 0xff;
        report->p_off |= p_off;
        report->n_off |= n_off;
        report->off_scans += p_off || n_off;
        scan->frame = any ? frame_of(sample, channels) : -1;
        if (scan->frame >= 0)
                for (unsigned ch = 0; ch < channels; ch++) {
                        int32_t bits = sample[ch] >> 8 ^ numbered_code(scan->frame, ch);

                        report->wrong += bits != 0;
                        report->wrong_bits |= bits & 0xffffff;
                }
        else if (scan->frame == -2)
                report->wrong += channels;
}

/* A frame of nobody (all channels wrong) takes the place of the next one */
static void follow(struct report *report, struct scan *scans, long n, long frames) {
        long next = 0;

        for (long i = 0; i < n; i++) {
                bool lost = scans[i].flags & ADS1299_FLAG_LOST;

                if (scans[i].frame == -1) {
                        report->silent++;
                        report->stray += lost && next == 0;
                        continue;
                }
                if (scans[i].frame == -2)
                        scans[i].frame = next;
                if (scans[i].frame < next) {
                        report->backward++;
                        continue;
                }
                if (scans[i].frame > next) {
                        report->missing += scans[i].frame - next;
                        report->gaps++;
                        report->told += lost;
                } else {
                        report->stray += lost;
                }
                next = scans[i].frame + 1;
        }
        report->missing += frames - next;
}

/* The median interval of neighbours is the period; each scan is held to the line through the median of all */
static void look_at_times(struct report *report, const struct scan *scans, long n) {
        int64_t *values = malloc((n + 1) * sizeof(*values)), period_ns, offset_ns;
        long count = 0;

        if (!values)
                exit(1);
        for (long i = 1; i < n; i++)
                if (scans[i - 1].frame >= 0 && scans[i].frame == scans[i - 1].frame + 1)
                        values[count++] = scans[i].stamp_ns - scans[i - 1].stamp_ns;
        qsort(values, count, sizeof(*values), by_size);
        period_ns = count ? values[count / 2] : 0;

        count = 0;
        for (long i = 0; i < n; i++)
                if (scans[i].frame >= 0)
                        values[count++] = scans[i].stamp_ns - scans[i].frame * period_ns;
        qsort(values, count, sizeof(*values), by_size);
        offset_ns = count ? values[count / 2] : 0;
        for (long i = 0; i < n; i++)
                if (scans[i].frame >= 0)
                        report->astray += llabs(scans[i].stamp_ns - scans[i].frame * period_ns - offset_ns) >= period_ns / 2;
        free(values);
}

int main(int argc, char *argv[]) {
        struct report report = {0};
        struct scan *scans = NULL;
        unsigned channels, words;
        int32_t row[NUMBERED_MAX_CHANNELS + 2];
        long n = 0, size = 0;
        FILE *f;

        if (argc != 4) {
                fprintf(stderr, "usage: tell CHANNELS FRAMES SCANS\n");
                return 1;
        }
        channels = atoi(argv[1]);
        f = fopen(argv[3], "re");
        if (!f || channels < 1 || channels > NUMBERED_MAX_CHANNELS) {
                perror(argv[3]);
                return 1;
        }
        words = channels + sizeof(int64_t) / sizeof(int32_t);
        while (fread(row, sizeof(*row), words, f) == words) {
                if (n == size) {
                        size = size ? 2 * size : 4096;
                        scans = realloc(scans, size * sizeof(*scans));
                        if (!scans)
                                return 1;
                }
                look_at(&report, &scans[n], row, channels);
                memcpy(&scans[n].stamp_ns, row + channels, sizeof(scans[n].stamp_ns));
                n++;
        }
        fclose(f);
        follow(&report, scans, n, atol(argv[2]));
        look_at_times(&report, scans, n);
        free(scans);

        printf("scans=%ld silent=%ld missing=%ld gaps=%ld told=%ld stray=%ld wrong=%ld wrong_bits=0x%06" PRIx32
               " backward=%ld astray=%ld p_off=0x%" PRIx32 " n_off=0x%" PRIx32 " off_scans=%ld\n",
               n, report.silent, report.missing, report.gaps, report.told, report.stray, report.wrong, report.wrong_bits,
               report.backward, report.astray, report.p_off, report.n_off, report.off_scans);
        return 0;
}
