/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rates: events for each minute of exposure, with intervals that know that twitches come in clusters and
 * that the session, not the minute and not the twitch, is the unit.
 *
 * Events may be weighted sums (several channels); exposure is usable rest time in minutes. `confidence` is
 * 0.95 wherever a person reads it.
 */
#pragma once

#include <stddef.h>

typedef struct RateSpan {
        double events;
        double exposure_min;            /* usable rest time in which they were found */
} RateSpan;

typedef struct Rate {
        double per_min, low_per_min, high_per_min;
        double events, exposure_min;
        size_t n;                       /* minutes or sessions it was computed from */
} Rate;

/*
 * The rate of one sitting, from its minutes in their order (those without exposure may be left out).
 *
 * The interval is for the rate of that day, not only of these minutes. A rate that wanders about its mean
 * with a time constant of RATE_CLUSTER_MIN and a relative variance v gives minutes whose counts vary
 * by rate + rate^2 v; v is what they vary more than a Poisson process does, averaged with what is known
 * beforehand (RATE_CLUSTER_VARIANCE) by their precisions. The variance of the sum follows from the
 * correlation of each pair of minutes, exp(-distance / RATE_CLUSTER_MIN). Limits: Byar's approximation of
 * the exact ones of Garwood 1936 (Breslow & Day, IARC 1987, vol. II, p. 69) for the number of independent
 * events that has the same relative variance.
 *
 * -ENODATA: no exposure.
 */
int rate_of_session(const RateSpan *minutes, size_t n, double confidence, Rate *ret);

/* How long a cluster of twitches lasts, and how strong: reference figures of the simulations of tests/bench
 * (3 twitches a minute; standard deviation of the log rate 0.5, which is a relative variance of 0.28).
 * Raising either widens the interval of one session. */
#define RATE_CLUSTER_MIN 10.0
#define RATE_CLUSTER_VARIANCE 0.3

/*
 * The rate of a period, from its sessions: all events by all exposure. Two sessions or more: the interval is
 * on the logarithm, its variance from leaving out one session after the other (jackknife: Efron & Stein
 * 1981), with Student's quantile for n - 1. What varies slowly within the period widens it, as it should: it
 * is the uncertainty about the period if other days of it had been measured. One session: no interval (NAN),
 * as nothing is known of other days; rate_of_session() has the one of that day.
 *
 * No event at all: 0 to the upper limit of Byar's formula. -ENODATA: no exposure.
 */
int rate_of_sessions(const RateSpan *sessions, size_t n, double confidence, Rate *ret);

typedef struct RateRatio {
        double ratio, low, high;        /* later by earlier */
} RateRatio;

/*
 * How much more in one period than in another: ratio of the rates, on the logarithm, the variances of both
 * periods as above added and Welch & Satterthwaite's number of degrees of freedom.
 *
 * -ENODATA: fewer than two sessions with exposure in either, or no events in one of them.
 */
int rate_compare(const RateSpan *earlier, size_t n_earlier, const RateSpan *later, size_t n_later,
                 double confidence, RateRatio *ret);
