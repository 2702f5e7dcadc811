/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-hearts SEED [HEARTS [MINUTES]]: so many hearts of each kind, each of its own shape (tests/synth/ecg.c), in 1 to 8 channels
 * of 3 uV of noise, white to skin-like, with a few twitches of 12 sigma. Prints for each kind the false alarms an hour and channel,
 * in all and after the first half minute, the share of the twitches that were found, and those of the worst heart.
 *
 * Seeds from 1 on are for training, from 1001 on for a test that is made once and printed whatever it is.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/detect/detect.h"
#include "tests/synth/ecg.h"
#include "tests/synth/options.h"
#include "tests/synth/synth.h"
#include "util.h"

#define CHANNELS_MAX 8u
#define RATE_HZ 1000u
#define LSB_UV 0.02235                  /* ADS1299 at gain 24 */
#define CODE_MAX 8388607
#define NOISE_UV 3.0
#define TWITCH_SIGMA 12.0
#define TWITCHES_PER_MINUTE 4.0
#define LEAD_IN_S 3.0                   /* the noise is not known before */
#define LEARNED_S 30.0
#define NEAR_S 0.025
#define BLOCK_FRAMES 500u
#define DETECTIONS_MAX 8192u

typedef struct Kind {
        const char *name;
        double uv_lo, uv_hi;            /* from peak to peak; over the channels of a heart */
        EcgRhythm rhythm;
} Kind;

static const Kind kinds[] = {
        { "none", 0, 0, { .premature = 0 } },
        { "5 to 15 uV", 5, 15, { .premature = 0 } },
        { "15 to 30 uV", 15, 30, { .premature = 0 } },
        { "30 to 60 uV", 30, 60, { .premature = 0 } },
        { "60 to 300 uV", 60, 300, { .premature = 0 } },
        { "300 to 1000 uV", 300, 1000, { .premature = 0 } },
        { "5 to 1000 uV", 5, 1000, { .premature = 0 } },
        { "10 to 60 uV, breathing", 10, 60, { .breathes = 0.2, .uneven = 0.06 } },
        { "10 to 60 uV, ectopic beats", 10, 60, { .premature = 0.08, .dropped = 0.02 } },
        { "10 to 60 uV, fibrillation", 10, 60, { .uneven = 0.2 } },
        { "10 to 60 uV, pacemaker", 10, 60, { .paced = true } },
        { "10 to 60 uV, ever faster", 10, 60, { .period_s = 0.42, .change_s = 200 } },
};

typedef struct Detections {
        size_t n;
        struct { double at_s; bool on[CHANNELS_MAX], used; } list[DETECTIONS_MAX];
} Detections;

typedef struct Score {
        double hours;                   /* of channels */
        size_t alarms, late_alarms, twitches, found;
} Score;

static void take_event(const DetectEvent *event, void *userdata) {
        Detections *d = userdata;

        if (!event_kind_is_twitch(event->kind) || d->n == DETECTIONS_MAX)
                return;
        d->list[d->n].at_s = event->peak / RATE_HZ;
        memset(d->list[d->n].on, 0, sizeof d->list[d->n].on);
        d->list[d->n].used = false;
        for (size_t i = 0; i < event->n_channels; i++)
                d->list[d->n].on[event->channels[i]] = true;
        d->n++;
}

static int new_detector(unsigned n_channels, Detections *detections, Detector **ret) {
        double lsb_uv[CHANNELS_MAX];
        int32_t min[CHANNELS_MAX], max[CHANNELS_MAX];

        for (unsigned c = 0; c < n_channels; c++) {
                lsb_uv[c] = LSB_UV;
                min[c] = -CODE_MAX - 1;
                max[c] = CODE_MAX;
        }
        return detector_new(&(DetectConfig) {
                .rate_hz = RATE_HZ,
                .n_channels = n_channels,
                .lsb_uv = lsb_uv,
                .code_min = min,
                .code_max = max,
                .false_alarms_per_hour = 1,
                .on_event = take_event,
                .userdata = detections,
        }, ret);
}

static void score(const Synth *synth, Detections *d, unsigned n_channels, Score *ret) {
        size_t n;
        const SynthTwitch *twitches = synth_twitches(synth, &n);

        *ret = (Score) { .hours = synth_config(synth)->seconds * n_channels / 3600.0, .twitches = n };
        for (size_t k = 0; k < n; k++)
                for (size_t i = 0; i < d->n; i++)
                        if (!d->list[i].used && d->list[i].on[twitches[k].channel] &&
                            fabs(d->list[i].at_s - twitches[k].time_s) < NEAR_S) {
                                d->list[i].used = true;
                                ret->found++;
                                break;
                        }
        for (size_t i = 0; i < d->n; i++) {
                ret->alarms += !d->list[i].used;
                ret->late_alarms += !d->list[i].used && d->list[i].at_s > LEARNED_S;
        }
}

/* One heart. */
static int run(const Kind *kind, uint64_t seed, unsigned minutes, Score *ret) {
        static Detections detections;
        static double uv[BLOCK_FRAMES * CHANNELS_MAX];
        static int32_t codes[BLOCK_FRAMES * CHANNELS_MAX];
        _cleanup_(synth_freep) Synth *synth = NULL;
        SynthEcgChannel channels[CHANNELS_MAX];
        SynthConfig config = synth_config_default;
        const char *error;
        Detector *d;
        SynthEcg ecg;
        Prng prng;
        size_t n;

        prng_init(&prng, seed, PRNG_SCENE, 0);
        unsigned n_channels = 1u << prng_below(&prng, 4);
        config.rate_hz = RATE_HZ;
        config.n_channels = n_channels;
        config.seconds = 60 * minutes;
        config.seed = seed;
        config.noise_uv = NOISE_UV;
        config.noise_corner_hz = prng_below(&prng, 3) * 25.0;
        config.mains_uv = 0;
        config.twitches_per_minute = TWITCHES_PER_MINUTE;
        config.lead_in_s = LEAD_IN_S;
        config.amplitude_sigma_lo = config.amplitude_sigma_hi = TWITCH_SIGMA;
        config.neighbours = false;
        int r = synth_new(&config, &synth, &error);
        if (r < 0) {
                fprintf(stderr, "bench-hearts: %s\n", error);
                return r;
        }
        synth_ecg_init(&ecg, seed, RATE_HZ);
        synth_ecg_set_rhythm(&ecg, seed, &kind->rhythm);
        synth_ecg_draw_shape(&ecg, seed);
        for (unsigned c = 0; c < n_channels && kind->uv_hi > 0; c++)
                synth_ecg_draw_channel(&ecg, channels + c, seed, c, prng_log_range(&prng, kind->uv_lo, kind->uv_hi));

        detections.n = 0;
        r = new_detector(n_channels, &detections, &d);
        if (r < 0)
                return r;
        while ((n = synth_read(synth, uv, BLOCK_FRAMES)) > 0) {
                for (size_t f = 0; f < n; f++) {
                        synth_ecg_next(&ecg);
                        for (unsigned c = 0; c < n_channels; c++) {
                                double x = uv[f * n_channels + c];

                                x += kind->uv_hi > 0 ? synth_ecg_value(&ecg, channels + c) : 0;
                                codes[f * n_channels + c] = (int32_t) lround(x / LSB_UV);
                        }
                }
                detector_push(d, codes, NULL, n);
        }
        detector_finish(d);
        detector_free(d);
        score(synth, &detections, n_channels, ret);
        return 0;
}

static int run_kind(const Kind *kind, uint64_t seed, unsigned n_hearts, unsigned minutes) {
        Score all = { .hours = 0 };
        double worst = 0, least = 1;

        for (unsigned i = 0; i < n_hearts; i++) {
                Score s;

                int r = run(kind, seed + i, minutes, &s);
                if (r < 0)
                        return r;
                all.hours += s.hours;
                all.alarms += s.alarms;
                all.late_alarms += s.late_alarms;
                all.twitches += s.twitches;
                all.found += s.found;
                worst = fmax(worst, (double) s.alarms / s.hours);
                least = fmin(least, (double) s.found / (double) s.twitches);
        }
        double late_hours = all.hours * (1 - LEARNED_S / (60 * minutes));
        printf("%-28s %8.2f %8.2f %8.1f %8.2f %8.1f\n", kind->name, (double) all.alarms / all.hours,
               (double) all.late_alarms / late_hours, worst, 100 * (double) all.found / (double) all.twitches, 100 * least);
        fflush(stdout);
        return 0;
}

int main(int argc, char **argv) {
        uint64_t seed = 1;
        unsigned n_hearts = 12, minutes = 5;

        if (argc > 4 || (argc > 1 && option_u64("seed", argv[1], &seed) < 0) ||
            (argc > 2 && option_unsigned("hearts", argv[2], 1, 10000, &n_hearts) < 0) ||
            (argc > 3 && option_unsigned("minutes", argv[3], 1, 600, &minutes) < 0))
                return EXIT_FAILURE;
        printf("%u hearts of each kind, %u minutes each, from seed %" PRIu64 "\n", n_hearts, minutes, seed);
        printf("%-28s %8s %8s %8s %8s %8s\n", "", "FA/h/ch", "later", "worst", "found %", "worst");
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (run_kind(kinds + i, seed, n_hearts, minutes) < 0)
                        return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
