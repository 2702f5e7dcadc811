/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twitch-report: the twitch profile of a period on paper. A program of its own, so that only who prints
 * needs Cairo and Pango; `twitchctl report` describes it and calls it.
 */
#include <getopt.h>

#include "answers/sayings.h"
#include "ctl/ctl.h"
#include "ctl/past-open.h"
#include "ctl/say.h"
#include "ctl/trend-period.h"
#include "ctl/when.h"
#include "report.h"

#define DAY_USEC (86400 * INT64_C(1000000))

bool arg_json = false;
const char *arg_address = NULL;

static const char *arg_output = NULL, *arg_from = NULL, *arg_to = NULL;
static ReportOptions arg_report = {};

/* A picture of trends instead */
static const char *arg_site = NULL;
static bool arg_trend = false;
static TrendBy arg_by = TREND_BY_SESSION;
static unsigned arg_weeks = 4;

/* A drawing of ctl/drawing.h instead, from standard input */
static bool arg_picture = false, arg_picture_png = false;

static const struct {
        const char *ending;
        int (*write)(const Past *p, const Profile *f, const ReportOptions *o, FILE *out);
} forms[] = {
        { ".pdf", report_pdf },
        { ".svg", report_svg },
        { ".html", report_html },
        { ".txt", report_text },
};

static int parse(int argc, char **argv) {
        static const struct option options[] = {
                { "output", required_argument, NULL, 'o' },  { "from", required_argument, NULL, 'f' },
                { "to", required_argument, NULL, 't' },      { "history", required_argument, NULL, 'H' },
                { "address", required_argument, NULL, 'a' }, { "more", no_argument, NULL, '2' },
                { "serial", no_argument, NULL, 's' },        { "trend", required_argument, NULL, 'T' },
                { "weeks", required_argument, NULL, 'w' },   { "site", required_argument, NULL, 'S' },
                { "picture", required_argument, NULL, 'P' }, {},
        };

        for (int c; (c = getopt_long(argc, argv, "o:", options, NULL)) >= 0;)
                switch (c) {
                case 'o':
                        arg_output = optarg;
                        break;
                case 'f':
                        arg_from = optarg;
                        break;
                case 't':
                        arg_to = optarg;
                        break;
                case 'H':
                        arg_history = optarg;
                        break;
                case 'a':
                        arg_address = optarg;
                        break;
                case '2':
                        arg_report.page_2 = true;
                        break;
                case 's':
                        arg_report.serial = true;
                        break;
                case 'T':
                        arg_trend = true;
                        if (trend_parse_by(optarg, &arg_by) < 0)
                                return -EINVAL;
                        break;
                case 'w':
                        if (say_parse_number("weeks", optarg, 1, 520, &arg_weeks) < 0)
                                return -EINVAL;
                        break;
                case 'S':
                        arg_site = optarg;
                        break;
                case 'P':
                        arg_picture = true;
                        arg_picture_png = streq(optarg, "png");
                        break;
                default:
                        return -EINVAL;
                }
        return arg_output && optind == argc ? 0 : say_wrong(SAY_REPORT_USAGE);
}

/* Written by one of these, from what was computed */
typedef struct Job {
        const Past *past;
        Profile profile;
        Trend trend;
        int form;                       /* of forms[] */
        bool png;
} Job;

static bool ends_with(const char *s, const char *ending) {
        const char *at = strrchr(s, '.');

        return at && streq(at, ending);
}

static int find_form(Job *j) {
        if (arg_trend) {
                j->png = ends_with(arg_output, ".png");
                return j->png || ends_with(arg_output, ".svg") ? 0 : say_wrong(SAY_TREND_FORM, arg_output);
        }
        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (ends_with(arg_output, forms[i].ending)) {
                        j->form = (int) i;
                        return 0;
                }
        return say_wrong(SAY_REPORT_FORM, arg_output);
}

/* Without dates: the fortnight up to now, or up to the last session of a file. Whole local days. */
static int period(const Past *p, int64_t *ret_from, int64_t *ret_to) {
        int64_t last = when_now_usec(), local;
        int r;

        if (arg_history && p->n_sessions > 0)
                last = p->sessions[p->n_sessions - 1].start_usec;
        local = last + say_utc_offset_s(last) * 1000000;
        *ret_to = last - local % DAY_USEC + DAY_USEC;
        if (arg_to) {
                r = say_parse_date("to", arg_to, ret_to);
                if (r < 0)
                        return r;
                *ret_to += DAY_USEC;
        }
        *ret_from = *ret_to - PROFILE_DAYS * DAY_USEC;
        r = arg_from ? say_parse_date("from", arg_from, ret_from) : 0;
        if (r >= 0 && *ret_from >= *ret_to)
                return say_wrong(SAY_REPORT_PERIOD);
        return r;
}

static int compute(Job *j) {
        int64_t from, to;
        int r;

        if (arg_trend) {
                TrendOptions o = trend_period(j->past, arg_weeks, arg_by);

                if (trend_find_site(j->past, arg_site, &o.site) != 0)
                        return -EINVAL;
                r = trend_compute(j->past, &o, &j->trend);
        } else {
                if (period(j->past, &from, &to) < 0)
                        return -EINVAL;
                r = profile_compute(j->past, from, to, &j->profile);
        }
        if (r < 0)
                (void) say_wrong(SAY_CANNOT_COMPUTE, strerror(-r));
        return r;
}

static int write_to(const Job *j, FILE *out) {
        const char *site = arg_site ? arg_site : SAY_ALL_SITES;

        if (arg_picture)
                return picture_write(stdin, !arg_picture_png, out);
        if (!arg_trend)
                return forms[j->form].write(j->past, &j->profile, &arg_report, out);
        return j->png ? trend_plot_png(&j->trend, arg_by, site, out)
                      : trend_plot_svg(&j->trend, arg_by, site, out);
}

/* Into a file beside it first: a report that failed half-way replaces nothing. */
static int write_report(const Job *j) {
        _cleanup_fclose_ FILE *out = NULL;
        _cleanup_free_ char *beside = NULL;
        int r;

        if (asprintf(&beside, "%s.new", arg_output) < 0)
                return -ENOMEM;
        out = fopen(beside, "we");
        r = out ? write_to(j, out) : -errno;
        if (r >= 0 && (fflush(out) != 0 || ferror(out)))
                r = -errno;
        if (r >= 0 && rename(beside, arg_output) < 0)
                r = -errno;
        if (r < 0) {
                if (out)
                        (void) unlink(beside);
                (void) say_wrong(SAY_REPORT_FAILED, arg_output, strerror(-r));
        }
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(past_freep) Past *p = NULL;
        Job j = {};
        int r;

        if (parse(argc, argv) < 0)
                return EXIT_USAGE;
        if (arg_picture)
                return write_report(&j) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (find_form(&j) < 0)
                return EXIT_USAGE;
        if (past_open(&p) < 0)
                return EXIT_FAILURE;
        j.past = p;
        r = compute(&j);
        if (r == -EINVAL)
                return EXIT_USAGE;
        if (r >= 0)
                r = write_report(&j);
        profile_done(&j.profile);
        trend_done(&j.trend);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
