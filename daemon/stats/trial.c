/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quantiles.h"
#include "trial.h"

/* Sums that differ by less than this share of the largest are equal: the same terms in another order. */
#define ROUNDING 1e-10

unsigned trial_look_blocks(unsigned planned_blocks, unsigned look) {
        return (planned_blocks * (look + 1) + TRIAL_LOOKS - 1) / TRIAL_LOOKS;
}

double trial_look_p(unsigned look) {
        static const double p[TRIAL_LOOKS] = { 5e-5, .0042, .0194, .0430 };

        return p[look];
}

int trial_look_due(unsigned planned_blocks, unsigned blocks_over) {
        for (unsigned look = 0; look < TRIAL_LOOKS; look++)
                if (trial_look_blocks(planned_blocks, look) == blocks_over)
                        return (int) look;
        return -1;
}

/* Sums of all sign patterns of n numbers, rising. Adding one number merges two rising lists. ret, scratch:
 * 2^n. */
static void signed_sums(const double *d, size_t n, double *ret, double *scratch) {
        size_t size = 1;

        ret[0] = 0;
        for (size_t k = 0; k < n; k++, size *= 2) {
                double step = fabs(d[k]);
                size_t low = 0, high = 0;

                for (size_t i = 0; i < 2 * size; i++)
                        if (high >= size || (low < size && ret[low] - step <= ret[high] + step))
                                scratch[i] = ret[low++] - step;
                        else
                                scratch[i] = ret[high++] + step;
                memcpy(ret, scratch, 2 * size * sizeof(*ret));
        }
}

/* How many pairs of one from each list sum to `least` or more. */
static double count_from(const double *a, size_t n_a, const double *b, size_t n_b, double least) {
        double count = 0;
        size_t k = n_b;

        for (size_t i = 0; i < n_a; i++) {
                while (k > 0 && a[i] + b[k - 1] >= least)
                        k--;
                count += (double) (n_b - k);
        }
        return count;
}

double trial_p(const double *d, size_t n) {
        size_t half = n / 2, n_a = (size_t) 1 << half, n_b = (size_t) 1 << (n - half);
        double sum = 0, size = 0, count;
        double *a, *b;

        for (size_t k = 0; k < n; k++) {
                sum += d[k];
                size += fabs(d[k]);
        }
        if (n == 0 || n > TRIAL_BLOCKS_MAX || !(size > 0))
                return 1;
        a = malloc((n_a + 2 * n_b) * sizeof(*a));
        if (!a)
                return 1;
        b = a + n_a;
        signed_sums(d, half, a, b);
        signed_sums(d + half, n - half, b, b + n_b);
        /* all patterns come with their mirror image */
        count = 2 * count_from(a, n_a, b, n_b, fabs(sum) - ROUNDING * size);
        free(a);
        return fmin(1, count / ((double) n_a * (double) n_b));
}

static double p_of_shift(const double *d, size_t n, double shift) {
        double shifted[TRIAL_BLOCKS_MAX];

        for (size_t k = 0; k < n; k++)
                shifted[k] = d[k] - shift;
        return trial_p(shifted, n);
}

/* Where the test begins to reject, from the mean outwards. The p value falls with the distance from the
 * mean. */
static double limit(const double *d, size_t n, double mean, double outside, double p) {
        double inside = mean;

        for (int i = 0; i < 40; i++) {
                double middle = (inside + outside) / 2;

                if (p_of_shift(d, n, middle) <= p)
                        outside = middle;
                else
                        inside = middle;
        }
        return outside;
}

TrialInterval trial_interval(const double *d, size_t n, double p) {
        double mean = 0, least = INFINITY, most = -INFINITY;

        if (n == 0 || n > TRIAL_BLOCKS_MAX)
                return (TrialInterval) { .ratio = NAN, .low = 0, .high = INFINITY };
        for (size_t k = 0; k < n; k++) {
                mean += d[k] / (double) n;
                least = fmin(least, d[k]);
                most = fmax(most, d[k]);
        }
        /* beyond all of them every sign is the same, which is the smallest p there is */
        if (2 * pow(2, -(double) n) > p)
                return (TrialInterval) { .ratio = exp(mean), .low = 0, .high = INFINITY };
        return (TrialInterval) {
                .ratio = exp(mean),
                .low = exp(limit(d, n, mean, least - 1e-6, p)),
                .high = exp(limit(d, n, mean, most + 1e-6, p)),
        };
}

/* Differences of the blocks that were not voided; how many. */
static size_t differences(const TrialBlock *blocks, unsigned n, double *ret) {
        size_t used = 0;

        for (unsigned k = 0; k < n; k++)
                if (!blocks[k].voided)
                        ret[used++] = blocks[k].d;
        return used;
}

/* One look at the blocks that were over then; true if it ends the experiment. */
static bool hold_look(TrialState *s, unsigned planned_blocks, const TrialBlock *blocks, unsigned look) {
        double d[TRIAL_BLOCKS_MAX], sum = 0;
        size_t n;

        s->look = (int) look;
        s->blocks = trial_look_blocks(planned_blocks, look);
        n = differences(blocks, s->blocks, d);
        s->voided = s->blocks - (unsigned) n;
        s->p = trial_p(d, n);
        if (s->p > trial_look_p(look) || s->voided >= TRIAL_VOID_MAX * s->blocks)
                return false;
        for (size_t k = 0; k < n; k++)
                sum += d[k];
        s->answer = sum > 0 ? TRIAL_MORE : TRIAL_LESS;
        return true;
}

static TrialState hold_looks(unsigned planned_blocks, const TrialBlock *blocks, unsigned n) {
        TrialState s = { .answer = TRIAL_RUNNING, .look = -1, .p = 1 };

        for (unsigned look = 0; look < TRIAL_LOOKS && trial_look_blocks(planned_blocks, look) <= n; look++)
                if (hold_look(&s, planned_blocks, blocks, look))
                        return s;
        s.blocks = n;
        s.voided = 0;
        for (unsigned k = 0; k < n; k++)
                s.voided += blocks[k].voided;
        if (n >= planned_blocks)
                s.answer = s.voided >= TRIAL_VOID_MAX * planned_blocks ? TRIAL_VOID : TRIAL_NOTHING_FOUND;
        return s;
}

TrialAnswer trial_answer(unsigned planned_blocks, const TrialBlock *blocks, unsigned n) {
        return hold_looks(planned_blocks, blocks, n).answer;
}

TrialState trial_state(unsigned planned_blocks, const TrialBlock *blocks, unsigned n) {
        TrialState s = hold_looks(planned_blocks, blocks, n);
        double d[TRIAL_BLOCKS_MAX];
        size_t used = 0;

        if (s.look >= 0)
                used = differences(blocks, trial_look_blocks(planned_blocks, (unsigned) s.look), d);
        s.interval = trial_interval(d, used, trial_look_p(s.look >= 0 ? (unsigned) s.look : 0));
        return s;
}
