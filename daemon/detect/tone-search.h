/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tone-search.c: what follows when a tone that is no mains is found in a channel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Detector Detector;
typedef struct Channel Channel;

/*
 * At each step, and most of the time nothing is done: tones that are not known yet. True: in some channels
 * there was one, see Channel.tone_found_steps.
 */
bool tone_search(Detector *d);
/*
 * At a channel that is not at rest: has one of its tones changed? The signal is corrected. For how many
 * steps it may have been so; 0: none has.
 */
unsigned tone_search_correct(Detector *d, Channel *c, unsigned channel, int64_t step);
/* While a channel settles: the tones that it had before its signal began anew. */
void tone_search_settle(Detector *d, Channel *c, unsigned channel);
