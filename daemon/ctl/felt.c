/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl felt [SITE] */
#include "ctl.h"
#include "history.h"
#include "store/sites.h"
#include "util.h"
#include "verbs.h"

static int run(int argc, char **argv) {
        const char *site = argc > 1 ? argv[1] : "";

        if (site[0] && !site_is_valid(site))
                return complain_of_site(site) < 0 ? EXIT_USAGE : 0;
        /* Nothing is counted up at the one who feels: attention itself makes it worse. */
        return history_call("MarkFelt", NULL, "s", site);
}

const Verb verb_felt = {
        .name = "felt",
        .args = "[SITE]",
        .summary = "Mark a twitch that you feel just now",
        .text = "What is felt and what is measured is compared later, not now: nothing is shown. Sites: " SITE_FORMS ".",
        .bus = true,
        .run = run,
};
