/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sites.h"
#include "util.h"

#define WORD(side, muscle) side "-" muscle,
const char *const site_words[] = {
        SITE_MUSCLES(WORD, "left") SITE_MUSCLES(WORD, "right") SITE_MUSCLES(WORD, "middle") NULL,
};
#undef WORD

bool site_is_valid(const char *site) {
        for (const char *const *word = site_words; *word; word++)
                if (streq(site, *word))
                        return true;
        return false;
}
