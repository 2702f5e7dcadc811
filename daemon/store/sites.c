/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sites.h"
#include "util.h"

#define WORD(word) word,
const char *const site_sides[] = { SITE_SIDES(WORD) NULL };
const char *const site_muscles[] = { SITE_MUSCLES(WORD) NULL };
#undef WORD

bool site_is_valid(const char *site) {
        for (const char *const *side = site_sides; *side; side++) {
                size_t n = strlen(*side);

                if (strncmp(site, *side, n) != 0 || site[n] != '-')
                        continue;
                for (const char *const *muscle = site_muscles; *muscle; muscle++)
                        if (streq(site + n + 1, *muscle))
                                return true;
        }
        return false;
}
