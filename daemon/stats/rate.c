/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>

#include "quantiles.h"
#include "rate.h"

static RateSpan total(const RateSpan *spans, size_t n) {
        RateSpan sum = {};

        for (size_t i = 0; i < n; i++) {
                sum.events += spans[i].events;
                sum.exposure_min += spans[i].exposure_min;
        }
        return sum;
}

/* Limits of a number of events that varies as `independent` events do, as factors of that number's share. */
static void byar(double independent, double confidence, double *ret_low, double *ret_high) {
        double z = stats_normal_quantile((1 + confidence) / 2), above = independent + 1;

        *ret_low = independent > 0 ? pow(1 - 1 / (9 * independent) - z / (3 * sqrt(independent)), 3) : 0;
        if (*ret_low < 0)
                *ret_low = 0;
        *ret_high = pow(1 - 1 / (9 * above) + z / (3 * sqrt(above)), 3) * above;
        if (independent > 0)
                *ret_high /= independent;
}

static void set_limits(Rate *r, double independent, double confidence) {
        double low, high;

        byar(independent, confidence, &low, &high);
        r->low_per_min = r->per_min * low;
        r->high_per_min = r->events > 0 ? r->per_min * high : high / r->exposure_min;
}

/* Mean of exp(-|i - j| / RATE_CLUSTER_MIN) over all pairs of minutes, each with itself left out. */
static double mean_correlation(const RateSpan *minutes, size_t n) {
        double sum = 0, weights = 0;

        for (size_t i = 0; i < n; i++)
                for (size_t k = i + 1; k < n; k++) {
                        double weight = minutes[i].exposure_min * minutes[k].exposure_min;

                        sum += weight * exp(-(double) (k - i) / RATE_CLUSTER_MIN);
                        weights += weight;
                }
        return weights > 0 ? sum / weights : 0;
}

/* Relative variance of the rate within the sitting: see the header. */
static double cluster_variance(const RateSpan *minutes, size_t n, double rate, double correlation) {
        const double before = RATE_CLUSTER_VARIANCE;
        double squares = 0, length = 0, used = 0, found, spread;

        if (n < 2 || !(rate > 0))
                return RATE_CLUSTER_VARIANCE;
        for (size_t i = 0; i < n; i++) {
                double expected = rate * minutes[i].exposure_min, off = minutes[i].events - expected;

                squares += off * off - expected;
                length += minutes[i].exposure_min * minutes[i].exposure_min;
                used += minutes[i].exposure_min > 0;
        }
        if (used < 2)
                return RATE_CLUSTER_VARIANCE;
        /* one degree of freedom went into the rate: the expected squares are short of one minute's worth */
        squares += rate * length / (length > 0 ? used : 1);
        found = squares / (rate * rate * length * (1 - correlation) * (used - 1) / used);
        if (found < 0)
                found = 0;
        /* variance of what was found: of the counts, and of the few clusters there were room for */
        spread = 2 / (rate * rate * (length / used) * (used - 1)) + 2 * before * before * correlation;
        spread /= (1 - correlation) * (1 - correlation);
        /* what is known beforehand is known to its own size */
        return (found / spread + 1 / before) / (1 / spread + 1 / (before * before));
}

int rate_of_session(const RateSpan *minutes, size_t n, double confidence, Rate *ret) {
        RateSpan sum = total(minutes, n);
        double correlation, variance, squares = 0;

        if (!(sum.exposure_min > 0))
                return -ENODATA;
        *ret = (Rate) {
                .per_min = sum.events / sum.exposure_min,
                .events = sum.events,
                .exposure_min = sum.exposure_min,
                .n = n,
        };
        correlation = mean_correlation(minutes, n);
        variance = cluster_variance(minutes, n, ret->per_min, correlation);
        for (size_t i = 0; i < n; i++)
                squares += minutes[i].exposure_min * minutes[i].exposure_min;
        squares /= sum.exposure_min * sum.exposure_min;
        /* of the rate, relative: its Poisson part 1 / events, and the mean correlation of two minutes */
        variance *= squares + (1 - squares) * correlation;
        set_limits(ret, sum.events > 0 ? 1 / (1 / sum.events + variance) : 0, confidence);
        return 0;
}

/* Variance of the logarithm of all events by all exposure. NAN where nothing can be said. */
static double jackknife(const RateSpan *sessions, size_t n, RateSpan sum, double *ret_n) {
        double used = 0, mean = 0, squares = 0;

        for (int round = 0; round < 2; round++) {
                for (size_t i = 0; i < n; i++) {
                        double without;

                        if (!(sessions[i].exposure_min > 0))
                                continue;
                        /* half an event, so that one session with all the events does not leave log(0) */
                        without = log((sum.events - sessions[i].events + 0.5) /
                                      (sum.exposure_min - sessions[i].exposure_min));
                        if (round == 0) {
                                used++;
                                mean += without;
                        } else
                                squares += (without - mean) * (without - mean);
                }
                if (used < 2)
                        return NAN;
                if (round == 0)
                        mean /= used;
        }
        *ret_n = used;
        return squares * (used - 1) / used;
}

int rate_of_sessions(const RateSpan *sessions, size_t n, double confidence, Rate *ret) {
        RateSpan sum = total(sessions, n);
        double variance, used, factor;

        if (!(sum.exposure_min > 0))
                return -ENODATA;
        *ret = (Rate) {
                .per_min = sum.events / sum.exposure_min,
                .low_per_min = NAN,
                .high_per_min = NAN,
                .events = sum.events,
                .exposure_min = sum.exposure_min,
                .n = n,
        };
        variance = jackknife(sessions, n, sum, &used);
        if (isnan(variance))
                return 0;
        if (!(sum.events > 0)) {
                set_limits(ret, 0, confidence);
                return 0;
        }
        if (variance < 1 / sum.events)
                variance = 1 / sum.events;
        factor = exp(stats_t_quantile((1 + confidence) / 2, used - 1) * sqrt(variance));
        ret->low_per_min = ret->per_min / factor;
        ret->high_per_min = ret->per_min * factor;
        return 0;
}

int rate_compare(const RateSpan *earlier, size_t n_earlier, const RateSpan *later, size_t n_later,
                 double confidence, RateRatio *ret) {
        RateSpan a = total(earlier, n_earlier), b = total(later, n_later);
        double n_a, n_b, v_a, v_b, dof, ratio, factor;

        if (!(a.events > 0 && b.events > 0 && a.exposure_min > 0 && b.exposure_min > 0))
                return -ENODATA;
        v_a = jackknife(earlier, n_earlier, a, &n_a);
        v_b = jackknife(later, n_later, b, &n_b);
        if (isnan(v_a) || isnan(v_b))
                return -ENODATA;
        v_a = fmax(v_a, 1 / a.events);
        v_b = fmax(v_b, 1 / b.events);
        dof = (v_a + v_b) * (v_a + v_b) / (v_a * v_a / (n_a - 1) + v_b * v_b / (n_b - 1));
        ratio = b.events / b.exposure_min / (a.events / a.exposure_min);
        factor = exp(stats_t_quantile((1 + confidence) / 2, dof) * sqrt(v_a + v_b));
        *ret = (RateRatio) { .ratio = ratio, .low = ratio / factor, .high = ratio * factor };
        return 0;
}
