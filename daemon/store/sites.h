/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where electrodes can be: side and muscle in one word, "left-calf". A fixed list, so that the sites of months
 * can be compared; what it does not have is "left-other" with a label.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SITE_SIDES(X) X("left") X("right") X("middle")
#define SITE_MUSCLES(X)                                                                                 \
        X("calf") X("thigh") X("upper-arm") X("forearm") X("hand") X("foot") X("eyelid") X("face")      \
        X("back") X("abdomen") X("other")

/* Each ends with NULL. */
extern const char *const site_sides[], *const site_muscles[];

bool site_is_valid(const char *site);
