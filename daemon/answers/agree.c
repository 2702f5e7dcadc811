/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agree.h"

static bool has_site(const Past *p, const PastSession *s, const char *site) {
        for (size_t i = 0; i < s->n_parts; i++)
                if (s->parts[i].rest_min > 0 && (!site[0] || streq(p->sites[s->parts[i].site].name, site)))
                        return true;
        return false;
}

static bool within(const PastSession *s, int64_t usec) {
        return usec >= s->start_usec && usec < s->end_usec;
}

/* Marks of one session that say the same site, and the twitches there */
static int add_site(const Past *p, const PastSession *s, const char *site, Agree *a) {
        double *twitches = NULL, *marks = malloc((p->n_felts + 1) * sizeof(*marks));
        size_t n_twitches = 0, n_marks = 0;
        int r;

        if (!marks)
                return -ENOMEM;
        for (size_t i = 0; i < p->n_felts; i++)
                if (within(s, p->felts[i].time_usec) && streq(p->felts[i].site, site))
                        marks[n_marks++] = (double) (p->felts[i].time_usec - s->start_usec) / 1e6;
        r = past_twitch_times(p, s, site[0] ? past_find_site(p, site) : -1, &twitches, &n_twitches);
        if (r >= 0)
                felt_add(&a->felt, (FeltTimes) { marks, n_marks }, (FeltTimes) { twitches, n_twitches }, 0,
                         (double) (s->end_usec - s->start_usec) / 1e6);
        free(twitches);
        free(marks);
        return r;
}

/* The first mark of a session and site stands for all of them. */
static bool is_first(const Past *p, const PastSession *s, size_t felt) {
        for (size_t i = 0; i < felt; i++)
                if (within(s, p->felts[i].time_usec) && streq(p->felts[i].site, p->felts[felt].site))
                        return false;
        return true;
}

int agree_compute(const Past *p, int64_t from_usec, int64_t to_usec, Agree *ret) {
        const PastSession *last = NULL;
        int r = 0;

        *ret = (Agree) {};
        for (size_t i = 0; i < p->n_felts && r >= 0; i++) {
                const PastFelt *f = p->felts + i;
                const PastSession *s = NULL;

                if (f->time_usec < from_usec || f->time_usec >= to_usec)
                        continue;
                ret->n_felt++;
                for (size_t k = 0; k < p->n_sessions && !s; k++)
                        if (past_session_counts(p->sessions + k) && within(p->sessions + k, f->time_usec))
                                s = p->sessions + k;
                if (!s || !has_site(p, s, f->site)) {
                        ret->n_elsewhere++;
                        continue;
                }
                ret->n_sessions += s != last;
                last = s;
                if (is_first(p, s, i))
                        r = add_site(p, s, f->site, ret);
        }
        return r;
}
