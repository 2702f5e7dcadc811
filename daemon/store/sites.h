/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where electrodes can be: side and muscle in one word, "left-calf". A fixed list, so that the sites of
 * months can be compared; what it does not have is "left-other" with a label.
 */
#pragma once

#include <stdbool.h>

#define SITE_MUSCLES(X, side)                                                                   \
        X(side, "calf") X(side, "thigh") X(side, "upper-arm") X(side, "forearm") X(side, "hand")        \
        X(side, "foot") X(side, "eyelid") X(side, "face") X(side, "back") X(side, "abdomen") X(side, "other")

#define SITE_FORMS                                                                              \
        "left, right or middle, \"-\", and one of calf, thigh, upper-arm, forearm, hand, foot, "        \
        "eyelid, face, back, abdomen, other"

/* Ends with NULL. */
extern const char *const site_words[];

bool site_is_valid(const char *site);
