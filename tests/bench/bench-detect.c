/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bench-detect: makes one signal, lets detectors find the twitches in it, and writes down both. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>

#include "clairvoyant.h"
#include "converter.h"
#include "peers.h"
#include "scene.h"
#include "subject.h"
#include "tests/synth/options.h"
#include "tests/synth/synth.h"

#define PROG program_invocation_short_name

typedef struct Arguments {
        SceneConfig scene;
        double false_alarms_per_hour;
        bool peers;
        bool sinc3, corrected;          /* a converter with such a filter; and the detector is told */
        bool check_bound;
        const char *out;
} Arguments;

static void help(void) {
        printf("%s [OPTIONS...] --out FOLDER\n"
               "\n"
               "Writes FOLDER/truth.csv, FOLDER/events.csv, FOLDER/minutes.csv and FOLDER/run.csv. tests/bench/report.py makes tables.\n"
               "\n"
               "  --channels N --rate HZ --seconds N --seed N\n"
               "  --noise-uv LO:HI           RMS in 20-450 Hz, spread over the channels\n"
               "  --corner-hz LO:HI          where 1/f noise is as strong as white\n"
               "  --fluctuation SHARE        of the noise's level, standard deviation of its logarithm\n"
               "  --fluctuation-s SECONDS    ... time constant\n"
               "  --laplace                  white noise of Laplace's distribution\n"
               "  --level-max FACTOR         by which the noise grows and shrinks within minutes\n"
               "  --mains-uv UV --mains-hz HZ --ecg-uv UV --drift-uv UV\n"
               "  --quiet                    no twitches\n"
               "  --fresh                    units that hardly come twice, instead of some in each channel\n"
               "  --interval SECONDS         mean, between twitches of all channels\n"
               "  --depth-mm LO:HI           of the motor units\n"
               "  --rungs-db LO:HI           detectability of the twitches, 20 log10 d\n"
               "  --rung-step-db DB\n"
               "  --false-alarms-per-hour X  the detector's knob\n"
               "  --artefacts                twitches among artefacts, instead of a ladder; FOLDER/happenings.csv tells\n"
               "  --everything               also muscles at work, runs and trains\n"
               "  --peers                    let other methods look at the same samples\n"
               "  --sinc3                    through a converter with such a filter, from a higher rate\n"
               "  --correct-droop            ... and twitchd's detector is told\n"
               "  --check-bound              instead: how often does the clairvoyant cross its threshold in noise?\n",
               PROG);
}

enum {
        ARG_OUT = 0x100, ARG_CHANNELS, ARG_RATE, ARG_SECONDS, ARG_SEED, ARG_NOISE_UV, ARG_CORNER_HZ, ARG_QUIET, ARG_FRESH,
        ARG_INTERVAL, ARG_DEPTH_MM, ARG_RUNGS_DB, ARG_RUNG_STEP_DB, ARG_FALSE_ALARMS, ARG_CHECK_BOUND, ARG_LEVEL_MAX,
        ARG_MAINS_UV, ARG_MAINS_HZ, ARG_ECG_UV, ARG_DRIFT_UV, ARG_SINC3, ARG_CORRECT_DROOP, ARG_PEERS, ARG_ARTEFACTS, ARG_EVERYTHING, ARG_FLUCTUATION, ARG_FLUCTUATION_S,
        ARG_LAPLACE, ARG_HELP,
};

static const struct option options[] = {
        { "out", required_argument, NULL, ARG_OUT },
        { "channels", required_argument, NULL, ARG_CHANNELS },
        { "rate", required_argument, NULL, ARG_RATE },
        { "seconds", required_argument, NULL, ARG_SECONDS },
        { "seed", required_argument, NULL, ARG_SEED },
        { "noise-uv", required_argument, NULL, ARG_NOISE_UV },
        { "corner-hz", required_argument, NULL, ARG_CORNER_HZ },
        { "quiet", no_argument, NULL, ARG_QUIET },
        { "fresh", no_argument, NULL, ARG_FRESH },
        { "interval", required_argument, NULL, ARG_INTERVAL },
        { "depth-mm", required_argument, NULL, ARG_DEPTH_MM },
        { "rungs-db", required_argument, NULL, ARG_RUNGS_DB },
        { "rung-step-db", required_argument, NULL, ARG_RUNG_STEP_DB },
        { "false-alarms-per-hour", required_argument, NULL, ARG_FALSE_ALARMS },
        { "check-bound", no_argument, NULL, ARG_CHECK_BOUND },
        { "fluctuation", required_argument, NULL, ARG_FLUCTUATION },
        { "fluctuation-s", required_argument, NULL, ARG_FLUCTUATION_S },
        { "laplace", no_argument, NULL, ARG_LAPLACE },
        { "level-max", required_argument, NULL, ARG_LEVEL_MAX },
        { "mains-uv", required_argument, NULL, ARG_MAINS_UV },
        { "mains-hz", required_argument, NULL, ARG_MAINS_HZ },
        { "ecg-uv", required_argument, NULL, ARG_ECG_UV },
        { "drift-uv", required_argument, NULL, ARG_DRIFT_UV },
        { "sinc3", no_argument, NULL, ARG_SINC3 },
        { "correct-droop", no_argument, NULL, ARG_CORRECT_DROOP },
        { "peers", no_argument, NULL, ARG_PEERS },
        { "artefacts", no_argument, NULL, ARG_ARTEFACTS },
        { "everything", no_argument, NULL, ARG_EVERYTHING },
        { "help", no_argument, NULL, ARG_HELP },
        {},
};

static int parse_option(Arguments *a, int option, const char *name, const char *value) {
        SceneConfig *c = &a->scene;

        switch (option) {
        case ARG_OUT:
                a->out = value;
                return 0;
        case ARG_CHANNELS:
                return option_unsigned(name, value, 1, SCENE_CHANNELS_MAX, &c->n_channels);
        case ARG_RATE:
                return option_unsigned(name, value, SYNTH_RATE_HZ_MIN, SYNTH_RATE_HZ_MAX, &c->rate_hz);
        case ARG_SECONDS:
                return option_double(name, value, 60, 1e6, &c->seconds);
        case ARG_SEED:
                return option_u64(name, value, &c->seed);
        case ARG_NOISE_UV:
                return option_range(name, value, 0.1, 1000, &c->noise_uv_lo, &c->noise_uv_hi);
        case ARG_CORNER_HZ:
                return option_range(name, value, 0.1, NOISE_CORNER_HZ_MAX, &c->corner_hz_lo, &c->corner_hz_hi);
        case ARG_FLUCTUATION:
                return option_double(name, value, 0, 1, &c->fluctuation);
        case ARG_FLUCTUATION_S:
                return option_double(name, value, 0.01, 1000, &c->fluctuation_s);
        case ARG_LAPLACE:
                c->laplace = true;
                return 0;
        case ARG_LEVEL_MAX:
                return option_double(name, value, 1, 100, &c->level_max);
        case ARG_MAINS_UV:
                return option_double(name, value, 0, 10000, &c->mains_uv);
        case ARG_MAINS_HZ:
                return option_double(name, value, 45, 65, &c->mains_hz);
        case ARG_ECG_UV:
                return option_double(name, value, 0, 10000, &c->ecg_uv);
        case ARG_DRIFT_UV:
                return option_double(name, value, 0, 10000, &c->drift_uv);
        case ARG_QUIET:
                c->twitches = false;
                return 0;
        case ARG_FRESH:
                c->fresh = true;
                return 0;
        case ARG_INTERVAL:
                return option_double(name, value, 0.3, 3600, &c->interval_s);
        case ARG_DEPTH_MM:
                return option_range(name, value, 4, 30, &c->depth_mm_lo, &c->depth_mm_hi);
        case ARG_RUNGS_DB:
                return option_range(name, value, 0, 60, &c->rung_db_lo, &c->rung_db_hi);
        case ARG_RUNG_STEP_DB:
                return option_double(name, value, 0.1, 10, &c->rung_db_step);
        case ARG_FALSE_ALARMS:
                return option_double(name, value, 0.001, 3600, &a->false_alarms_per_hour);
        case ARG_SINC3:
                a->sinc3 = true;
                return 0;
        case ARG_CORRECT_DROOP:
                a->corrected = true;
                return 0;
        case ARG_PEERS:
                a->peers = true;
                return 0;
        case ARG_ARTEFACTS:
                c->contents = SCENE_ARTEFACTS;
                return 0;
        case ARG_EVERYTHING:
                c->contents = SCENE_ALL;
                return 0;
        case ARG_CHECK_BOUND:
                a->check_bound = true;
                return 0;
        default:
                return -EINVAL;
        }
}

/* 1: go on, 0: all is done, negative: wrong. */
static int parse_arguments(int argc, char *argv[], Arguments *a) {
        int option, index, r;

        while ((option = getopt_long(argc, argv, "", options, &index)) >= 0) {
                if (option == ARG_HELP) {
                        help();
                        return 0;
                }
                if (option == '?')
                        return -EINVAL;
                r = parse_option(a, option, options[index].name, optarg);
                if (r < 0)
                        return r;
        }
        if (optind < argc || !a->out) {
                fprintf(stderr, "%s: give options and --out FOLDER only (see --help)\n", PROG);
                return -EINVAL;
        }
        return 1;
}

static FILE* create(const char *folder, const char *name) {
        char path[4096];
        FILE *f = NULL;

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path))
                f = fopen(path, "we");
        if (!f)
                fprintf(stderr, "%s: %s/%s: %s\n", PROG, folder, name, strerror(errno));
        return f;
}

static void write_injections(FILE *f, const Injection *j, size_t n) {
        for (; n > 0; n--, j++)
                fprintf(f, "%.6f,%.6f,%u,%u,fasciculation,%.2f,%.4f,%.4f,%.4f,%.4f\n", j->time_s, j->end_s, j->channel,
                        j->unit, j->rung_db, j->amplitude_uv, j->snr, j->crossings_hz, j->clairvoyant);
}

static int write_script(const Arguments *a, const Script *script) {
        _cleanup_fclose_ FILE *f = create(a->out, "happenings.csv");

        if (!f)
                return -EIO;
        fprintf(f, "kind,time_s,from_s,to_s,channel,first_channel,n_channels,unit,amplitude_uv,snr\n");
        for (size_t i = 0; script && i < script->n_happenings; i++) {
                const Happening *h = script->happenings + i;
                fprintf(f, "%s,%.6f,%.6f,%.6f,%u,%u,%u,%u,%.4f,%.4f\n", h->kind, h->time_s, h->from_s, h->to_s, h->channel,
                        h->first_channel, h->n_channels, h->unit, h->amplitude_uv, h->snr);
        }
        return 0;
}

static int run(const Arguments *a) {
        _cleanup_(scene_freep) Scene *scene = NULL;
        _cleanup_(subject_freep) Subject *subject = NULL;
        _cleanup_(peers_freep) Peers *peers = NULL;
        _cleanup_(converter_freep) Converter *converter = NULL;
        _cleanup_fclose_ FILE *truth = create(a->out, "truth.csv"), *events = create(a->out, "events.csv"),
                              *summary = create(a->out, "run.csv"), *minutes = create(a->out, "minutes.csv");
        const int32_t *codes;
        const Injection *injections;
        size_t n_frames, n_injections;
        uint64_t total = 0;

        if (!truth || !events || !summary || !minutes)
                return -EIO;
        SceneConfig config = a->scene;
        unsigned rate_hz = config.rate_hz;
        int r = 0;

        if (a->sinc3) {
                r = converter_new(rate_hz, config.n_channels, (size_t) SCENE_SEGMENT_S * SYNTH_RATE_HZ_MAX, &converter);
                if (r >= 0)
                        config.rate_hz *= converter_factor(converter);
        }
        if (r >= 0)
                r = scene_new(&config, &scene);
        if (r >= 0)
                r = subject_new(rate_hz, a->scene.n_channels, a->false_alarms_per_hour, a->corrected, events, minutes, &subject);
        if (r >= 0 && a->peers)
                r = peers_new(rate_hz, a->scene.n_channels, a->scene.mains_uv > 0 ? a->scene.mains_hz : 0, events,
                              &peers);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", PROG, strerror(-r));
                return r;
        }

        r = write_script(a, scene_script(scene));
        if (r < 0)
                return r;
        fprintf(truth, "time_s,end_s,channel,unit,kind,rung_db,amplitude_uv,snr,crossings_hz,clairvoyant\n");
        fprintf(events, SUBJECT_EVENTS_HEADER);
        fprintf(minutes, SUBJECT_MINUTES_HEADER);
        while (scene_next(scene, &codes, &n_frames, &injections, &n_injections)) {
                write_injections(truth, injections, n_injections);
                const uint8_t *flags = scene_flags(scene);
                if (converter)
                        n_frames = converter_run(converter, codes, flags, n_frames, &codes, &flags);
                subject_push(subject, codes, flags, n_frames);
                if (peers)
                        peers_push(peers, codes, n_frames);
                total += n_frames;
        }
        subject_finish(subject);
        fprintf(summary, "rate_hz,channels,hours,exposure_hours,false_alarms_per_hour\n%u,%u,%.6f,%.6f,%g\n",
                a->scene.rate_hz, a->scene.n_channels, (double) total / a->scene.rate_hz / 3600,
                subject_exposure_s(subject) / 3600, a->false_alarms_per_hour);
        return 0;
}

/* --- is the bound right? ------------------------------------------------------------------------ */

#define CHECK_PER_HOUR 60.0
#define CHECK_DEAD_S 0.05               /* crossings this close are one */
#define CHECK_TEMPLATE_S 0.1

typedef struct Check {
        double lambda;
        size_t n, n_half;               /* of the potential, and of the same half a sample later */
        double *x, *half;
        double dead_until_s;
} Check;

static int check_init(Check *c, const Scene *s, unsigned channel, double rate_hz) {
        size_t max = (size_t) (CHECK_TEMPLATE_S * rate_hz);
        double d, crossings_hz;

        clairvoyant_measure(scene_noise(s, channel), scene_potential(s, channel), rate_hz, &d, &crossings_hz);
        c->lambda = sqrt(2 * log(crossings_hz * 3600 / CHECK_PER_HOUR));
        c->x = calloc(2 * max, sizeof(*c->x));
        if (!c->x)
                return -ENOMEM;
        c->half = c->x + max;
        c->n = clairvoyant_template(scene_noise(s, channel), scene_potential(s, channel), rate_hz, 0, c->x, max);
        clairvoyant_template(scene_noise(s, channel), scene_potential(s, channel), rate_hz, 0.5 / rate_hz, c->half, max);
        for (size_t i = 0; i < 2 * max; i++)
                c->x[i] /= d;
        return 0;
}

static unsigned check_segment(Check *c, const double *white, size_t n_frames, double begin_s, double rate_hz) {
        unsigned crossings = 0;

        for (size_t i = 0; i + c->n <= n_frames; i++) {
                double y = 0, y_half = 0, now_s = begin_s + i / rate_hz;

                for (size_t k = 0; k < c->n; k++) {
                        y += c->x[k] * white[i + k];
                        y_half += c->half[k] * white[i + k];
                }
                if (fmax(y, y_half) < c->lambda)
                        continue;
                crossings += now_s >= c->dead_until_s;
                c->dead_until_s = now_s + CHECK_DEAD_S;
        }
        return crossings;
}

/* Crossings against Rice's formula, and the variance of whitened noise, which should be 1. */
static int check_bound(const Arguments *a) {
        _cleanup_(scene_freep) Scene *scene = NULL;
        _cleanup_fclose_ FILE *summary = create(a->out, "bound.csv");
        Check checks[SCENE_CHANNELS_MAX] = {};
        SceneConfig config = a->scene;
        unsigned crossings = 0, segment = 0;
        double square = 0, n_square = 0;
        const Injection *injections;
        size_t n_frames, n_injections;
        const int32_t *codes;

        config.twitches = false;
        config.whiten = true;
        int r = summary ? scene_new(&config, &scene) : -EIO;
        for (unsigned i = 0; r >= 0 && i < config.n_channels; i++)
                r = check_init(checks + i, scene, i, config.rate_hz);
        for (; r >= 0 && scene_next(scene, &codes, &n_frames, &injections, &n_injections); segment++)
                for (unsigned i = 0; segment > 0 && i < config.n_channels; i++) {
                        const double *white = scene_white(scene, i);

                        crossings += check_segment(checks + i, white, n_frames, segment * SCENE_SEGMENT_S, config.rate_hz);
                        for (size_t k = 0; k < n_frames; k++)
                                square += white[k] * white[k];
                        n_square += n_frames;
                }
        for (unsigned i = 0; i < config.n_channels; i++)
                free(checks[i].x);
        if (r < 0)
                return r;
        fprintf(summary, "rate_hz,channel_hours,expected_per_hour,crossings,white_mean_square\n%u,%.4f,%g,%u,%.5f\n",
                config.rate_hz, n_square / config.rate_hz / 3600, CHECK_PER_HOUR, crossings, square / n_square);
        return 0;
}

int main(int argc, char *argv[]) {
        Arguments a = {
                .scene = scene_config_default,
                .false_alarms_per_hour = 1,
        };

        int r = parse_arguments(argc, argv, &a);
        if (r > 0)
                r = a.check_bound ? check_bound(&a) : run(&a);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
