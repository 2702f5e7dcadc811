/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl trends: how much, over time. */
#include <math.h>

#include "answers/sayings.h"
#include "answers/trend.h"
#include "braille.h"
#include "ctl.h"
#include "json.h"
#include "past-open.h"
#include "report-call.h"
#include "say.h"
#include "table.h"
#include "text.h"
#include "trend-period.h"
#include "verbs.h"

#define WEEKS_DEFAULT 4
#define PLOT_HEIGHT 6

static const char *arg_site = NULL, *arg_output = NULL;
static unsigned arg_weeks = WEEKS_DEFAULT;
static TrendBy arg_by = TREND_BY_SESSION;

static int parse_weeks(const char *value) {
        return say_parse_number("weeks", value, 1, 520, &arg_weeks);
}

static int parse_by(const char *value) {
        return trend_parse_by(value, &arg_by);
}

static const char* row_name(const TrendRow *row, char ret[static DATE_SIZE]) {
        if (arg_by == TREND_BY_HOUR)
                snprintf(ret, DATE_SIZE, "%02d", (int) row->at);
        else
                say_date(arg_by == TREND_BY_SESSION ? row->start_usec : row->at * 86400 * 1000000,
                         arg_by == TREND_BY_SESSION ? row->utc_offset_s : 0, ret);
        return ret;
}

static void row_json(Json *j, const TrendRow *row) {
        char name[DATE_SIZE];

        json_begin(j, NULL);
        json_put_string(j, trend_by_words[arg_by], row_name(row, name));
        json_put_unsigned(j, "id", (uint64_t) row->at);
        json_put_unsigned(j, "start_usec", (uint64_t) row->start_usec);
        json_put_unsigned(j, "sessions", row->n_sessions);
        json_put_double(j, "per_min", row->noisy ? NAN : row->rate.per_min, 4);
        json_put_double(j, "low_per_min", row->noisy ? NAN : row->rate.low_per_min, 4);
        json_put_double(j, "high_per_min", row->noisy ? NAN : row->rate.high_per_min, 4);
        json_put_double(j, "rest_min", row->rest_min, 4);
        json_put_double(j, "twitches", row->twitches, 0);
        json_put_double(j, "floor_uv", row->floor_uv, 2);
        json_put_bool(j, "noisy", row->noisy);
        json_end(j);
}

static void comparison_json(Json *j, const char *key, const TrendComparison *c) {
        json_begin(j, key);
        json_put_double(j, "ratio", c->known ? c->by.ratio : NAN, 4);
        json_put_double(j, "low", c->known ? c->by.low : NAN, 4);
        json_put_double(j, "high", c->known ? c->by.high : NAN, 4);
        json_put_unsigned(j, "sessions", c->n_later);
        json_put_unsigned(j, "sessions_beside", c->n_earlier);
        json_end(j);
}

static void print_json(const Trend *t) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_put_string(&j, "by", trend_by_words[arg_by]);
        json_put_double(&j, "floor_uv", t->floor_uv, 2);
        json_put_unsigned(&j, "sessions", t->n_sessions);
        json_put_unsigned(&j, "noisy", t->n_noisy);
        json_put_double(&j, "rest_min", t->rest_min, 4);
        json_put_double(&j, "length_min", t->length_min, 4);
        json_put_double(&j, "twitches", t->twitches, 0);
        json_put_double(&j, "doublets_multiplets", t->several, 0);
        json_put_double(&j, "regular_runs", t->runs, 0);
        json_begin_array(&j, "rows");
        for (size_t i = 0; i < t->n_rows; i++)
                row_json(&j, t->rows + i);
        json_end(&j);
        json_begin(&j, "excluded_min");
        for (size_t i = 0; i < t->n_causes; i++)
                json_put_double(&j, t->causes[i].cause, t->causes[i].excluded_min, 4);
        json_end(&j);
        comparison_json(&j, "fortnight", &t->fortnight);
        comparison_json(&j, "exertion", &t->exertion);
        comparison_json(&j, "evening", &t->evening);
        json_end(&j);
        json_line(&j);
}

static void set_rate(Table *t, const TrendRow *row) {
        if (row->noisy)
                table_set(t, 1, SAY_NOISY);
        else
                table_set(t, 1, "%.2f%s", row->rate.per_min,
                          arg_by == TREND_BY_HOUR && row->n_sessions < TREND_HOUR_SESSIONS ? "*" : "");
        if (!row->noisy && !isnan(row->rate.low_per_min))
                table_set(t, 2, "%.2f-%.2f", row->rate.low_per_min, row->rate.high_per_min);
}

static int print_rows(const Trend *trend) {
        const TableColumn columns[] = {
                { trend_by_words[arg_by], 0 }, { "a minute", TABLE_RIGHT }, { "95 %", TABLE_RIGHT },
                { "rest min", TABLE_RIGHT }, { "floor uV", TABLE_RIGHT }, { "sessions", TABLE_RIGHT }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);

        for (size_t i = 0; i < trend->n_rows; i++) {
                const TrendRow *row = trend->rows + i;
                char name[DATE_SIZE];

                table_add_row(t);
                table_set(t, 0, "%s", row_name(row, name));
                set_rate(t, row);
                table_set(t, 3, "%.0f", row->rest_min);
                table_set(t, 4, "%.0f", row->floor_uv);
                table_set(t, 5, "%zu", row->n_sessions);
        }
        return table_print(t, stdout);
}

static bool has_dots(const Trend *t) {
        for (size_t i = 0; i < t->n_rows; i++)
                if (!t->rows[i].noisy && t->rows[i].n_sessions < TREND_HOUR_SESSIONS)
                        return true;
        return false;
}

typedef struct PlotScale {
        double most;                    /* a minute, at the top */
        double from_usec, to_usec;
        int right;                      /* the last dot */
} PlotScale;

static PlotScale plot_scale(const Trend *t, int width) {
        PlotScale s = { .most = trend_plot_top(t), .from_usec = INFINITY, .to_usec = -INFINITY,
                        .right = 2 * width - 1 };

        for (size_t i = 0; i < t->n_rows; i++)
                if (!t->rows[i].noisy) {
                        s.from_usec = fmin(s.from_usec, (double) t->rows[i].start_usec);
                        s.to_usec = fmax(s.to_usec, (double) t->rows[i].start_usec);
                }
        return s;
}

static int plot_y(const PlotScale *s, double per_min) {
        return (int) round(fmin(per_min / s->most, 1) * (4 * PLOT_HEIGHT - 1));
}

/* For each row, along the time, a mark three dots wide at the rate, and its interval as a dotted line */
static void plot(const Trend *t) {
        int columns = MIN(text_columns() - 4, 100), width = MAX(columns, 10);
        PlotScale s = plot_scale(t, width);
        Braille *b = NULL;

        if (s.to_usec > s.from_usec)
                b = braille_new((unsigned) width, PLOT_HEIGHT);
        if (!b)
                return;
        for (size_t i = 0; i < t->n_rows; i++) {
                const TrendRow *row = t->rows + i;
                double share = ((double) row->start_usec - s.from_usec) / (s.to_usec - s.from_usec);
                int x = 1 + (int) round(share * (s.right - 2));

                if (row->noisy)
                        continue;
                for (int wide = -1; wide <= 1; wide++)
                        braille_dot(b, x + wide, plot_y(&s, row->rate.per_min));
                if (isnan(row->rate.low_per_min))
                        continue;
                for (int y = plot_y(&s, row->rate.low_per_min); y <= plot_y(&s, row->rate.high_per_min); y += 2)
                        braille_dot(b, x, y);
        }
        putchar('\n');
        say(0, SAY_PLOT_TITLE, s.most);
        braille_print(b, stdout, 2);
        braille_free(b);
}

static void print_comparison(const char *what, const TrendComparison *c) {
        if (!c->known)
                say(0, SAY_RATIO_UNKNOWN, what, c->n_later, c->n_earlier);
        else if (c->by.low > 1 || c->by.high < 1)
                say(0, SAY_RATIO_CLEAR, what, c->by.ratio, c->by.low, c->by.high);
        else
                say(0, SAY_RATIO_UNCLEAR, what, c->by.low, c->by.high);
}

static void print_excluded(const Trend *t) {
        say(0, SAY_EXCLUDED, fmax(0, t->length_min - t->rest_min), t->length_min);
        if (t->n_causes == 0)
                return;
        printf("%s", SAY_EXCLUDED_CAUSES);
        for (size_t i = 0; i < t->n_causes; i++)
                printf("%s %s %.1f", i > 0 ? "," : "", t->causes[i].cause, t->causes[i].excluded_min);
        putchar('\n');
}

static int print_text(const Trend *t, const TrendOptions *o, const char *site) {
        char from[DATE_SIZE], to[DATE_SIZE];
        int r;

        say(0, SAY_TREND_TITLE, site, say_date(o->from_usec, say_utc_offset_s(o->from_usec), from),
            say_date(o->to_usec, say_utc_offset_s(o->to_usec), to));
        if (t->n_sessions == 0) {
                say(0, SAY_NO_SESSIONS);
                puts(NOT_A_MEDICAL_DEVICE);
                return 0;
        }
        say(0, SAY_TREND_FLOOR, t->floor_uv, t->n_sessions - t->n_noisy, t->n_sessions);
        putchar('\n');
        r = print_rows(t);
        if (r < 0)
                return r;
        if (t->n_noisy > 0)
                say(0, SAY_NOISY_NOTE);
        if (arg_by != TREND_BY_HOUR)
                plot(t);
        else if (has_dots(t))
                say(0, SAY_DOT_NOTE, TREND_HOUR_SESSIONS);
        putchar('\n');
        print_comparison(SAY_FORTNIGHT, &t->fortnight);
        print_comparison(SAY_EXERTION, &t->exertion);
        print_comparison(SAY_EVENING, &t->evening);
        say(0, SAY_PATTERNS, t->twitches > 0 ? fmin(100, 100 * t->several / t->twitches) : 0, t->runs);
        print_excluded(t);
        puts(NOT_A_MEDICAL_DEVICE);
        return 0;
}

static int draw(void) {
        char *args[REPORT_CALL_MAX] = {}, weeks[16];

        snprintf(weeks, sizeof(weeks), "%u", arg_weeks);
        report_call_add(args, "output", arg_output);
        report_call_add(args, "trend", trend_by_words[arg_by]);
        report_call_add(args, "weeks", weeks);
        report_call_add(args, "site", arg_site);
        report_call_add(args, "history", arg_history);
        report_call_add(args, "address", arg_address);
        return report_call(args);
}

static int run(int argc, char **argv) {
        _cleanup_(past_freep) Past *p = NULL;
        TrendOptions o;
        Trend t;

        if (arg_output)
                return draw();
        int r = past_open(&p);
        if (r < 0)
                return r;
        o = trend_period(p, arg_weeks, arg_by);
        r = trend_find_site(p, arg_site, &o.site);
        if (r != 0)
                return r;
        r = trend_compute(p, &o, &t);
        if (r < 0) {
                (void) say_wrong(SAY_CANNOT_COMPUTE, strerror(-r));
                return r;
        }
        if (arg_json)
                print_json(&t);
        else
                r = print_text(&t, &o, arg_site ? arg_site : SAY_ALL_SITES);
        trend_done(&t);
        return r;
}

static const Option options[] = {
        { "site", 0, "SITE", "Only this site, such as left-calf", .text = &arg_site },
        { "weeks", 0, "N", "So many weeks back (default 4)", .parse = parse_weeks },
        { "by", 0, "session|day|week|hour", "A line for each of these; hour: of the day",
          .parse = parse_by },
        { "output", 'o', "FILE", "Draw it instead: .svg or .png", .text = &arg_output },
        HISTORY_OPTION,
        {},
};

const Verb verb_trends = {
        .name = "trends",
        .args = "",
        .summary = "Twitches a minute of rest over time, with intervals, exposure and floor",
        .text = "Rates are above one floor for all sessions shown, so that a quiet day is not "
                "compared with a noisy one. "
                "Intervals (95 %) take twitches in clusters and sessions as they are.",
        .json = true,
        .bus = true,
        .options = options,
        .run = run,
};
