/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notices.c: an early word of a twitch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "notice-ids.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

bool notices_ready(const Detector *d, const Channel *c, int64_t step);
void notices_give(Detector *d, unsigned channel);
void notices_take(Detector *d, unsigned channel, NoticeIds *to);        /* of the crossing under way */
void notices_settle(Detector *d, unsigned channel);     /* the crossing is over */
void notices_keep(Detector *d, unsigned channel, const NoticeIds *notices);
NoticeIds notices_kept(Detector *d, unsigned channel);
