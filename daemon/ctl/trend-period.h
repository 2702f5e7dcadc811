/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What trends are of, for the verb and for the picture. */
#pragma once

#include "answers/trend.h"

extern const char *const trend_by_words[_TREND_BY_MAX];

/* -EINVAL after saying which there are. */
int trend_parse_by(const char *word, TrendBy *ret);

/* The weeks up to now; of a file, which may be old, up to its last session. All sites. */
TrendOptions trend_period(const Past *p, unsigned weeks, TrendBy by);

/* name NULL: all. EXIT_USAGE after saying which there are. */
int trend_find_site(const Past *p, const char *name, int *ret);
