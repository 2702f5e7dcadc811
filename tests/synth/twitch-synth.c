/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitch-synth: surface EMG with twitches whose times are known, into a BDF+ file or the simulated hat. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>

#include "bdf.h"
#include "hat.h"
#include "options.h"
#include "synth.h"
#include "truth.h"
#include "util.h"

#define PROG program_invocation_short_name
#define BLOCK_FRAMES 64u                /* generated at a time for the hat */

typedef struct Arguments {
        SynthConfig synth;
        bool has_channels, has_rate;
        const char *truth, *bdf, *device, *clock;
        unsigned patience_s;
} Arguments;

static void help(void) {
        const SynthConfig *d = &synth_config_default;

        printf("%s [OPTIONS...] --truth FILE (--bdf FILE | --device PATH)\n"
               "\n"
               "Makes surface EMG of a resting muscle that twitches, and tells when it did.\n"
               "\n"
               "Output:\n"
               "  --truth FILE               the twitches, as CSV\n"
               "  --bdf FILE                 write a BDF+ file, 1 nV a count, twitches as annotations\n"
               "  --device PATH              play to the simulated hat (/dev/ads1299-sim0), at its pace;\n"
               "                             a file, pipe or FIFO gets the same frames of int32 nanovolts\n"
               "  --clock FILE               with --device: when frames were converted, as CSV\n"
               "  --wait SECONDS             give up after so long without progress, 0: never (30)\n"
               "\n"
               "Signal (default):\n"
               "  --channels N               (%u; the device's)\n"
               "  --rate HZ                  (%u; the device's)\n"
               "  --seconds N                (%u)\n"
               "  --seed N                   the same seed gives the same signal everywhere (%" PRIu64 ")\n"
               "  --noise-uv UV              RMS in 20-450 Hz (%g)\n"
               "  --noise-corner-hz HZ       below it 1/f is stronger than white noise; 0: white only (%g)\n"
               "  --mains-uv UV              peak of the mains hum, harmonics come with it (%g)\n"
               "  --mains-hz HZ              (%g)\n"
               "  --sinc3                    through the filter of a converter such as the ADS1299, from a higher rate\n"
               "\n"
               "Twitches (default):\n"
               "  --twitches-per-minute N    in each channel (%g)\n"
               "  --amplitude-sigma LO:HI    peak to peak in 20-450 Hz, in units of the noise; 0: as the depth\n"
               "                             of the muscle gives it (%g:%g)\n"
               "  --depth-mm LO:HI           of the motor units (%g:%g)\n"
               "  --peak-ratio R             largest peak over the largest of the other sign, at least: with less the\n"
               "                             noise decides which of two is the time of the twitch; 1: any (%g)\n"
               "  --units N                  motor units in each channel (%u)\n"
               "  --doublets FRACTION        of twitches that discharge twice, some 5 ms apart (%g)\n"
               "  --min-spacing SECONDS      between twitches of a channel (%g)\n"
               "  --min-spacing-across SECONDS  between any two twitches (%g)\n"
               "  --lead-in SECONDS          no twitch before, for noise to be measured (%g)\n"
               "  --neighbours               the channels beside it see a twitch, too\n"
               "\n"
               "  --help --version\n",
               PROG, d->n_channels, d->rate_hz, d->seconds, d->seed, d->noise_uv, d->noise_corner_hz, d->mains_uv,
               d->mains_hz, d->twitches_per_minute, d->amplitude_sigma_lo, d->amplitude_sigma_hi, d->depth_mm_lo,
               d->depth_mm_hi, d->min_peak_ratio, d->units_per_channel, d->doublet_fraction, d->min_spacing_s,
               d->min_spacing_across_s, d->lead_in_s);
}

enum {
        ARG_TRUTH = 0x100, ARG_BDF, ARG_DEVICE, ARG_CLOCK, ARG_WAIT, ARG_CHANNELS, ARG_RATE, ARG_SECONDS, ARG_SEED,
        ARG_NOISE_UV, ARG_NOISE_CORNER_HZ, ARG_MAINS_UV, ARG_MAINS_HZ, ARG_TWITCHES_PER_MINUTE, ARG_AMPLITUDE_SIGMA,
        ARG_DEPTH_MM, ARG_PEAK_RATIO, ARG_UNITS, ARG_DOUBLETS, ARG_MIN_SPACING, ARG_MIN_SPACING_ACROSS, ARG_LEAD_IN, ARG_NEIGHBOURS, ARG_SINC3,
        ARG_HELP, ARG_VERSION,
};

static const struct option options[] = {
        { "truth", required_argument, NULL, ARG_TRUTH },
        { "bdf", required_argument, NULL, ARG_BDF },
        { "device", required_argument, NULL, ARG_DEVICE },
        { "clock", required_argument, NULL, ARG_CLOCK },
        { "wait", required_argument, NULL, ARG_WAIT },
        { "channels", required_argument, NULL, ARG_CHANNELS },
        { "rate", required_argument, NULL, ARG_RATE },
        { "seconds", required_argument, NULL, ARG_SECONDS },
        { "seed", required_argument, NULL, ARG_SEED },
        { "noise-uv", required_argument, NULL, ARG_NOISE_UV },
        { "noise-corner-hz", required_argument, NULL, ARG_NOISE_CORNER_HZ },
        { "mains-uv", required_argument, NULL, ARG_MAINS_UV },
        { "mains-hz", required_argument, NULL, ARG_MAINS_HZ },
        { "twitches-per-minute", required_argument, NULL, ARG_TWITCHES_PER_MINUTE },
        { "amplitude-sigma", required_argument, NULL, ARG_AMPLITUDE_SIGMA },
        { "depth-mm", required_argument, NULL, ARG_DEPTH_MM },
        { "peak-ratio", required_argument, NULL, ARG_PEAK_RATIO },
        { "units", required_argument, NULL, ARG_UNITS },
        { "doublets", required_argument, NULL, ARG_DOUBLETS },
        { "min-spacing", required_argument, NULL, ARG_MIN_SPACING },
        { "min-spacing-across", required_argument, NULL, ARG_MIN_SPACING_ACROSS },
        { "lead-in", required_argument, NULL, ARG_LEAD_IN },
        { "neighbours", no_argument, NULL, ARG_NEIGHBOURS },
        { "sinc3", no_argument, NULL, ARG_SINC3 },
        { "help", no_argument, NULL, ARG_HELP },
        { "version", no_argument, NULL, ARG_VERSION },
        {},
};

/* synth_new() says what is out of range; here it only has to be a number. */
static int parse_signal_option(Arguments *a, int option, const char *name, const char *value) {
        SynthConfig *c = &a->synth;

        switch (option) {
        case ARG_CHANNELS:
                a->has_channels = true;
                return option_unsigned(name, value, 1, SYNTH_CHANNELS_MAX, &c->n_channels);
        case ARG_RATE:
                a->has_rate = true;
                return option_unsigned(name, value, SYNTH_RATE_HZ_MIN, SYNTH_RATE_HZ_MAX, &c->rate_hz);
        case ARG_SECONDS:
                return option_unsigned(name, value, 1, SYNTH_SECONDS_MAX, &c->seconds);
        case ARG_SEED:
                return option_u64(name, value, &c->seed);
        case ARG_NOISE_UV:
                return option_double(name, value, 0, INFINITY, &c->noise_uv);
        case ARG_NOISE_CORNER_HZ:
                return option_double(name, value, 0, INFINITY, &c->noise_corner_hz);
        case ARG_MAINS_UV:
                return option_double(name, value, 0, INFINITY, &c->mains_uv);
        case ARG_MAINS_HZ:
                return option_double(name, value, 0, INFINITY, &c->mains_hz);
        case ARG_TWITCHES_PER_MINUTE:
                return option_double(name, value, 0, INFINITY, &c->twitches_per_minute);
        case ARG_AMPLITUDE_SIGMA:
                return option_range(name, value, 0, INFINITY, &c->amplitude_sigma_lo, &c->amplitude_sigma_hi);
        case ARG_DEPTH_MM:
                return option_range(name, value, 0, INFINITY, &c->depth_mm_lo, &c->depth_mm_hi);
        case ARG_PEAK_RATIO:
                return option_double(name, value, 1, INFINITY, &c->min_peak_ratio);
        case ARG_UNITS:
                return option_unsigned(name, value, 1, SYNTH_UNITS_MAX, &c->units_per_channel);
        case ARG_DOUBLETS:
                return option_double(name, value, 0, 1, &c->doublet_fraction);
        case ARG_MIN_SPACING:
                return option_double(name, value, 0, INFINITY, &c->min_spacing_s);
        case ARG_MIN_SPACING_ACROSS:
                return option_double(name, value, 0, INFINITY, &c->min_spacing_across_s);
        case ARG_LEAD_IN:
                return option_double(name, value, 0, INFINITY, &c->lead_in_s);
        case ARG_SINC3:
                c->sinc3 = true;
                return 0;
        case ARG_NEIGHBOURS:
                c->neighbours = true;
                return 0;
        default:
                return -EINVAL;
        }
}

static int check_arguments(const Arguments *a) {
        const char *wrong = NULL;

        if (!a->truth)
                wrong = "--truth FILE is missing";
        else if (!a->bdf == !a->device)
                wrong = "give one of --bdf and --device";
        else if (a->clock && !a->device)
                wrong = "--clock goes with --device";
        if (!wrong)
                return 0;
        fprintf(stderr, "%s: %s (see --help)\n", PROG, wrong);
        return -EINVAL;
}

/* 1: go on, 0: all is done, negative: wrong. */
static int parse_arguments(int argc, char *argv[], Arguments *a) {
        int option, index, r;

        while ((option = getopt_long(argc, argv, "h", options, &index)) >= 0) {
                r = 0;
                switch (option) {
                case 'h':
                case ARG_HELP:
                        help();
                        return 0;
                case ARG_VERSION:
                        printf("%s %s\n", PROG, TWITCHD_VERSION);
                        return 0;
                case ARG_TRUTH:
                        a->truth = optarg;
                        break;
                case ARG_BDF:
                        a->bdf = optarg;
                        break;
                case ARG_DEVICE:
                        a->device = optarg;
                        break;
                case ARG_CLOCK:
                        a->clock = optarg;
                        break;
                case ARG_WAIT:
                        r = option_unsigned("wait", optarg, 0, 86400, &a->patience_s);
                        break;
                case '?':
                        return -EINVAL;
                default:
                        r = parse_signal_option(a, option, options[index].name, optarg);
                }
                if (r < 0)
                        return r;
        }
        if (optind < argc) {
                fprintf(stderr, "%s: '%s' is not understood (see --help)\n", PROG, argv[optind]);
                return -EINVAL;
        }
        r = check_arguments(a);
        return r < 0 ? r : 1;
}

static int make_synth(const SynthConfig *config, Synth **ret) {
        const char *error = NULL;

        int r = synth_new(config, ret, &error);
        if (r < 0)
                fprintf(stderr, "%s: %s\n", PROG, error ?: strerror(-r));
        return r;
}

static int write_truth(const Arguments *a, const Synth *s, double until_s) {
        int r = truth_write(a->truth, s, until_s);
        if (r < 0)
                fprintf(stderr, "%s: %s: %s\n", PROG, a->truth, strerror(-r));
        return r;
}

static void report(const Synth *s) {
        size_t n;

        synth_twitches(s, &n);
        fprintf(stderr, "%s: %zu twitches in %u s on %u channels\n", PROG, n, synth_config(s)->seconds,
                synth_config(s)->n_channels);
}

static int run_bdf(const Arguments *a) {
        _cleanup_(synth_freep) Synth *s = NULL;
        uint64_t clipped = 0;

        int r = make_synth(&a->synth, &s);
        if (r < 0)
                return r;
        r = write_truth(a, s, INFINITY);
        if (r < 0)
                return r;
        r = bdf_write(a->bdf, s, hat_catch_signals(), &clipped);
        if (r < 0) {
                if (r != -ECANCELED)
                        fprintf(stderr, "%s: %s: %s\n", PROG, a->bdf, strerror(-r));
                return r;
        }
        if (clipped > 0)
                fprintf(stderr, "%s: %s: %" PRIu64 " values beyond +-8 mV were clipped\n", PROG, a->bdf, clipped);
        report(s);
        return 0;
}

static int settle(Hat *hat, Arguments *a) {
        SynthConfig *c = &a->synth;
        unsigned channels = hat_channels(hat);

        if (channels > 0 && !a->has_channels)
                c->n_channels = channels;
        if (channels > 0 && channels != c->n_channels) {
                fprintf(stderr, "%s: %s: has %u channels, not %u\n", PROG, a->device, channels, c->n_channels);
                return -EINVAL;
        }
        /* A file has no rate: the default then. */
        unsigned wanted = a->has_rate || channels == 0 ? c->rate_hz : 0;
        return hat_settle_rate(hat, wanted, &c->rate_hz);
}

static int play(Hat *hat, Synth *s) {
        const SynthConfig *c = synth_config(s);
        int32_t nv[BLOCK_FRAMES * SYNTH_CHANNELS_MAX];
        size_t n;

        while ((n = synth_read_nv(s, nv, BLOCK_FRAMES)) > 0) {
                int r = hat_write(hat, nv, n, c->n_channels);
                if (r < 0)
                        return r;
        }
        return hat_drain(hat);
}

static int run_device(Arguments *a) {
        _cleanup_(synth_freep) Synth *s = NULL;
        _cleanup_(hat_freep) Hat *hat = NULL;
        HatConfig config = {
                .path = a->device,
                .clock_path = a->clock,
                .patience_s = a->patience_s,
                .stop = hat_catch_signals(),
        };

        int r = hat_open(&config, &hat);
        if (r < 0)
                return r;
        r = settle(hat, a);
        if (r < 0)
                return r;
        r = make_synth(&a->synth, &s);
        if (r < 0)
                return r;
        r = write_truth(a, s, INFINITY);
        if (r < 0)
                return r;

        r = play(hat, s);
        if (r < 0) {
                /* What did not get out is not true. */
                (void) write_truth(a, s, hat_frames_written(hat) / (double) a->synth.rate_hz);
                return r;
        }
        report(s);
        return 0;
}

int main(int argc, char *argv[]) {
        Arguments a = {
                .synth = synth_config_default,
                .patience_s = 30,
        };

        int r = parse_arguments(argc, argv, &a);
        if (r > 0)
                r = a.bdf ? run_bdf(&a) : run_device(&a);
        return r < 0 && r != -ECANCELED ? EXIT_FAILURE : EXIT_SUCCESS;
}
