/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitch-play: a recording into the simulated hat, at its own speed. */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>

#include "hat.h"
#include "options.h"
#include "recording.h"
#include "track.h"

#define PROG program_invocation_short_name
#define BLOCK_FRAMES 64u
#define CHANNELS_MAX 640u               /* EDFlib's */
#define RATE_HZ_MAX 1000000u

typedef struct Arguments {
        const char *file, *device, *clock, *channels;
        unsigned rate_hz;               /* 0: the device's */
        double seconds;
        unsigned patience_s;
} Arguments;

typedef struct Player {
        Recording *recording;
        Hat *hat;
        unsigned rate_hz;
        unsigned n_tracks;
        Track **tracks;                 /* [n_tracks] */
        unsigned n_channels;            /* of a frame; those beyond n_tracks are 0 V */
        uint64_t clipped;
} Player;

static void help(void) {
        printf("%s [OPTIONS...] FILE --device PATH\n"
               "\n"
               "Plays an EDF, EDF+, BDF or BDF+ recording to the simulated hat, at its own speed and resampled\n"
               "to the rate of the device.\n"
               "\n"
               "  --device PATH    /dev/ads1299-sim0; a file, pipe or FIFO gets the frames of int32 nanovolts\n"
               "  --channels LIST  which to play, from 0, as in 0,2,4-7 (all)\n"
               "  --rate HZ        (the device's; for a file the recording's)\n"
               "  --seconds N      stop after so much of the recording\n"
               "  --clock FILE     when frames were converted, as CSV\n"
               "  --wait SECONDS   give up after so long without progress, 0: never (30)\n"
               "  --help --version\n",
               PROG);
}

enum { ARG_DEVICE = 0x100, ARG_CHANNELS, ARG_RATE, ARG_SECONDS, ARG_CLOCK, ARG_WAIT, ARG_HELP, ARG_VERSION };

static const struct option options[] = {
        { "device", required_argument, NULL, ARG_DEVICE },
        { "channels", required_argument, NULL, ARG_CHANNELS },
        { "rate", required_argument, NULL, ARG_RATE },
        { "seconds", required_argument, NULL, ARG_SECONDS },
        { "clock", required_argument, NULL, ARG_CLOCK },
        { "wait", required_argument, NULL, ARG_WAIT },
        { "help", no_argument, NULL, ARG_HELP },
        { "version", no_argument, NULL, ARG_VERSION },
        {},
};

static int usage_error(const char *what) {
        fprintf(stderr, "%s: %s (see --help)\n", PROG, what);
        return -EINVAL;
}

/* 1: go on, 0: all is done, negative: wrong. */
static int parse_arguments(int argc, char *argv[], Arguments *a) {
        int option, r = 0;

        while (r >= 0 && (option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'h':
                case ARG_HELP:
                        help();
                        return 0;
                case ARG_VERSION:
                        printf("%s %s\n", PROG, TWITCHD_VERSION);
                        return 0;
                case ARG_DEVICE:
                        a->device = optarg;
                        break;
                case ARG_CHANNELS:
                        a->channels = optarg;
                        break;
                case ARG_RATE:
                        r = option_unsigned("rate", optarg, 1, RATE_HZ_MAX, &a->rate_hz);
                        break;
                case ARG_SECONDS:
                        r = option_double("seconds", optarg, 0, 1e9, &a->seconds);
                        break;
                case ARG_CLOCK:
                        a->clock = optarg;
                        break;
                case ARG_WAIT:
                        r = option_unsigned("wait", optarg, 0, 86400, &a->patience_s);
                        break;
                default:
                        return -EINVAL;
                }
        if (r < 0)
                return r;
        if (optind != argc - 1)
                return usage_error(optind < argc ? "one recording at a time" : "which recording?");
        if (!a->device)
                return usage_error("--device PATH is missing");
        a->file = argv[optind];
        return 1;
}

/* --- channels -------------------------------------------------------------------- */

/* The next "N" or "N-M" of a list; moves *text behind it and a comma. */
static int next_range(const char **text, unsigned *ret_from, unsigned *ret_to) {
        unsigned from, to;
        int length = 0;

        if (!isdigit((unsigned char) **text) || sscanf(*text, "%u%n", &from, &length) != 1)
                return -EINVAL;
        *text += length;
        to = from;
        if (**text == '-') {
                (*text)++;
                if (!isdigit((unsigned char) **text) || sscanf(*text, "%u%n", &to, &length) != 1)
                        return -EINVAL;
                *text += length;
        }
        if (**text == ',')
                (*text)++;
        else if (**text != '\0')
                return -EINVAL;
        if (from > to)
                return -EINVAL;
        *ret_from = from;
        *ret_to = to;
        return 0;
}

static int parse_channels(const char *list, unsigned available, unsigned ret[static CHANNELS_MAX], unsigned *ret_n) {
        unsigned n = 0, from, to;

        for (const char *p = list; *p != '\0' || n == 0;) {
                if (next_range(&p, &from, &to) < 0) {
                        fprintf(stderr, "%s: --channels: '%s' is no list like 0,2,4-7\n", PROG, list);
                        return -EINVAL;
                }
                if (to >= available) {
                        fprintf(stderr, "%s: --channels: the recording has channels 0 to %u\n", PROG, available - 1);
                        return -EINVAL;
                }
                for (; from <= to; from++) {
                        if (n == CHANNELS_MAX)
                                return usage_error("--channels: too many");
                        ret[n++] = from;
                }
        }
        *ret_n = n;
        return 0;
}

static int select_channels(Player *p, const Arguments *a, unsigned ret[static CHANNELS_MAX]) {
        unsigned available = recording_n_channels(p->recording), of_device = hat_channels(p->hat);

        if (a->channels) {
                int r = parse_channels(a->channels, available, ret, &p->n_tracks);
                if (r < 0)
                        return r;
        } else
                for (p->n_tracks = 0; p->n_tracks < available; p->n_tracks++)
                        ret[p->n_tracks] = p->n_tracks;

        if (of_device > 0 && p->n_tracks > of_device) {
                fprintf(stderr, "%s: %s: %u channels do not fit into the %u of %s, choose with --channels\n", PROG,
                        a->file, p->n_tracks, of_device, a->device);
                return -EINVAL;
        }
        p->n_channels = of_device > 0 ? of_device : p->n_tracks;
        return 0;
}

/* --- playing ------------------------------------------------------------------------ */

static int settle_rate(Player *p, const Arguments *a, unsigned first_channel) {
        double own = recording_rate_hz(p->recording, first_channel);
        unsigned wanted = a->rate_hz;

        /* A file takes any rate: then no resampling, if the rate is one that can be named. */
        if (wanted == 0 && hat_channels(p->hat) == 0 && own == nearbyint(own) && own >= 1 && own <= RATE_HZ_MAX)
                wanted = (unsigned) own;
        return hat_settle_rate(p->hat, wanted, &p->rate_hz);
}

static int open_tracks(Player *p, const Arguments *a) {
        unsigned channels[CHANNELS_MAX];

        int r = select_channels(p, a, channels);
        if (r < 0)
                return r;
        r = settle_rate(p, a, channels[0]);
        if (r < 0)
                return r;

        p->tracks = calloc(p->n_tracks, sizeof(*p->tracks));
        if (!p->tracks)
                return -ENOMEM;
        for (unsigned i = 0; i < p->n_tracks; i++) {
                for (unsigned k = 0; k < i; k++)
                        if (channels[k] == channels[i])
                                return usage_error("--channels: a channel is named twice");
                recording_check_unit(p->recording, channels[i]);
                r = track_new(p->recording, channels[i], p->rate_hz, &p->tracks[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Interleaves the tracks; a track that has ended is 0 V. How many frames, 0 when all have ended. */
static ssize_t read_frames(Player *p, int32_t *frames, size_t n) {
        int32_t column[BLOCK_FRAMES];
        size_t longest = 0;

        memset(frames, 0, n * p->n_channels * sizeof(*frames));
        for (unsigned i = 0; i < p->n_tracks; i++) {
                ssize_t got = track_read(p->tracks[i], column, n, &p->clipped);
                if (got < 0)
                        return got;
                for (ssize_t k = 0; k < got; k++)
                        frames[k * p->n_channels + i] = column[k];
                longest = MAX(longest, (size_t) got);
        }
        return (ssize_t) longest;
}

static int play(Player *p, double seconds) {
        uint64_t left = seconds > 0 ? (uint64_t) ceil(seconds * p->rate_hz) : UINT64_MAX;
        _cleanup_free_ int32_t *frames = calloc(BLOCK_FRAMES * p->n_channels, sizeof(*frames));

        if (!frames)
                return -ENOMEM;
        while (left > 0) {
                ssize_t n = read_frames(p, frames, MIN(left, (uint64_t) BLOCK_FRAMES));
                if (n < 0)
                        return (int) n;
                if (n == 0)
                        break;
                int r = hat_write(p->hat, frames, (size_t) n, p->n_channels);
                if (r < 0)
                        return r;
                left -= n;
        }
        return hat_drain(p->hat);
}

static void player_done(Player *p) {
        for (unsigned i = 0; p->tracks && i < p->n_tracks; i++)
                track_free(p->tracks[i]);
        free(p->tracks);
        hat_free(p->hat);
        recording_free(p->recording);
}

static int run(const Arguments *a) {
        _cleanup_(player_done) Player p = {};
        HatConfig config = {
                .path = a->device,
                .clock_path = a->clock,
                .patience_s = a->patience_s,
                .stop = hat_catch_signals(),
        };

        int r = recording_open(a->file, &p.recording);
        if (r < 0)
                return r;
        r = hat_open(&config, &p.hat);
        if (r < 0)
                return r;
        r = open_tracks(&p, a);
        if (r < 0)
                return r;
        r = play(&p, a->seconds);
        if (p.clipped > 0)
                fprintf(stderr, "%s: %s: %" PRIu64 " values beyond +-2.147 V were clipped\n", PROG, a->file, p.clipped);
        if (r < 0)
                return r;
        fprintf(stderr, "%s: %s: %" PRIu64 " frames at %u Hz\n", PROG, a->file, hat_frames_written(p.hat), p.rate_hz);
        return 0;
}

int main(int argc, char *argv[]) {
        Arguments a = { .patience_s = 30 };

        int r = parse_arguments(argc, argv, &a);
        if (r > 0)
                r = run(&a);
        return r < 0 && r != -ECANCELED ? EXIT_FAILURE : EXIT_SUCCESS;
}
