/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answers/sayings.h"
#include "ctl.h"
#include "past-open.h"
#include "say.h"
#include "trend-period.h"
#include "when.h"

const char *const trend_by_words[_TREND_BY_MAX] = {
        [TREND_BY_SESSION] = "session",
        [TREND_BY_DAY] = "day",
        [TREND_BY_WEEK] = "week",
        [TREND_BY_HOUR] = "hour",
};

int trend_parse_by(const char *word, TrendBy *ret) {
        for (unsigned i = 0; i < _TREND_BY_MAX; i++)
                if (streq(word, trend_by_words[i])) {
                        *ret = (TrendBy) i;
                        return 0;
                }
        return say_wrong(SAY_BAD_BY, word);
}

TrendOptions trend_period(const Past *p, unsigned weeks, TrendBy by) {
        int64_t to = when_now_usec();

        if (arg_history && p->n_sessions > 0)
                to = p->sessions[p->n_sessions - 1].start_usec + 1;
        return (TrendOptions) { .from_usec = to - (int64_t) weeks * 7 * 86400 * 1000000, .to_usec = to,
                                .site = -1, .by = by };
}

int trend_find_site(const Past *p, const char *name, int *ret) {
        *ret = name ? past_find_site(p, name) : -1;
        if (!name || *ret >= 0)
                return 0;
        (void) say_wrong(SAY_CHOOSE_SITE, name);
        for (size_t i = 0; i < p->n_sites; i++)
                fprintf(stderr, " %s", p->sites[i].name);
        fprintf(stderr, "\n");
        return EXIT_USAGE;
}
