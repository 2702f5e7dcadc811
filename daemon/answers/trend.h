/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Twitches a minute of rest over time, above one floor for all that is compared: sessions whose noise would
 * have hidden twitches of that size are noisy and stand aside.
 */
#pragma once

#include "past.h"
#include "stats/rate.h"

#define TREND_CONFIDENCE 0.95
#define TREND_CAUSES_MAX 16u

/* Share of the sessions (with their sites) whose floor must lie below the common one. Raising it leaves out
 * less sessions and more small twitches. */
#define TREND_QUIET_SHARE 0.8

/* Hours of the day with fewer sessions are shown as dots. */
#define TREND_HOUR_SESSIONS 5u

/* Rest (channel-minutes) from which on a session counts in an hour of the day, or half of all it has.
 * Raising it leaves out more sessions that end or begin near the full hour: few minutes make their rates. */
#define TREND_HOUR_REST_MIN 5.0

typedef enum TrendBy {
        TREND_BY_SESSION,
        TREND_BY_DAY,
        TREND_BY_WEEK,
        TREND_BY_HOUR,                  /* of the day */
        _TREND_BY_MAX,
} TrendBy;

typedef struct TrendOptions {
        int64_t from_usec, to_usec;     /* sessions that began in it */
        int site;                       /* -1: all */
        TrendBy by;
} TrendOptions;

/* A session, its sites together: all of it, or what lies in one hour of the day. */
typedef struct TrendSitting {
        const PastSession *session;     /* of the Past */
        int64_t at;                     /* of the row it is in */
        RateSpan span;                  /* above the common floor */
        double floor_uv;                /* the highest of its sites; NAN: not known */
        bool noisy;
} TrendSitting;

typedef struct TrendRow {
        int64_t at;                     /* session: id; day, week: first day since 1970, local; hour: 0-23 */
        int64_t start_usec, utc_offset_s;       /* of the first session in it */
        size_t n_sessions;
        double rest_min;                /* channel-minutes */
        double twitches;                /* above the common floor */
        Rate rate;                      /* limits NAN: not known */
        double floor_uv;                /* the highest in it; NAN: not known */
        bool noisy;                     /* nothing but noisy sessions: no rate */
} TrendRow;

typedef struct TrendComparison {
        bool known;
        size_t n_earlier, n_later;
        RateRatio by;
} TrendComparison;

typedef struct Trend {
        double floor_uv;                /* common; NAN: no session */
        size_t n_sessions, n_noisy;
        double rest_min, length_min, twitches, several, runs;
        size_t n_rows;
        TrendRow *rows;
        size_t n_hours;
        TrendSitting *hours;            /* at: hour of the day; a night is in each that it lasts */
        TrendComparison fortnight;      /* the last 14 days by the 14 before */
        TrendComparison exertion;       /* sessions after exertion by others */
        TrendComparison evening;        /* from 18 h on by before */
        size_t n_causes;
        struct {
                char cause[PAST_WORD];
                double excluded_min;
        } causes[TREND_CAUSES_MAX];     /* the longest first */
} Trend;

int trend_compute(const Past *p, const TrendOptions *o, Trend *ret);
void trend_done(Trend *t);

/* The top of a plot of the rows, twitches a minute: TREND_HEADROOM times the highest rate, 1 if none is above 0.
 * Raising it lets wider intervals fit and flattens the rates. An interval that does not fit goes up to the edge. */
#define TREND_HEADROOM 2.0
double trend_plot_top(const Trend *t);
