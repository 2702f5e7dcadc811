/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl analyze FILE: the same detector over a recording. */
#include <math.h>
#include <stdarg.h>

#include "analyze-export.h"
#include "analyze-plot.h"
#include "ctl.h"
#include "pick.h"
#include "text.h"
#include "verbs.h"

static bool arg_minutes = false;
static const char *arg_channels = NULL, *arg_unit = NULL, *arg_export = NULL, *arg_plot = NULL;
static TextOptions arg_text = {};
static AnalysisOptions arg = { .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT,
                               .to_s = INFINITY };

static volatile sig_atomic_t stop = 0;

static void on_signal(int signo) {
        stop = 1;
}

/* The first Ctrl-C ends the search and tells what was found; a second one ends the program. */
static void catch_signals(void) {
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int) (SA_RESETHAND | SA_RESTART) };

        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
}

static void on_finding(const Finding *f, void *userdata) {
        AnalyzeOutput *o = userdata;

        progress_hide((Progress *) &o->a->progress);
        if (arg_json)
                analyze_json_finding(o, f);
        else
                analyze_text_finding(o, f);
        (void) fflush(stdout);
}

/* Annotations are in the order of time, and are listed in the end with what is near them. */
static bool is_near_annotation(const Finding *f, void *userdata) {
        const Annotations *n = &((const AnalyzeOutput *) userdata)->annotations;
        size_t low = 0, high = n->n;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (n->items[middle].time_s < f->time_s - ANALYZE_NEAR_S)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < n->n && n->items[low].time_s <= f->time_s + ANALYZE_NEAR_S;
}

/* A line about a file, whose name may have anything in it */
static void _printf_(2, 3) say_of(const char *path, const char *format, ...) {
        va_list ap;

        fputs("twitchctl: ", stderr);
        text_print(stderr, path, 0);
        fputs(": ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        putc('\n', stderr);
}

/* What was assumed of the recording, before anybody believes what comes of it */
static void print_notes(const Notes *n, const char *path) {
        for (size_t i = 0; i < n->n; i++)
                say_of(path, "%s", n->lines[i]);
}

/* Said before the work, so that nobody waits for a channel in vain; none left is an error. */
static int check_left_out(const Analysis *a, const char *path, char **ret_error) {
        if (a->n_left_out == 0)
                return 0;
        _cleanup_free_ char *text = analysis_describe_left_out(a);
        if (!text)
                return -ENOMEM;
        if (a->n_left_out + a->n_unwanted < a->n_channels) {
                say_of(path, "left out: %s", text);
                return 0;
        }
        if (asprintf(ret_error, "no channel can be analysed: %s", text) < 0) {
                *ret_error = NULL;
                return -ENOMEM;
        }
        return -EOPNOTSUPP;
}

static int check_times(const Analysis *a, char **ret_error) {
        if (arg.from_s < a->duration_s && arg.from_s < arg.to_s)
                return 0;
        if (asprintf(ret_error, "from %g s to %g s there is nothing: the recording has %.3f s", arg.from_s,
                     fmin(arg.to_s, a->duration_s), a->duration_s) < 0) {
                *ret_error = NULL;
                return -ENOMEM;
        }
        return -EINVAL;
}

static int prepare(const char *path, Analysis **ret, char **ret_error) {
        _cleanup_(file_source_freep) FileSource *file = NULL;
        int r;

        if ((r = arg_export ? analyze_export_check(path, arg_export, ret_error) : 0) < 0 ||
            (r = arg_plot ? analyze_plot_check(arg_plot, ret_error) : 0) < 0 ||
            (r = file_source_open(path, &arg_text, &file, ret_error)) < 0 ||
            (r = pick_set_units(arg_unit, file, ret_error)) < 0 ||
            (r = pick_check_channels(arg_channels, file, ret_error)) < 0)
                return r;
        arg.channels = arg_channels;
        arg.stop = &stop;
        arg.on_finding = on_finding;
        return analysis_new(TAKE_PTR(file), &arg, ret);
}

static int analyze(const char *path, char **ret_error) {
        _cleanup_(analysis_freep) Analysis *a = NULL;
        AnalyzeOutput o = { .path = path, .export_path = arg_export, .minutes = arg_minutes };
        int r;

        if ((r = prepare(path, &a, ret_error)) < 0 || (r = check_times(a, ret_error)) < 0 ||
            (r = check_left_out(a, path, ret_error)) < 0 ||
            (r = file_source_annotations(a->file, &o.annotations)) < 0)
                return r;
        o.a = a;
        a->options.userdata = &o;
        a->options.keep = arg_export || arg_plot ? NULL : is_near_annotation;
        print_notes(file_source_notes(a->file), path);
        if (arg_json)
                analyze_json_begin(&o);
        else
                analyze_text_begin(&o);
        r = analysis_run(a);
        if (r >= 0) {
                if (arg_json)
                        analyze_json_end(&o);
                else
                        r = analyze_text_end(&o);
        }
        if (r >= 0 && arg_export)
                r = analyze_export(&o, arg_export, ret_error);
        if (r >= 0 && arg_plot)
                r = analyze_plot(&o, arg_plot, ret_error);
        annotations_done(&o.annotations);
        return r;
}

/* An empty error has been printed already. */
static void print_error(const char *path, int r, const char *error) {
        if (!error)
                error = r == -EBADMSG ? "the file ends too early" : strerror(-r);
        if (error[0])
                say_of(path, "%s", error);
}

static int run(int argc, char **argv) {
        int result = 0;

        if ((arg_export || arg_plot) && argc > 2) {
                fprintf(stderr, "twitchctl: --%s goes with one file\n", arg_export ? "export" : "plot");
                return EXIT_USAGE;
        }
        catch_signals();
        for (int i = 1; i < argc && !stop; i++) {
                _cleanup_free_ char *error = NULL;

                if (i > 1 && !arg_json)
                        putchar('\n');
                int r = analyze(argv[i], &error);
                if (r < 0) {
                        (void) fflush(stdout);
                        print_error(argv[i], r, error);
                        result = r;
                }
        }
        return stop ? -EINTR : result;
}

static int parse_false_alarms(const char *s) {
        char *end;
        double value = strtod(s, &end);

        if (end == s || *end != 0 ||
            !(value >= DETECT_FALSE_ALARMS_PER_HOUR_MIN && value <= DETECT_FALSE_ALARMS_PER_HOUR_MAX)) {
                fprintf(stderr,
                        "twitchctl: --false-alarms-per-hour takes a number from %g to %g, not \"%s\"\n",
                        DETECT_FALSE_ALARMS_PER_HOUR_MIN, DETECT_FALSE_ALARMS_PER_HOUR_MAX, s);
                return -EINVAL;
        }
        arg.false_alarms_per_hour = value;
        return 0;
}

static int parse_sinc3(const char *s) {
        if (s && !streq(s, "yes") && !streq(s, "no")) {
                fprintf(stderr, "twitchctl: --sinc3 takes \"yes\" or \"no\", not \"%s\"\n", s);
                return -EINVAL;
        }
        arg.sinc3 = s && streq(s, "no") ? SINC3_NO : SINC3_YES;
        return 0;
}

static int parse_rate(const char *s) {
        char *end;

        arg_text.rate_hz = strtod(s, &end);
        if (end != s && *end == 0 && arg_text.rate_hz > 0 && arg_text.rate_hz <= 1e6)
                return 0;
        fprintf(stderr, "twitchctl: --rate takes samples per second, not \"%s\"\n", s);
        return -EINVAL;
}

static int parse_time(const char *name, const char *s, double *ret) {
        int r = pick_time(s, ret);
        if (r < 0)
                fprintf(stderr,
                        "twitchctl: --%s takes seconds, m:ss or h:mm:ss from the start, not \"%s\"\n", name,
                        s);
        return r;
}

static int parse_from(const char *s) {
        return parse_time("from", s, &arg.from_s);
}

static int parse_to(const char *s) {
        return parse_time("to", s, &arg.to_s);
}

static const Option options[] = {
        { "minutes", .flag = &arg_minutes,
          .help = "List the minutes: how much of each could be used, why not the rest, noise and floor, "
                  "twitches." },
        { "false-alarms-per-hour", .value = "X", .parse = parse_false_alarms,
          .help = "Allowed false alarms per hour and channel (0.001 to 3600, default 1); the fewer, the "
                  "larger a twitch "
                  "must be to be found." },
        { "as-live", .flag = &arg.as_live,
          .help = "Find what the service would find while the signal comes: nothing in the first two "
                  "seconds, in which it learns. Else the beginning is looked at twice." },
        { "sinc3", .value = "[yes|no]", .parse = parse_sinc3,
          .help = "The converter had a sinc3 filter with its first null at the sample rate, as the ADS1299 "
                  "has: "
                  "correct its droop (default: if the file names that chip)." },
        { "channels", .value = "LIST", .text = &arg_channels,
          .help = "Only these: numbers from 1 or labels, as in 1,3-5,left calf." },
        { "unit", .value = "UNIT", .text = &arg_unit,
          .help = "What the values are in where the file does not say it, or says it wrongly: uV, mV, V or "
                  "nV for all that do not "
                  "say it, 0.02235uV where they are counts of a converter with such a step, or CHANNEL=uV, "
                  "with commas between several." },
        { "export", .value = "FILE", .text = &arg_export,
          .help = "Write what was found to a file, too: a table (.csv, .tsv), the events of a BIDS data set "
                  "(_events.tsv, with the "
                  "files that go with it), or a copy of the recording in which every event is an annotation (.edf, "
                  ".bdf)." },
        { "plot", .value = "FILE", .text = &arg_plot,
          .help = "Draw a picture (.svg, .png, or .pdf with a page a channel): of each channel the signal "
                  "with what was found, twitches a minute, and "
                  "the mean waveform of each unit." },
        { "rate", .value = "HZ", .parse = parse_rate,
          .help = "Samples per second of a text that does not say it." },
        { "columns", .value = "LIST", .text = &arg_text.columns,
          .help = "Which columns of a text are signals: numbers from 1 or names, as in 2-9 (default: all "
                  "that do not look like times, "
                  "counters or accelerations)." },
        { "from", .value = "TIME", .parse = parse_from,
          .help = "Begin there: seconds, m:ss or h:mm:ss from the start." },
        { "to", .value = "TIME", .parse = parse_to, .help = "End there." },
        {},
};

const Verb verb_analyze = {
        .name = "analyze",
        .args = "FILE...",
        .summary = "Look for twitches in recordings: EDF, BDF, text",
        .text = "A recording may have any number of channels in volts at 200 to 16384 samples/s, gaps, or "
                "an end that "
                "was never written. What has to be assumed of a file is said; what could be misread is left "
                "out. FILE - is "
                "standard input.\n"
                "\n"
                "Text is read as well: raw data of OpenBCI's GUI, BrainFlow and the OpenBCI SD card as they "
                "are, other columns of numbers "
                "(CSV, TSV, exports of Delsys and Noraxon) with --rate, --unit and --columns for what they "
                "do not say.\n"
                "\n"
                "Channels are counted from 1 in text and options, and from 0 in --json, whose form is in "
                "analyze.schema.json. Ctrl-C ends the search and tells what was found until then.",
        .json = true,
        .options = options,
        .run = run,
};
