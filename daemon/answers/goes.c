/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "goes.h"
#include "stats/pairs.h"
#include "stats/power.h"
#include "stats/quantiles.h"

bool goes_less_counts(const PastKind *k) {
        return streq(k->name, "sleep") || streq(k->name, "sleep-quality");
}

bool goes_by_amount(const PastKind *k) {
        return goes_less_counts(k) || streq(k->name, "stress") || streq(k->name, "screen");
}

/* As the diary stood at that time */
static bool stood(const PastEntry *e, int64_t at_usec) {
        return e->logged_usec < at_usec && e->gone_usec >= at_usec;
}

/* Sum of the amounts in the window before a session; *ret_n: entries. Of those without an amount: NAN. */
static double amount_before(const Past *p, unsigned kind, int64_t start_usec, size_t *ret_n) {
        double sum = 0;

        *ret_n = 0;
        for (size_t i = 0; i < p->n_entries; i++) {
                const PastEntry *e = p->entries + i;

                if (e->kind != kind || e->time_usec > start_usec || !stood(e, start_usec) ||
                    e->time_usec < start_usec - p->kinds[kind].window_usec)
                        continue;
                sum += e->amount;
                (*ret_n)++;
        }
        return sum;
}

/* Median of the amounts before the window; NAN if there are too few. */
static double usual(const Past *p, unsigned kind, int64_t start_usec) {
        double *amounts = malloc(MAX(p->n_entries, 1u) * sizeof(double)), median;
        size_t n = 0;

        if (!amounts)
                return NAN;
        for (size_t i = 0; i < p->n_entries; i++) {
                const PastEntry *e = p->entries + i;

                if (e->kind == kind && e->time_usec < start_usec - p->kinds[kind].window_usec &&
                    stood(e, start_usec) && !isnan(e->amount))
                        amounts[n++] = e->amount;
        }
        stats_sort(amounts, n);
        median = n >= GOES_USUAL_MIN ? stats_quantile(amounts, n, 0.5) : NAN;
        free(amounts);
        return median;
}

Exposure goes_exposure(const Past *p, unsigned kind, const PastSession *s) {
        const PastKind *k = p->kinds + kind;
        size_t n;
        double amount = amount_before(p, kind, s->start_usec, &n), median;

        if (!goes_by_amount(k))
                /* written down as "none" is none */
                return n > 0 && amount != 0 ? EXPOSURE_YES : EXPOSURE_NO;
        median = usual(p, kind, s->start_usec);
        if (n == 0 || isnan(amount) || isnan(median))
                return EXPOSURE_UNKNOWN;
        amount /= (double) n;
        return (goes_less_counts(k) ? amount < median : amount > median) ? EXPOSURE_YES : EXPOSURE_NO;
}

static const PastPart* part_at(const PastSession *s, unsigned site) {
        for (size_t i = 0; i < s->n_parts; i++)
                if (s->parts[i].site == site && s->parts[i].rest_min > 0 && !isnan(s->parts[i].floor_uv))
                        return s->parts + i;
        return NULL;
}

int goes_difference(const PastSession *exposed, const PastSession *other, double *ret_d,
                    double *ret_floor_uv) {
        PairsCounts counts[PAST_PARTS_MAX];
        size_t n = 0;

        *ret_floor_uv = 0;
        for (size_t i = 0; i < exposed->n_parts; i++) {
                unsigned site = exposed->parts[i].site;
                const PastPart *a = part_at(exposed, site), *b = part_at(other, site);
                unsigned step;

                if (a != exposed->parts + i || !b)
                        continue;
                step = sizes_step_above(fmax(a->floor_uv, b->floor_uv));
                counts[n++] = (PairsCounts) {
                        .events = (double) sizes_from(a->sizes, step),
                        .exposure_min = a->rest_min,
                        .events_other = (double) sizes_from(b->sizes, step),
                        .exposure_min_other = b->rest_min,
                };
                *ret_floor_uv = fmax(*ret_floor_uv, sizes_step_uv(step));
        }
        return pairs_difference(counts, n, ret_d);
}

void goes_done(Goes *g) {
        free(g->pairs);
        *g = (Goes) {};
}

static int add_pair(Goes *g, GoesPair pair) {
        GoesPair *more = reallocarray(g->pairs, g->n_pairs + 1, sizeof(pair));

        if (!more)
                return -ENOMEM;
        g->pairs = more;
        g->pairs[g->n_pairs++] = pair;
        return 0;
}

/* Those in the history, and their sessions used. */
static int take_stored(const Past *p, Goes *g, PairsSession *sessions) {
        int r = 0;

        for (size_t i = 0; i < p->n_bets && r >= 0; i++) {
                const PastBet *b = p->bets + i;
                int exposed = past_find_session(p, b->exposed), other = past_find_session(p, b->other);

                if (b->kind != g->kind)
                        continue;
                if (exposed >= 0)
                        sessions[exposed].used = true;
                if (other >= 0)
                        sessions[other].used = true;
                r = add_pair(g, (GoesPair){.exposed = (size_t)MAX(exposed, 0),
                                           .other = (size_t)MAX(other, 0),
                                           .log_ratio = b->log_ratio,
                                           .stored = true});
        }
        g->n_stored = g->n_pairs;
        return r;
}

static void describe(const Past *p, Goes *g, PairsSession *ret) {
        for (size_t i = 0; i < p->n_sessions; i++) {
                const PastSession *s = p->sessions + i;
                Exposure e = EXPOSURE_UNKNOWN;

                ret[i] = (PairsSession) { .start_days = past_local_days(s->start_usec, s->utc_offset_s) };
                for (size_t k = 0; k < s->n_parts; k++)
                        if (part_at(s, s->parts[k].site))
                                ret[i].sites |= UINT64_C(1) << s->parts[k].site % 64;
                if (past_session_counts(s) && past_session_rest_min(s) >= GOES_REST_MIN &&
                    s->start_usec > g->asked_usec)
                        e = goes_exposure(p, g->kind, s);
                ret[i].exposed = e == EXPOSURE_YES;
                ret[i].used = e == EXPOSURE_UNKNOWN;
                g->n_exposed += e == EXPOSURE_YES;
                g->n_other += e == EXPOSURE_NO;
        }
}

static int find_new(const Past *p, Goes *g, PairsSession *sessions) {
        int r = 0;

        for (size_t i = 0; i < p->n_sessions && r >= 0; i++) {
                int partner = pairs_partner(sessions, i + 1);
                GoesPair pair;

                if (partner < 0)
                        continue;
                pair = sessions[i].exposed ? (GoesPair) { .exposed = i, .other = (size_t) partner } :
                                             (GoesPair) { .exposed = (size_t) partner, .other = i };
                if (goes_difference(p->sessions + pair.exposed, p->sessions + pair.other, &pair.log_ratio,
                                    &pair.floor_uv) < 0)
                        continue;
                sessions[i].used = sessions[partner].used = true;
                r = add_pair(g, pair);
        }
        return r;
}

/* From all pairs in their order */
static int judge(Goes *g) {
        double *d = malloc((g->n_pairs + 1) * sizeof(*d));
        Bets b;

        if (!d)
                return -ENOMEM;
        bets_init(&b);
        for (size_t i = 0; i < g->n_pairs; i++) {
                d[i] = g->pairs[i].log_ratio;
                bets_add(&b, d[i]);
                g->pairs[i].log_wealth = b.log_wealth;
        }
        g->log_bound = bets_log_bound(g->place);
        g->log_wealth = b.log_wealth;
        g->answer = bets_answer(d, g->n_pairs, g->log_bound, &g->interval);
        g->more_pairs = power_more_pairs(&b, g->log_bound, BETS_DOUBLING);
        free(d);
        return 0;
}

static int answer(const Past *p, Goes *g) {
        PairsSession *sessions = calloc(p->n_sessions + 1, sizeof(*sessions));
        int r;

        if (!sessions)
                return -ENOMEM;
        describe(p, g, sessions);
        r = take_stored(p, g, sessions);
        if (r >= 0)
                r = find_new(p, g, sessions);
        if (r >= 0)
                r = judge(g);
        free(sessions);
        return r;
}

static bool asked_before(const Past *p, size_t question) {
        for (size_t i = 0; i < question; i++)
                if (p->questions[i].kind == p->questions[question].kind && p->questions[i].asked)
                        return true;
        return false;
}

static bool stands(const Past *p, unsigned kind) {
        bool asked = false;

        for (size_t i = 0; i < p->n_questions; i++)
                if (p->questions[i].kind == kind)
                        asked = p->questions[i].asked;
        return asked;
}

int goes_all(const Past *p, Goes **ret, size_t *ret_n) {
        Goes *all = calloc(p->n_questions + 1, sizeof(*all));
        size_t n = 0, place = 0;
        int r = 0;

        if (!all)
                return -ENOMEM;
        for (size_t i = 0; i < p->n_questions && r >= 0; i++) {
                const PastQuestion *q = p->questions + i;

                /* a question keeps its place and its date, dropped and asked again or not */
                if (!q->asked || asked_before(p, i))
                        continue;
                place++;
                if (!stands(p, q->kind))
                        continue;
                all[n] = (Goes) { .kind = q->kind, .place = place - 1, .asked_usec = q->made_usec };
                r = answer(p, all + n++);
        }
        if (r < 0) {
                goes_free_all(all, n);
                return r;
        }
        *ret = all;
        *ret_n = n;
        return 0;
}

void goes_free_all(Goes *g, size_t n) {
        for (size_t i = 0; g && i < n; i++)
                goes_done(g + i);
        free(g);
}
