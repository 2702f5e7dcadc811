/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "stats/quantiles.h"
#include "trend.h"

#define EVENING_HOUR 18
#define FORTNIGHT_USEC (14 * 86400 * INT64_C(1000000))

static bool wanted(const TrendOptions *o, const PastPart *part) {
        return (o->site < 0 || part->site == (unsigned) o->site) && part->rest_min > 0;
}

static bool in_period(const TrendOptions *o, const PastSession *s) {
        return past_session_counts(s) && s->start_usec >= o->from_usec && s->start_usec < o->to_usec;
}

/* The common floor: a step of the sizes. */
static int common_step(const Past *p, const TrendOptions *o, unsigned *ret) {
        double *floors = malloc((p->n_sessions * PAST_PARTS_MAX + 1) * sizeof(*floors));
        size_t n = 0;

        if (!floors)
                return -ENOMEM;
        for (size_t i = 0; i < p->n_sessions; i++)
                for (size_t k = 0; in_period(o, p->sessions + i) && k < p->sessions[i].n_parts; k++)
                        if (wanted(o, p->sessions[i].parts + k) && !isnan(p->sessions[i].parts[k].floor_uv))
                                floors[n++] = p->sessions[i].parts[k].floor_uv;
        stats_sort(floors, n);
        *ret = n ? sizes_step_above(stats_quantile(floors, n, TREND_QUIET_SHARE)) : 0;
        free(floors);
        return n ? 0 : -ENODATA;
}

static int hour_of(const PastSession *s, double minutes_in) {
        double days = past_local_days(s->start_usec, s->utc_offset_s) + minutes_in / (24 * 60);

        return (int) ((days - floor(days)) * 24);
}

static int64_t key_of(const PastSession *s, TrendBy by) {
        int64_t day = (int64_t) floor(past_local_days(s->start_usec, s->utc_offset_s));

        switch (by) {
        case TREND_BY_DAY:
                return day;
        case TREND_BY_WEEK:             /* from Monday; 1970 began with a Thursday */
                return day - (day + 3) % 7;
        case TREND_BY_SESSION:
        default:
                return s->id;
        }
}

static bool sit(const PastSession *s, const TrendOptions *o, unsigned step, Trend *t, TrendSitting *ret) {
        bool any = false;

        *ret = (TrendSitting) { .session = s, .at = key_of(s, o->by), .floor_uv = NAN };
        for (size_t k = 0; k < s->n_parts; k++) {
                const PastPart *part = s->parts + k;

                t->length_min += o->site < 0 || part->site == (unsigned) o->site ? part->length_min : 0;
                if (!wanted(o, part))
                        continue;
                any = true;
                ret->floor_uv = fmax(ret->floor_uv, part->floor_uv);
                ret->span.exposure_min += part->rest_min;
                ret->span.events += (double) sizes_from(part->sizes, step);
                t->several += part->several;
                t->runs += part->runs;
        }
        ret->noisy = isnan(ret->floor_uv) || sizes_step_above(ret->floor_uv) > step;
        return any;
}

#define HOURS 24

/* Twitches above the floor and rest by session and hour of the day. The hours do not tell the sizes: of a
 * session's twitches the same share is above the floor in each. */
static RateSpan* spans_of_hours(const Past *p, const TrendOptions *o, unsigned step) {
        RateSpan *spans = calloc(p->n_sessions * HOURS + 1, sizeof(*spans));

        for (size_t i = 0; spans && i < p->n_hours; i++) {
                const PastHour *h = p->hours + i;
                const PastPart *part = p->sessions[h->session].parts + h->part;
                RateSpan *span = spans + h->session * HOURS + h->local_hours % HOURS;
                double above = (double) sizes_from(part->sizes, step);

                if (!wanted(o, part))
                        continue;
                span->exposure_min += h->rest_min;
                if (part->twitches > 0)
                        span->events += above * h->twitches / part->twitches;
        }
        return spans;
}

static int add_hours(const Past *p, const TrendOptions *o, unsigned step, const TrendSitting *sittings,
                     size_t n, Trend *t) {
        _cleanup_free_ RateSpan *spans = spans_of_hours(p, o, step);

        t->hours = calloc(n * HOURS + 1, sizeof(*t->hours));
        if (!spans || !t->hours)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const TrendSitting *s = sittings + i;
                double least = fmin(TREND_HOUR_REST_MIN, s->span.exposure_min / 2);

                for (int hour = 0; hour < HOURS; hour++) {
                        RateSpan span = spans[(s->session - p->sessions) * HOURS + hour];

                        if (span.exposure_min <= 0 || span.exposure_min < least)
                                continue;
                        t->hours[t->n_hours] = *s;
                        t->hours[t->n_hours].at = hour;
                        t->hours[t->n_hours++].span = span;
                }
        }
        return 0;
}

/* Rows must be found again whatever their order: hours come back every day. */
static TrendRow* row_of(Trend *t, const TrendSitting *s) {
        TrendRow *more;

        for (size_t i = 0; i < t->n_rows; i++)
                if (t->rows[i].at == s->at)
                        return t->rows + i;
        more = reallocarray(t->rows, t->n_rows + 1, sizeof(*more));
        if (!more)
                return NULL;
        t->rows = more;
        t->rows[t->n_rows] = (TrendRow) { .at = s->at, .start_usec = s->session->start_usec, .noisy = true,
                                          .floor_uv = NAN, .utc_offset_s = s->session->utc_offset_s };
        return t->rows + t->n_rows++;
}

/* Twitches and exposure of a single session, or of its hour, minute by minute */
static int rate_of_one(const Past *p, const TrendOptions *o, const TrendSitting *s, Rate *ret) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        RateSpan *minutes = NULL;
        size_t n = 0;

        int r = sql_query(p->sql, &q, "SELECT channel, twitches, exposure_usec, (boottime_usec -"
                                      " (SELECT start_boottime_usec FROM session WHERE id = ?1)) / 60000000"
                                      " FROM minute WHERE session IN (SELECT id FROM temp.sitting WHERE session = ?1)"
                                      " AND voluntary = 0 AND cut = 0", "i",
                          s->session->id);
        while (r >= 0 && (r = sql_next(q)) > 0) {
                size_t minute = (size_t) MAX(sqlite3_column_int64(q, 3), 0);
                bool mine = false;

                for (size_t k = 0; k < s->session->n_parts; k++)
                        mine = mine || (wanted(o, s->session->parts + k) &&
                                        (int) s->session->parts[k].channel == sqlite3_column_int(q, 0));
                if (!mine || minute > 7 * 24 * 60)
                        continue;
                if (o->by == TREND_BY_HOUR && hour_of(s->session, (double) minute) != s->at)
                        continue;
                if (minute >= n) {
                        RateSpan *more = reallocarray(minutes, minute + 1, sizeof(*more));

                        if (!more) {
                                r = -ENOMEM;
                                break;
                        }
                        minutes = more;
                        memset(minutes + n, 0, (minute + 1 - n) * sizeof(*minutes));
                        n = minute + 1;
                }
                minutes[minute].events += sqlite3_column_double(q, 1);
                minutes[minute].exposure_min += sqlite3_column_double(q, 2) / 60e6;
        }
        if (r >= 0)
                r = rate_of_session(minutes, n, TREND_CONFIDENCE, ret);
        free(minutes);
        return r;
}

/* The interval of a lone session, about the rate above the common floor: what clusters is the same. */
static void rate_of_lone(const Past *p, const TrendOptions *o, const TrendSitting *s, TrendRow *row) {
        double per_min = s->span.events / s->span.exposure_min;
        Rate all;

        row->rate = (Rate) { .per_min = per_min, .low_per_min = NAN, .high_per_min = NAN, .n = 1,
                             .events = s->span.events, .exposure_min = s->span.exposure_min };
        if (rate_of_one(p, o, s, &all) < 0)
                return;
        if (!(all.per_min > 0) || !(per_min > 0)) {
                row->rate.low_per_min = 0;
                row->rate.high_per_min = all.high_per_min;
                return;
        }
        row->rate.low_per_min = all.low_per_min * per_min / all.per_min;
        row->rate.high_per_min = all.high_per_min * per_min / all.per_min;
}

static int fill_row(const Past *p, const TrendOptions *o, const TrendSitting *sittings, size_t n,
                    TrendRow *row) {
        RateSpan *spans = calloc(n + 1, sizeof(*spans));
        const TrendSitting *last = NULL;
        size_t used = 0;
        int r = 0;

        if (!spans)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (!sittings[i].noisy && sittings[i].at == row->at) {
                        last = sittings + i;
                        spans[used++] = last->span;
                }
        row->noisy = used == 0;
        if (used == 1)
                rate_of_lone(p, o, last, row);
        else if (used > 1)
                r = rate_of_sessions(spans, used, TREND_CONFIDENCE, &row->rate);
        free(spans);
        return r;
}

static int add_rows(const Past *p, const TrendOptions *o, const TrendSitting *sittings, size_t n, Trend *t) {
        int r = 0;

        for (size_t i = 0; i < n; i++) {
                TrendRow *row = row_of(t, sittings + i);

                if (!row)
                        return -ENOMEM;
                row->n_sessions++;
                row->floor_uv = fmax(row->floor_uv, sittings[i].floor_uv);
                row->rest_min += sittings[i].span.exposure_min;
                row->twitches += sittings[i].span.events;
        }
        for (size_t i = 0; i < t->n_rows && r >= 0; i++)
                r = fill_row(p, o, sittings, n, t->rows + i);
        return r;
}

/* side(sitting, last): 1 later, 0 earlier, -1 neither */
static int compare(const TrendSitting *sittings, size_t n,
                   int (*side)(const TrendSitting *s, const TrendSitting *last), TrendComparison *ret) {
        RateSpan *spans = calloc(2 * n + 1, sizeof(*spans));

        if (!spans)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int where = sittings[i].noisy ? -1 : side(sittings + i, sittings + n - 1);

                if (where == 0)
                        spans[ret->n_earlier++] = sittings[i].span;
                else if (where == 1)
                        spans[n + ret->n_later++] = sittings[i].span;
        }
        ret->known = rate_compare(spans, ret->n_earlier, spans + n, ret->n_later, TREND_CONFIDENCE,
                                  &ret->by) >= 0;
        free(spans);
        return 0;
}

static int side_fortnight(const TrendSitting *s, const TrendSitting *last) {
        int64_t before = last->session->start_usec - s->session->start_usec;

        return before < FORTNIGHT_USEC ? 1 : before < 2 * FORTNIGHT_USEC ? 0 : -1;
}

static int side_exertion(const TrendSitting *s, const TrendSitting *last) {
        return streq(s->session->template, "after-exertion");
}

static int side_evening(const TrendSitting *s, const TrendSitting *last) {
        return hour_of(s->session, 0) >= EVENING_HOUR;
}

static void add_causes(const Past *p, const TrendOptions *o, Trend *t) {
        for (size_t i = 0; i < p->n_causes; i++) {
                const PastCause *c = p->causes + i;
                const PastSession *s = p->sessions + c->session;
                size_t k = 0;

                if (!in_period(o, s) || (o->site >= 0 && s->parts[c->part].site != (unsigned) o->site))
                        continue;
                while (k < t->n_causes && !streq(t->causes[k].cause, c->cause))
                        k++;
                if (k == TREND_CAUSES_MAX)
                        continue;
                if (k == t->n_causes)
                        memcpy(t->causes[t->n_causes++].cause, c->cause, sizeof(c->cause));
                t->causes[k].excluded_min += c->excluded_min;
                for (; k > 0 && t->causes[k].excluded_min > t->causes[k - 1].excluded_min; k--) {
                        __typeof__(t->causes[0]) swap = t->causes[k];

                        t->causes[k] = t->causes[k - 1];
                        t->causes[k - 1] = swap;
                }
        }
}

static int by_key(const void *a, const void *b) {
        const TrendRow *x = a, *y = b;

        return (x->at > y->at) - (x->at < y->at);
}

static int compute(const Past *p, const TrendOptions *o, TrendSitting *sittings, Trend *t) {
        size_t n = 0;
        unsigned step;

        int r = common_step(p, o, &step);
        if (r < 0)
                return r == -ENODATA ? 0 : r;
        t->floor_uv = sizes_step_uv(step);
        for (size_t i = 0; i < p->n_sessions; i++)
                if (in_period(o, p->sessions + i) && sit(p->sessions + i, o, step, t, sittings + n)) {
                        t->n_noisy += sittings[n].noisy;
                        t->rest_min += sittings[n].span.exposure_min;
                        t->twitches += sittings[n].span.events;
                        n++;
                }
        t->n_sessions = n;
        add_causes(p, o, t);
        r = add_hours(p, o, step, sittings, n, t);
        if (r >= 0 && o->by == TREND_BY_HOUR)
                r = add_rows(p, o, t->hours, t->n_hours, t);
        else if (r >= 0)
                r = add_rows(p, o, sittings, n, t);
        if (r >= 0)
                r = compare(sittings, n, side_fortnight, &t->fortnight);
        if (r >= 0)
                r = compare(sittings, n, side_exertion, &t->exertion);
        if (r >= 0)
                r = compare(sittings, n, side_evening, &t->evening);
        if (o->by == TREND_BY_HOUR)
                qsort(t->rows, t->n_rows, sizeof(*t->rows), by_key);
        return r;
}

int trend_compute(const Past *p, const TrendOptions *o, Trend *ret) {
        TrendSitting *sittings = calloc(p->n_sessions + 1, sizeof(*sittings));
        int r;

        *ret = (Trend) { .floor_uv = NAN };
        if (!sittings)
                return -ENOMEM;
        r = compute(p, o, sittings, ret);
        free(sittings);
        if (r < 0)
                trend_done(ret);
        return r;
}

void trend_done(Trend *t) {
        free(t->rows);
        free(t->hours);
        *t = (Trend) {};
}

double trend_plot_top(const Trend *t) {
        double rate = 0;

        for (size_t i = 0; i < t->n_rows; i++)
                if (!t->rows[i].noisy)
                        rate = fmax(rate, t->rows[i].rate.per_min);
        return rate > 0 ? TREND_HEADROOM * rate : 1;
}
