/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl analyze FILE: the same detector over a recording. */
#include <math.h>

#include "analysis.h"
#include "ctl.h"
#include "json.h"
#include "text.h"
#include "verbs.h"

static bool arg_minutes = false;
static Sinc3Choice arg_sinc3 = SINC3_IF_TOLD;
static double arg_false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT;

static void json_channels(Json *j, const Finding *f) {
        json_array(j, "channels");
        for (size_t i = 0; i < f->n_channels; i++)
                json_unsigned(j, NULL, f->channels[i]);
        json_array_end(j);
}

static void json_finding(Json *j, const Finding *f, uint64_t id) {
        json_object(j, NULL);
        json_string(j, "type", f->is_event ? "event" : "artefact");
        if (f->is_event) {
                json_unsigned(j, "id", id);
                json_string(j, "kind", f->word);
                json_channels(j, f);
                json_double(j, "time", f->time_s, 4);
                json_double(j, "onset", f->from_s, 4);
                json_double(j, "end", f->to_s, 4);
                json_double(j, "duration_ms", (f->to_s - f->from_s) * 1e3, 1);
                json_double(j, "amplitude_uv", f->amplitude_uv, 2);
                json_double(j, "snr", f->snr, 1);
                json_unsigned(j, "discharges", f->discharges);
                if (f->unit > 0)
                        json_unsigned(j, "unit", f->unit);
                if (f->n_channels > 1)
                        json_lags(j, f->lags_ms, f->n_channels);
        } else {
                json_string(j, "cause", f->word);
                json_channels(j, f);
                json_double(j, "from", f->from_s, 4);
                json_double(j, "to", f->to_s, 4);
        }
        json_object_end(j);
        json_line(j);
}

/* A channel that was left out has a line too, so that nobody takes it for a quiet one. */
static void json_summary(Json *j, const AnalysisChannel *c, unsigned index) {
        json_object(j, NULL);
        json_string(j, "type", "summary");
        json_unsigned(j, "channel", index);
        json_string(j, "label", c->file->label);
        json_double(j, "exposure_s", c->left_out ? 0 : c->stats.exposure_s, 1);
        json_double(j, "noise_uv", c->left_out ? NAN : c->stats.noise_uv, 2);
        json_double(j, "floor_uv", c->left_out ? NAN : c->stats.floor_uv, 2);
        json_unsigned(j, "events", c->left_out ? 0 : c->stats.events);
        if (c->left_out)
                json_string(j, "left_out", c->left_out);
        json_object_end(j);
        json_line(j);
}

static void print_json(const Analysis *a) {
        Json j = { .f = stdout };
        uint64_t id = 0;

        for (size_t i = 0; i < a->findings.n; i++) {
                const Finding *f = a->findings.items + i;
                json_finding(&j, f, f->is_event ? ++id : 0);
        }
        if (arg_minutes)
                minutes_print_json(&a->minutes, &j);
        for (unsigned i = 0; i < a->n_channels; i++)
                json_summary(&j, a->channels + i, i);
}

static const char* channel_name(const Analysis *a, unsigned channel, char ret[static 32]) {
        if (a->channels[channel].file->label[0])
                return a->channels[channel].file->label;
        snprintf(ret, 32, "channel %u", channel);
        return ret;
}

static int name_width(const Analysis *a) {
        int width = (int) strlen("channel");
        char name[32];

        for (unsigned i = 0; i < a->n_channels; i++)
                width = MAX(width, text_width(channel_name(a, i, name)));
        return width;
}

static void print_finding(const Analysis *a, const Finding *f, int width) {
        bool all = f->n_channels > 1 && f->n_channels == a->n_channels;
        char time[40], name[32];

        printf("%14s  ", text_duration(f->time_s, 3, time));
        text_print(stdout, all ? "all" : f->n_channels ? channel_name(a, f->channels[0], name) : "", width);
        if (f->is_event)
                printf("  %-18s %9.1f uV %9.1f ms", f->word, f->amplitude_uv, (f->to_s - f->from_s) * 1e3);
        else
                printf("  %-18s %12s %9.3f s", f->word, "not counted", f->to_s - f->from_s);
        if (f->n_channels > 1 && !all)
                printf("  and %zu more", f->n_channels - 1);
        putchar('\n');
}

/* "contraction 8.5 s, motion 0.5 s", the most first */
static void print_excluded(const double *excluded_s /* [_EXCLUSION_MAX] */) {
        bool printed[_EXCLUSION_MAX] = { false };

        for (unsigned n = 0; n < _EXCLUSION_MAX; n++) {
                unsigned most = 0;
                for (unsigned i = 1; i < _EXCLUSION_MAX; i++)
                        if (!printed[i] && (printed[most] || excluded_s[i] > excluded_s[most]))
                                most = i;
                if (excluded_s[most] < 0.05)
                        return;
                printed[most] = true;
                printf("%s%s %.1f s", n > 0 ? ", " : "", exclusion_to_string((Exclusion) most), excluded_s[most]);
        }
}

static void print_minutes(const Analysis *a, int width) {
        printf("%14s  %-*s  %8s  %8s  %8s  %7s  %8s  %s\n", "minute from", width, "channel", "exposure", "noise uV", "floor uV",
               "events", "twitches", "not counted");
        for (size_t i = 0; i < a->minutes.n; i++) {
                const Minute *m = a->minutes.items + i;
                char from[40], name[32], noise[64], floor_uv[64];

                printf("%14s  ", text_duration(m->from_s, 0, from));
                text_print(stdout, channel_name(a, m->channel, name), width);
                printf("  %6.1f s  %8s  %8s  %7u  %8u  %s", m->found.exposure_s,
                       text_number(m->found.noise_uv, 2, "", noise), text_number(m->found.floor_uv, 1, "", floor_uv),
                       m->found.events, m->found.twitches, m->found.voluntary ? "voluntary: " : "");
                print_excluded(m->found.excluded_s);
                putchar('\n');
        }
        putchar('\n');
}

static void print_excluded_in_all(const Analysis *a, unsigned channel) {
        double sums_s[_EXCLUSION_MAX] = { 0 };

        for (size_t i = 0; i < a->minutes.n; i++)
                for (unsigned k = 0; k < _EXCLUSION_MAX && a->minutes.items[i].channel == channel; k++)
                        sums_s[k] += a->minutes.items[i].found.excluded_s[k];
        print_excluded(sums_s);
}

static void print_channel(const Analysis *a, unsigned index, int width) {
        const AnalysisChannel *c = a->channels + index;
        char name[32], exposure[40], rest[40], noise[64], floor_uv[64], rate[64];

        text_print(stdout, channel_name(a, index, name), width);
        if (c->left_out) {
                printf("  left out: %s\n", c->left_out);
                return;
        }
        printf("  %10s  %8s  %8s  %7llu  %10s  %8llu  %10s  ",
               text_duration(c->stats.exposure_s, 0, exposure),
               text_number(c->stats.noise_uv, 2, "", noise),
               text_number(c->stats.floor_uv, 1, "", floor_uv),
               (unsigned long long) c->stats.events,
               text_duration(c->stats.rest_s, 0, rest),
               (unsigned long long) c->stats.rest_twitches,
               text_rate((double) c->stats.rest_twitches, c->stats.rest_s, rate));
        print_excluded_in_all(a, index);
        putchar('\n');
}

static void print_text(const Analysis *a) {
        int width = name_width(a);
        unsigned n_sinc3 = 0;
        char duration[40];

        if (a->findings.n > 0)
                printf("%14s  %-*s  %-18s %12s %12s\n", "time", width, "channel", "what", "peak to peak", "duration");
        for (size_t i = 0; i < a->findings.n; i++)
                print_finding(a, a->findings.items + i, width);
        if (a->findings.n > 0)
                putchar('\n');
        if (arg_minutes)
                print_minutes(a, width);

        printf("%-*s  %10s  %8s  %8s  %7s  %10s  %8s  %10s  %s\n", width, "channel", "exposure", "noise uV", "floor uV",
               "events", "at rest", "twitches", "per minute", "not counted");
        for (unsigned i = 0; i < a->n_channels; i++)
                print_channel(a, i, width);

        for (unsigned i = 0; i < a->n_channels; i++)
                n_sinc3 += a->channels[i].sinc3 && !a->channels[i].left_out;
        printf("\n%s recorded. False alarms allowed per hour and channel: %g.\n"
               "Exposure: the time that could be used. Floor: the smallest twitch found 9 times in 10,\n"
               "peak to peak; smaller ones may have been there. At rest: the exposure without the minutes\n"
               "in which the muscle was used. Twitches: fasciculations, doublets and multiplets at rest.\n"
               "%s"
               NOT_A_MEDICAL_DEVICE "\n",
               text_duration(a->duration_s, 0, duration), a->false_alarms_per_hour, n_sinc3 == 0 ? "" :
               "Sizes are corrected for the droop of the converter (sinc3).\n");
}

/* What was assumed of the recording, before anybody believes what comes of it */
static void print_notes(const Notes *n, const char *path) {
        for (size_t i = 0; i < n->n; i++) {
                fprintf(stderr, "twitchctl: %s: %s\n", path, n->lines[i]);
                if (arg_json) {
                        Json j = { .f = stdout };

                        json_object(&j, NULL);
                        json_string(&j, "type", "warning");
                        json_string(&j, "text", n->lines[i]);
                        json_object_end(&j);
                        json_line(&j);
                }
        }
}

/* Said before the work, so that nobody waits for a channel in vain; none left is an error. */
static int check_left_out(const Analysis *a, const char *path, char **ret_error) {
        if (a->n_left_out == 0)
                return 0;
        _cleanup_free_ char *text = analysis_describe_left_out(a);
        if (!text)
                return -ENOMEM;
        if (a->n_left_out < a->n_channels) {
                fprintf(stderr, "twitchctl: %s: left out: %s\n", path, text);
                return 0;
        }
        if (asprintf(ret_error, "no channel can be analysed: %s", text) < 0) {
                *ret_error = NULL;
                return -ENOMEM;
        }
        return -EOPNOTSUPP;
}

static int analyze(const char *path, char **ret_error) {
        _cleanup_(analysis_freep) Analysis *a = NULL;
        FileSource *file;
        int r;

        if ((r = file_source_open(path, &file, ret_error)) < 0 ||
            (r = analysis_new(file, arg_false_alarms_per_hour, arg_sinc3, &a)) < 0 ||
            (r = check_left_out(a, path, ret_error)) < 0 ||
            (print_notes(file_source_notes(a->file), path), r = analysis_run(a)) < 0)
                return r;

        if (arg_json)
                print_json(a);
        else
                print_text(a);
        return 0;
}

static int run(int argc, char **argv) {
        _cleanup_free_ char *error = NULL;

        int r = analyze(argv[1], &error);
        if (r < 0)
                fprintf(stderr, "twitchctl: %s: %s\n", argv[1],
                        error ? error : r == -EBADMSG ? "the file ends too early" : strerror(-r));
        return r;
}

static int parse_false_alarms(const char *s) {
        char *end;
        double value = strtod(s, &end);

        if (end == s || *end != 0 ||
            !(value >= DETECT_FALSE_ALARMS_PER_HOUR_MIN && value <= DETECT_FALSE_ALARMS_PER_HOUR_MAX)) {
                fprintf(stderr, "twitchctl: --false-alarms-per-hour takes a number from %g to %g, not \"%s\"\n",
                        DETECT_FALSE_ALARMS_PER_HOUR_MIN, DETECT_FALSE_ALARMS_PER_HOUR_MAX, s);
                return -EINVAL;
        }
        arg_false_alarms_per_hour = value;
        return 0;
}

static int parse_sinc3(const char *s) {
        if (s && !streq(s, "yes") && !streq(s, "no")) {
                fprintf(stderr, "twitchctl: --sinc3 takes \"yes\" or \"no\", not \"%s\"\n", s);
                return -EINVAL;
        }
        arg_sinc3 = s && streq(s, "no") ? SINC3_NO : SINC3_YES;
        return 0;
}

static const Option options[] = {
        { "minutes", .flag = &arg_minutes,
          .help = "List the minutes: how much of each could be used, why not the rest, noise and floor, twitches." },
        { "false-alarms-per-hour", .value = "X", .parse = parse_false_alarms,
          .help = "Allowed false alarms per hour and channel (0.001 to 3600, default 1); the fewer, the larger a twitch "
                  "must be to be found." },
        { "sinc3", .value = "[yes|no]", .parse = parse_sinc3,
          .help = "The converter had a sinc3 filter with its first null at the sample rate, as the ADS1299 has: "
                  "correct its droop (default: if the file names that chip)." },
        {},
};

const Verb verb_analyze = {
        .name = "analyze",
        .args = "FILE",
        .summary = "Look for twitches in a recording: EDF, EDF+, BDF or BDF+",
        .text = "The recording may have any number of channels in volts at 250 to 16000 samples/s, gaps, or an end that "
                "was never written.",
        .json = true,
        .options = options,
        .run = run,
};
