/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay RATE CHANNELS [BLOCK] < NANOVOLTS: runs the detector over frames of int32 nanovolts and prints all it says,
 * with all digits. BLOCK frames are pushed at once (64). Nothing but the detector and the C library, so that it can be
 * built for any machine.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/detect/detect.h"

#define LSB_UV 0.001                    /* the input's nanovolts */
#define RAIL 187500000                  /* 4.5 V at gain 24, in nanovolts */
#define CHANNELS_MAX 64u
#define BLOCK_MAX 4096u

static void print_channels(const unsigned *channels, size_t n) {
        for (size_t i = 0; i < n; i++)
                printf("%s%u", i > 0 ? "+" : "", channels[i]);
}

static void on_event(const DetectEvent *e, void *userdata) {
        printf("event %s ", event_kind_to_string(e->kind));
        print_channels(e->channels, e->n_channels);
        printf(" %u %.17g %.17g %.17g %.17g %.17g\n", e->discharges, e->peak, e->onset, e->end, e->amplitude_uv, e->snr);
}

static void on_artefact(const DetectArtefact *a, void *userdata) {
        printf("artefact %s ", artefact_cause_to_string(a->cause));
        print_channels(a->channels, a->n_channels);
        printf(" 0 %.17g %.17g\n", a->from, a->to);
}

static void on_notice(const DetectNotice *n, void *userdata) {
        printf("notice - ");
        print_channels(n->channels, n->n_channels);
        printf(" 0 %.17g %.17g %.17g\n", n->peak, n->amplitude_uv, n->snr);
}

static int new_detector(double rate_hz, unsigned n_channels, Detector **ret) {
        double lsb_uv[CHANNELS_MAX];
        int32_t code_min[CHANNELS_MAX], code_max[CHANNELS_MAX];

        for (unsigned i = 0; i < n_channels; i++) {
                lsb_uv[i] = LSB_UV;
                code_min[i] = -RAIL;
                code_max[i] = RAIL;
        }
        return detector_new(&(DetectConfig) {
                .rate_hz = rate_hz,
                .n_channels = n_channels,
                .lsb_uv = lsb_uv,
                .code_min = code_min,
                .code_max = code_max,
                .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT,
                .on_event = on_event,
                .on_artefact = on_artefact,
                .on_notice = on_notice,
        }, ret);
}

int main(int argc, char *argv[]) {
        double rate_hz = argc > 2 ? strtod(argv[1], NULL) : 0;
        unsigned long n_channels = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
        unsigned long block = argc > 3 ? strtoul(argv[3], NULL, 10) : 64;
        static int32_t frames[BLOCK_MAX * CHANNELS_MAX];
        Detector *d;
        size_t n;

        if (argc > 4 || n_channels < 1 || n_channels > CHANNELS_MAX || block < 1 || block > BLOCK_MAX) {
                fprintf(stderr, "replay RATE CHANNELS [BLOCK] < NANOVOLTS\n");
                return EXIT_FAILURE;
        }
        int r = new_detector(rate_hz, (unsigned) n_channels, &d);
        if (r < 0) {
                fprintf(stderr, "replay: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        while ((n = fread(frames, n_channels * sizeof *frames, block, stdin)) > 0)
                detector_push(d, frames, NULL, n);
        detector_finish(d);
        for (unsigned i = 0; i < n_channels; i++) {
                DetectChannelStats s;

                if (detector_get_channel_stats(d, i, &s) >= 0)
                        printf("channel - %u 0 %.17g %.17g %.17g\n", i, s.noise_uv, s.floor_uv, s.exposure_s);
        }
        detector_free(d);
        return EXIT_SUCCESS;
}
