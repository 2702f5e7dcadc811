/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long it will take, and what can be found at all: said before and while people count, so that nobody
 * waits for what cannot come.
 */
#pragma once

#include <stddef.h>

#include "bets.h"

/* More pairs than this are not counted: "more than a year". */
#define POWER_PAIRS_MAX 200u

/*
 * After how many more pairs the guesser would reach the bound in half of all continuations, if the true
 * ratio were `ratio`; from where he stands and with the spread that the pairs have shown so far. 0: he has
 * reached it; POWER_PAIRS_MAX + 1: later. Played out POWER_GAMES times with the same random numbers at every
 * call.
 */
#define POWER_GAMES 201u
unsigned power_more_pairs(const Bets *b, double log_bound, double ratio);

/*
 * The smallest ratio that an experiment of so many blocks finds with probability `power`, when one block's
 * difference has the standard deviation sd (log ratio). INFINITY: none up to 20-fold.
 */
double power_trial_ratio(unsigned blocks, double sd, double power);

/* sd to say before anything is known: days that vary independently, and days that wax and wane together (SD
 * 0.5, 10 days; 0.3 from day to day; clusters and counts of half an hour at 3 a minute), as the worlds of
 * tests/bench. */
#define POWER_SD_INDEPENDENT 0.96
#define POWER_SD_WAXING 0.76
