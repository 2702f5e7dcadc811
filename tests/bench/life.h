/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lives of people who twitch, measure themselves once a day and write down what they do: to see how often a
 * method finds triggers that are none. Random numbers only; what a method sees is the sessions.
 *
 * A day's log rate: slow part (Ornstein-Uhlenbeck, `slow_sd`, time constant `slow_days`) + fast part
 * (`fast_sd`) + the effect of kind 0 where it has one. A session of half an hour at 3 a minute has clusters
 * of its own: standard deviation of the log rate 0.5, time constant 10 minutes; counts are Poisson in steps
 * of 5 minutes.
 */
#pragma once

#include <stdbool.h>

#include "tests/synth/prng.h"

#define LIFE_DAYS 120u
#define LIFE_KINDS 8u
#define LIFE_MINUTES 30.0
#define LIFE_STEPS 6u           /* of 5 minutes */

typedef enum LifeHabit {
        HABIT_COIN,             /* every day a coin */
        HABIT_RUNS,             /* runs of days with and without, 5 long in the mean */
        HABIT_WEEKDAYS,         /* each kind has weekdays of its own, kept nine times out of ten */
        HABIT_RELIEF,           /* half of the kinds: taken as the last session was bad; others: coins */
        HABIT_BLOCKS,           /* an experiment: kind 0 by coin on day 1 or 4 of six; others: coins */
} LifeHabit;

#define LIFE_BLOCK_DAYS 6u

typedef struct LifeWorld {
        const char *name;
        double slow_sd, slow_days, fast_sd;
        LifeHabit habit;
        double weekly_sd;               /* of a pattern of the week that the twitching follows; 0: none */
        double skip;                    /* bad sessions are left out: log odds for each SD of the log rate */
        double diary_error_hours;       /* SD of the time written down; a fifth is written too late */
        double log_ratio;               /* effect of kind `cause` */
        unsigned cause;
} LifeWorld;

typedef struct LifeSession {
        double start_days;              /* days, with the hour */
        unsigned events;
        unsigned steps[LIFE_STEPS];
        double per_min;                 /* the truth */
        bool exposed[LIFE_KINDS];       /* as the diary says */
} LifeSession;

typedef struct Life {
        unsigned n;                     /* sessions */
        LifeSession sessions[LIFE_DAYS];
} Life;

void life_live(Life *life, const LifeWorld *world, Prng *random);
