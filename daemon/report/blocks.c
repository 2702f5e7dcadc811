/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "answers/sayings.h"
#include "blocks.h"
#include "ctl/say.h"
#include "error-rates.h"
#include "store/sites.h"

#define MUSCLE(side, muscle) muscle,

/* Words into one string, ", " between them */
static void join(char *list, size_t size, const char *word) {
        size_t n = strlen(list);

        snprintf(list + n, size - n, "%s%s", n ? ", " : "", word);
}

static bool measured(const Profile *f, const char *site) {
        for (size_t i = 0; i < f->n_sites; i++)
                if (streq(f->sites[i].name, site))
                        return true;
        return false;
}

static bool measured_at(const Profile *f, const char *side, const char *muscle) {
        char name[PAST_WORD];

        snprintf(name, sizeof(name), "%s-%s", side, muscle);
        return measured(f, name);
}

/* Muscles without electrodes; with its side, where the other side had some. */
static void list_missing(const Profile *f, char *ret, size_t size) {
        static const char *const muscles[] = { SITE_MUSCLES(MUSCLE, ) NULL };

        for (const char *const *muscle = muscles; *muscle; muscle++) {
                bool left = measured_at(f, "left", *muscle), right = measured_at(f, "right", *muscle);
                char name[PAST_WORD];

                if (streq(*muscle, "other") || (left && right) || measured_at(f, "middle", *muscle))
                        continue;
                snprintf(name, sizeof(name), "%s%s", left ? "right-" : right ? "left-" : "", *muscle);
                join(ret, size, name);
        }
}

static void read_device(const Past *p, char *ret, size_t size) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        if (sql_query(p->sql, &q, "SELECT identity FROM device ORDER BY id DESC LIMIT 1", "") >= 0 &&
            sql_next(q) > 0)
                snprintf(ret, size, "%s", sql_text(q, 0));
}

void blocks_head(const Past *p, const Profile *f, const ReportOptions *o, Lines *ret) {
        char from[DATE_SIZE], to[DATE_SIZE], sites[512] = "", missing[512] = "", device[128] = SAY_MASKED;
        int64_t last = f->to_usec - 1;

        lines_add(ret, SAY_PROFILE_PERIOD, say_date(f->from_usec, say_utc_offset_s(f->from_usec), from),
                  say_date(last, say_utc_offset_s(last), to), f->n_days);
        for (size_t i = 0; i < f->n_sites; i++)
                join(sites, sizeof(sites), f->sites[i].name);
        list_missing(f, missing, sizeof(missing));
        lines_add(ret, SAY_PROFILE_SITES, sites[0] ? sites : "-");
        lines_add(ret, SAY_PROFILE_SITES_NOT, missing[0] ? missing : "-");
        if (o->serial)
                read_device(p, device, sizeof(device));
        lines_add(ret, SAY_PROFILE_VERSION, p->version[0] ? p->version : "-", device);
        lines_add(ret, SAY_NOT_MEDICAL_1);
        lines_add(ret, SAY_NOT_MEDICAL_2);
}

void blocks_sufficiency(const Profile *f, Lines *ret) {
        const Trend *t = &f->trend;
        char sites[512] = "", causes[256] = "", word[128];
        double low = NAN, high = NAN;

        lines_add(ret, SAY_SUFFICIENCY_DAYS, f->n_days_measured, f->n_days, t->n_sessions, t->n_noisy,
                  f->n_excluded_sessions);
        for (size_t i = 0; i < f->n_sites; i++) {
                snprintf(word, sizeof(word), "%s %.0f min", f->sites[i].name, f->sites[i].rest_min);
                join(sites, sizeof(sites), word);
                low = fmin(low, f->sites[i].floor_low_uv);
                high = fmax(high, f->sites[i].floor_high_uv);
        }
        lines_add(ret, SAY_SUFFICIENCY_MIN, sites[0] ? sites : "-");
        for (size_t i = 0; i < t->n_causes && i < 4; i++) {
                snprintf(word, sizeof(word), "%s %.0f", t->causes[i].cause, t->causes[i].excluded_min);
                join(causes, sizeof(causes), word);
        }
        lines_add(ret, SAY_SUFFICIENCY_EXCLUDED, fmax(0, t->length_min - t->rest_min), t->length_min,
                  causes[0] ? ": " : "", causes);
        if (!isnan(low))
                lines_add(ret, SAY_SUFFICIENCY_FLOOR, low, high, t->floor_uv);
        if (!f->enough)
                lines_add(ret, SAY_TOO_LITTLE, PROFILE_SESSIONS_MIN, (unsigned) PROFILE_REST_MIN);
}

void blocks_site_titles(char ret[BLOCKS_COLUMNS][BLOCKS_CELL]) {
        static const char *const titles[BLOCKS_COLUMNS] = {
                SAY_COLUMN_SITE, SAY_COLUMN_RATE, SAY_COLUMN_RANGE, SAY_COLUMN_SIZE,
                SAY_COLUMN_SEVERAL, SAY_COLUMN_RUNS, SAY_COLUMN_INTERVAL, SAY_COLUMN_SESSIONS,
        };

        for (unsigned i = 0; i < BLOCKS_COLUMNS; i++)
                snprintf(ret[i], BLOCKS_CELL, "%s", titles[i]);
}

/* Raw counts only, where there is too little for more */
static void raw_row(const ProfileSite *s, char ret[BLOCKS_COLUMNS][BLOCKS_CELL]) {
        for (unsigned i = 0; i < BLOCKS_COLUMNS; i++)
                snprintf(ret[i], BLOCKS_CELL, "-");
        snprintf(ret[0], BLOCKS_CELL, "%.40s", s->name);
        snprintf(ret[1], BLOCKS_CELL, SAY_RAW_COUNT, s->twitches, s->rest_min);
        snprintf(ret[BLOCKS_COLUMNS - 1], BLOCKS_CELL, "%zu", s->n_sessions);
}

void blocks_site_row(const Profile *f, const ProfileSite *s, char ret[BLOCKS_COLUMNS][BLOCKS_CELL]) {
        raw_row(s, ret);
        if (!s->enough)
                return;
        snprintf(ret[1], BLOCKS_CELL, "%.2f [%.2f-%.2f]", s->rate.median, s->rate.q1, s->rate.q3);
        snprintf(ret[2], BLOCKS_CELL, "%.2f-%.2f", s->rate.least, s->rate.most);
        if (s->size_uv.n > 0)
                snprintf(ret[3], BLOCKS_CELL, "%.0f [%.0f-%.0f]", s->size_uv.median, s->size_uv.q1,
                         s->size_uv.q3);
        snprintf(ret[4], BLOCKS_CELL, "%.0f", s->several_percent);
        snprintf(ret[5], BLOCKS_CELL, "%.0f", s->runs);
        if (!isnan(s->interval_s))
                snprintf(ret[6], BLOCKS_CELL, "%.1f", s->interval_s);
}

void blocks_most(const Profile *f, Lines *ret) {
        if (f->n_sites > 0 && f->sites[0].enough)
                lines_add(ret, SAY_MOST, f->sites[0].name, f->sites[0].rate.median);
}

void blocks_hours(const Profile *f, Lines *ret) {
        char hours[512] = "", word[64];

        for (int hour = 0; hour < 24; hour++) {
                const Spread *s = f->hours + hour;

                if (s->n == 0)
                        continue;
                if (s->n >= PROFILE_HOUR_SESSIONS)
                        snprintf(word, sizeof(word), SAY_HOUR_BAND, hour, s->median, s->q1, s->q3, s->n);
                else
                        snprintf(word, sizeof(word), SAY_HOUR_FEW, hour, s->n);
                join(hours, sizeof(hours), word);
        }
        lines_add(ret, SAY_BY_HOUR_TEXT, hours[0] ? hours : "-");
}

void blocks_goes(const Past *p, const Profile *f, Lines *ret) {
        if (f->n_goes == 0)
                lines_add(ret, SAY_NO_QUESTIONS);
        for (size_t i = 0; i < f->n_goes; i++) {
                const PastKind *k = p->kinds + f->goes[i].kind;

                lines_add(ret, SAY_GOES_HEAD, k->name, f->goes[i].n_pairs);
                lines_of_goes(k, f->goes + i, ret);
        }
        if (f->n_goes > 0) {
                lines_add(ret, SAY_GUESSER);
                lines_add(ret, SAY_GOES_NOT_MAKES);
        }
}

void blocks_experiments(const Past *p, Lines *ret) {
        if (p->n_trials == 0)
                lines_add(ret, SAY_NO_EXPERIMENT);
        for (size_t i = 0; i < p->n_trials; i++) {
                TrialState state;
                Sealed s;

                sealed_read(p, p->trials + i, &s);
                state = sealed_state(p, &s);
                lines_of_progress(&s, ret);
                lines_of_result(&s, &state, ret);
        }
}

static void add_error_rates(Lines *ret) {
        for (size_t i = 0; i < ELEMENTSOF(error_rates); i++) {
                const ErrorRates *e = error_rates + i;

                lines_add(ret, SAY_ERROR_RATES, e->rate_hz, e->alone[0], e->alone[1], e->alone[2],
                          e->alone_hours, e->found_from_sigma, e->disturbed[0], e->disturbed[1],
                          e->disturbed[2], e->disturbed_hours, ERROR_RATES_LARGE_SIGMA, e->large_percent[0],
                          e->large_percent[1], e->large_percent[2], e->precision_percent);
        }
}

void blocks_how(const Past *p, Lines *ret) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        double allowed = 1;

        if (sql_query(p->sql, &q, "SELECT false_alarms_per_hour FROM session ORDER BY id DESC LIMIT 1",
                      "") >= 0 &&
            sql_next(q) > 0)
                allowed = sqlite3_column_double(q, 0);
        lines_add(ret, SAY_HOW_TEXT, allowed);
        add_error_rates(ret);
}

bool blocks_entry_counts(const Profile *f, const PastEntry *e) {
        return e->gone_usec == INT64_MAX && e->time_usec >= f->from_usec && e->time_usec < f->to_usec;
}
