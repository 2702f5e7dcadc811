/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Error rates of the detector on signals that were made up, as page 2 of the report prints them. Written by
 *
 *      make error-rates BENCH_HOURS=20 BENCH_MINUTES=5
 *
 * from tiers T1 and T2 of `make bench-detect`. That is, at each sampling rate: 20 channel-hours
 * of noise alone, 593 twitches in such noise, 1.6 channel-hours with mains (100 uV),
 * heartbeat (300 uV) and drift, and 590 twitches in these.
 * Seeds, in this order: 2000, 11, 3000, 12; 3000, 11, 4000, 12.
 */
#pragma once

#define ERROR_RATES_LARGE_SIGMA 12

typedef struct ErrorRates {
        unsigned rate_hz;
        double alone[3];                /* false alarms an hour and channel in noise alone; 95 % */
        double alone_hours;
        double found_from_sigma;        /* peak by noise, from which 90 % of the twitches are found */
        double disturbed[3];            /* false alarms with mains, heartbeat and drift; 95 % */
        double disturbed_hours;
        double large_percent[3];        /* found there of those of ERROR_RATES_LARGE_SIGMA and more; 95 % */
        double precision_percent;       /* of all that was reported there */
} ErrorRates;

static const ErrorRates error_rates[] = {
        {
                .rate_hz = 1000,
                .alone = { 1.00, 0.61, 1.54 },
                .alone_hours = 20,
                .found_from_sigma = 6.5,
                .disturbed = { 0.62, 0.02, 3.48 },
                .disturbed_hours = 1.6,
                .large_percent = { 99.6, 97.8, 99.9 },
                .precision_percent = 99.6,
        },
        {
                .rate_hz = 2000,
                .alone = { 1.20, 0.77, 1.79 },
                .alone_hours = 20,
                .found_from_sigma = 6.7,
                .disturbed = { 1.88, 0.39, 5.48 },
                .disturbed_hours = 1.6,
                .large_percent = { 100.0, 98.6, 100.0 },
                .precision_percent = 100.0,
        },
};
