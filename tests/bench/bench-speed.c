/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-speed RATE CHANNELS SECONDS [FILE]: lets the detector run over noise with hum and prints
 * "<CPU seconds> <bytes allocated> <channel-samples>". With FILE the samples are written there, int32 counts, for others
 * to run over, too.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scene.h"
#include "subject.h"
#include "tests/synth/options.h"

#define BLOCK_FRAMES 64                 /* as the service reads them */

static double cpu_s(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static int write_all(const char *path, const int32_t *codes, size_t n) {
        _cleanup_fclose_ FILE *f = fopen(path, "we");

        if (!f || fwrite(codes, sizeof(*codes), n, f) != n || fflush(f) != 0) {
                fprintf(stderr, "bench-speed: %s: %s\n", path, strerror(errno));
                return -EIO;
        }
        return 0;
}

/* All samples beforehand: making them takes longer than judging them. */
static int make_signal(const SceneConfig *config, int32_t **ret, size_t *ret_n_frames) {
        _cleanup_(scene_freep) Scene *scene = NULL;
        size_t n = 0, n_frames, n_injections, frames = (size_t) config->seconds * config->rate_hz;
        _cleanup_free_ int32_t *all = NULL;
        const Injection *injections;
        const int32_t *codes;

        int r = scene_new(config, &scene);
        if (r < 0)
                return r;
        all = malloc((frames + (size_t) SCENE_SEGMENT_S * config->rate_hz) * config->n_channels * sizeof(*all));
        if (!all)
                return -ENOMEM;
        while (n < frames && scene_next(scene, &codes, &n_frames, &injections, &n_injections)) {
                memcpy(all + n * config->n_channels, codes, n_frames * config->n_channels * sizeof(*all));
                n += n_frames;
        }
        *ret = TAKE_PTR(all);
        *ret_n_frames = n;
        return 0;
}

static int run(const SceneConfig *config, const char *path) {
        _cleanup_(subject_freep) Subject *subject = NULL;
        _cleanup_fclose_ FILE *nowhere = fopen("/dev/null", "we");
        _cleanup_free_ int32_t *codes = NULL;
        size_t n_frames = 0;

        int r = nowhere ? make_signal(config, &codes, &n_frames) : -errno;
        if (r < 0)
                return r;
        if (path) {
                r = write_all(path, codes, n_frames * config->n_channels);
                if (r < 0)
                        return r;
        }

        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        r = subject_new(config->rate_hz, config->n_channels, 1, false, nowhere, NULL, &subject);
        if (r < 0)
                return r;
        size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;

        double from_s = cpu_s();
        for (size_t i = 0; i < n_frames; i += BLOCK_FRAMES)
                subject_push_block(subject, codes + i * config->n_channels, MIN(n_frames - i, (size_t) BLOCK_FRAMES));
        printf("%.6f %zu %zu\n", cpu_s() - from_s, bytes, n_frames * config->n_channels);
        return 0;
}

int main(int argc, char *argv[]) {
        SceneConfig config = scene_config_default;
        unsigned seconds;

        if (argc < 4 || argc > 5) {
                fprintf(stderr, "bench-speed RATE CHANNELS SECONDS [FILE]\n");
                return EXIT_FAILURE;
        }
        int r = option_unsigned("rate", argv[1], 250, 16000, &config.rate_hz);
        if (r >= 0)
                r = option_unsigned("channels", argv[2], 1, SCENE_CHANNELS_MAX, &config.n_channels);
        if (r >= 0)
                r = option_unsigned("seconds", argv[3], SCENE_SEGMENT_S, 3600, &seconds);
        if (r < 0)
                return EXIT_FAILURE;
        config.seconds = seconds;
        config.twitches = false;
        config.mains_uv = 20;

        r = run(&config, argv[4]);
        if (r < 0)
                fprintf(stderr, "bench-speed: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
