/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What daemon/stats says, for stats-oracle to compare. One question a line on standard input, a name and
 * numbers; the answer's numbers on one line of standard output.
 */
#include <math.h>

#include "stats/bets.h"
#include "stats/quantiles.h"
#include "stats/trial.h"
#include "util.h"

#define NUMBERS_MAX 64

static void answer(const char *name, const double *x, size_t n) {
        if (streq(name, "normal"))
                printf("%.17g\n", stats_normal_quantile(x[0]));
        else if (streq(name, "t"))
                printf("%.17g\n", stats_t_quantile(x[0], x[1]));
        else if (streq(name, "beta"))
                printf("%.17g\n", stats_beta_quantile(x[0], x[1], x[2]));
        else if (streq(name, "share")) {
                StatsShare s = stats_share(x[0], x[1], x[2]);

                printf("%.17g %.17g\n", s.low, s.high);
        } else if (streq(name, "trial-p"))
                printf("%.17g\n", trial_p(x, n));
        else if (streq(name, "trial-interval")) {
                TrialInterval in = trial_interval(x + 1, n - 1, x[0]);

                printf("%.17g %.17g\n", log(in.low), log(in.high));
        } else if (streq(name, "bets")) {
                Bets b;

                bets_init(&b);
                for (size_t i = 0; i < n; i++)
                        bets_add(&b, x[i]);
                printf("%.17g\n", b.log_wealth);
        } else
                printf("?\n");
}

int main(void) {
        char line[4096];

        while (fgets(line, sizeof(line), stdin)) {
                double x[NUMBERS_MAX];
                size_t n = 0;
                char *rest = NULL, *name = strtok_r(line, " \n", &rest);

                for (char *word; name && n < NUMBERS_MAX && (word = strtok_r(NULL, " \n", &rest));)
                        x[n++] = strtod(word, NULL);
                if (name)
                        answer(name, x, n);
        }
        return 0;
}
