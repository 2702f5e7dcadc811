/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "profile.h"
#include "stats/quantiles.h"

static Spread spread_of(double *x, size_t n) {
        stats_sort(x, n);
        return (Spread) {
                .n = n,
                .median = stats_quantile(x, n, 0.5),
                .q1 = stats_quantile(x, n, 0.25),
                .q3 = stats_quantile(x, n, 0.75),
                .least = n ? x[0] : NAN,
                .most = n ? x[n - 1] : NAN,
        };
}

/* From a histogram: the middle of the step in which the share is reached. */
static double size_quantile(const double *counts, double total, double share) {
        double sum = 0;

        for (unsigned k = 0; k < SIZES_STEPS; k++) {
                sum += counts[k];
                if (sum >= share * total && total > 0)
                        return sqrt(sizes_step_uv(k) * sizes_step_uv(k + 1));
        }
        return NAN;
}

static bool in_period(const Profile *f, const PastSession *s) {
        return past_session_counts(s) && s->start_usec >= f->from_usec && s->start_usec < f->to_usec;
}

static void add_sizes(const Past *p, const Profile *f, unsigned site, unsigned step, ProfileSite *ret) {
        double counts[SIZES_STEPS] = {}, total = 0;

        for (size_t i = 0; i < p->n_sessions; i++)
                for (size_t k = 0; in_period(f, p->sessions + i) && k < p->sessions[i].n_parts; k++) {
                        const PastPart *part = p->sessions[i].parts + k;

                        if (part->site != site || part->rest_min <= 0)
                                continue;
                        ret->floor_low_uv = fmin(ret->floor_low_uv, part->floor_uv);
                        ret->floor_high_uv = fmax(ret->floor_high_uv, part->floor_uv);
                        for (unsigned b = step; b < SIZES_STEPS; b++) {
                                counts[b] += part->sizes[b];
                                total += part->sizes[b];
                        }
                }
        ret->size_uv = (Spread) {
                .n = (size_t) total,
                .median = size_quantile(counts, total, 0.5),
                .q1 = size_quantile(counts, total, 0.25),
                .q3 = size_quantile(counts, total, 0.75),
                .least = NAN,
                .most = NAN,
        };
}

/* Median of the times between one twitch and the next */
static int add_intervals(const Past *p, const Profile *f, unsigned site, ProfileSite *ret) {
        double *all = NULL;
        size_t n_all = 0;
        int r = 0;

        for (size_t i = 0; i < p->n_sessions && r >= 0; i++) {
                double *times = NULL, *more;
                size_t n = 0;

                if (!in_period(f, p->sessions + i))
                        continue;
                r = past_twitch_times(p, p->sessions + i, (int) site, &times, &n);
                more = reallocarray(all, n_all + n + 1, sizeof(*more));
                if (more) {
                        all = more;
                        for (size_t k = 1; k < n; k++)
                                all[n_all++] = times[k] - times[k - 1];
                } else
                        r = -ENOMEM;
                free(times);
        }
        stats_sort(all, n_all);
        ret->interval_s = stats_quantile(all, n_all, 0.5);
        free(all);
        return r;
}

/* Rates above the floor that is common to the whole profile */
static void add_rates(const Past *p, const Profile *f, unsigned site, unsigned step, double *rates,
                      ProfileSite *ret) {
        double several = 0;
        size_t n = 0;

        for (size_t i = 0; i < p->n_sessions; i++)
                for (size_t k = 0; in_period(f, p->sessions + i) && k < p->sessions[i].n_parts; k++) {
                        const PastPart *part = p->sessions[i].parts + k;
                        double events;

                        if (part->site != site || part->rest_min <= 0)
                                continue;
                        events = (double) sizes_from(part->sizes, step);
                        ret->n_sessions++;
                        ret->rest_min += part->rest_min;
                        ret->twitches += events;
                        ret->runs += part->runs;
                        several += part->several;
                        if (isnan(part->floor_uv) || sizes_step_above(part->floor_uv) > step)
                                ret->n_noisy++;
                        else
                                rates[n++] = events / part->rest_min;
                }
        ret->rate = spread_of(rates, n);
        ret->several_percent = ret->twitches > 0 ? fmin(100, 100 * several / ret->twitches) : 0;
        ret->enough = n >= PROFILE_SESSIONS_MIN && ret->rest_min >= PROFILE_REST_MIN;
}

static int by_rate(const void *a, const void *b) {
        const ProfileSite *x = a, *y = b;
        double rx = isnan(x->rate.median) ? -1 : x->rate.median,
               ry = isnan(y->rate.median) ? -1 : y->rate.median;

        return (rx < ry) - (rx > ry);
}

static int add_sites(const Past *p, Profile *f) {
        unsigned step = isnan(f->trend.floor_uv) ? 0 : sizes_step_above(f->trend.floor_uv);
        double *rates = malloc((p->n_sessions * PAST_PARTS_MAX + 1) * sizeof(*rates));
        int r = 0;

        f->sites = calloc(p->n_sites + 1, sizeof(*f->sites));
        if (!f->sites || !rates) {
                free(rates);
                return -ENOMEM;
        }
        for (unsigned site = 0; site < p->n_sites && r >= 0; site++) {
                ProfileSite *s = f->sites + f->n_sites;

                *s = (ProfileSite) { .name = p->sites[site].name, .floor_low_uv = NAN,
                                     .floor_high_uv = NAN };
                add_rates(p, f, site, step, rates, s);
                if (s->n_sessions == 0)
                        continue;
                add_sizes(p, f, site, step, s);
                r = add_intervals(p, f, site, s);
                f->enough = f->enough || s->enough;
                f->n_sites++;
        }
        free(rates);
        qsort(f->sites, f->n_sites, sizeof(*f->sites), by_rate);
        return r;
}

static int64_t local_day(const PastSession *s) {
        return (int64_t) floor(past_local_days(s->start_usec, s->utc_offset_s));
}

static void add_days(const Past *p, Profile *f) {
        int64_t last = -1;

        for (size_t i = 0; i < p->n_sessions; i++) {
                const PastSession *s = p->sessions + i;
                ProfileDay *day = f->n_rasters ? f->rasters + f->n_rasters - 1 : NULL;

                if (s->start_usec >= f->from_usec && s->start_usec < f->to_usec && s->excluded)
                        f->n_excluded_sessions++;
                if (!in_period(f, s))
                        continue;
                if (local_day(s) == last && day) {
                        day->n_sessions = i - day->first + 1;
                        continue;
                }
                last = local_day(s);
                f->n_days_measured++;
                if (f->n_rasters == PROFILE_DAYS)
                        memmove(f->rasters, f->rasters + 1, --f->n_rasters * sizeof(*f->rasters));
                f->rasters[f->n_rasters++] = (ProfileDay) { .day = last, .first = i, .n_sessions = 1 };
        }
}

static int add_hours(Profile *f) {
        double *rates = malloc((f->trend.n_hours + 1) * sizeof(*rates));

        if (!rates)
                return -ENOMEM;
        for (int hour = 0; hour < 24; hour++) {
                size_t n = 0;

                for (size_t i = 0; i < f->trend.n_hours; i++) {
                        const TrendSitting *s = f->trend.hours + i;

                        if (!s->noisy && s->at == hour)
                                rates[n++] = s->span.events / s->span.exposure_min;
                }
                f->hours[hour] = spread_of(rates, n);
        }
        free(rates);
        return 0;
}

int profile_compute(const Past *p, int64_t from_usec, int64_t to_usec, Profile *ret) {
        TrendOptions o = { .from_usec = from_usec, .to_usec = to_usec, .site = -1, .by = TREND_BY_SESSION };
        int r;

        *ret = (Profile){
                        .from_usec = from_usec,
                        .to_usec = to_usec,
                        .n_days = (int)((to_usec - from_usec + 86399 * INT64_C(1000000)) /
                                        (86400 * INT64_C(1000000))),
        };
        r = trend_compute(p, &o, &ret->trend);
        if (r >= 0)
                r = add_sites(p, ret);
        if (r >= 0)
                r = add_hours(ret);
        if (r >= 0)
                r = agree_compute(p, from_usec, to_usec, &ret->agree);
        if (r >= 0)
                r = goes_all(p, &ret->goes, &ret->n_goes);
        if (r < 0) {
                profile_done(ret);
                return r;
        }
        add_days(p, ret);
        return 0;
}

void profile_done(Profile *f) {
        trend_done(&f->trend);
        free(f->sites);
        goes_free_all(f->goes, f->n_goes);
        *f = (Profile) {};
}
