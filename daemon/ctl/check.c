/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl history check */
#include <inttypes.h>

#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "util.h"
#include "verbs.h"

static int print_incidents(void) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        int rc;

        int r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, "SELECT datetime(time_usec / 1000000, 'unixepoch'), what, n_lost, text FROM incident ORDER BY id",
                          "");
        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                printf("  %s UTC: %s", history_text(q, 0), history_text(q, 1));
                if (sqlite3_column_int64(q, 2) > 0)
                        printf(", %lld records were not kept", sqlite3_column_int64(q, 2));
                printf("%s%s\n", history_text(q, 3)[0] ? ": " : "", history_text(q, 3));
        }
        return rc == SQLITE_DONE ? 0 : history_complain(&h);
}

static int run_check(int argc, char **argv) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *found;
        uint64_t n_wrong;
        int intact;

        int r = history_call("Check", &reply, "");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "bst", &intact, &found, &n_wrong);
        if (r < 0)
                return bus_complain(r, NULL);
        if (!intact)
                printf("The history is damaged: %s\n"
                       "Take out what can be read (twitchctl export), then stop twitchd and move the file away: a new one is "
                       "begun. \"sqlite3 FILE .recover\" may get back more.\n", found);
        else if (n_wrong > 0)
                printf("The file is intact, but %" PRIu64 " sessions have sums that are not those of their minutes.\n", n_wrong);
        else
                puts("The history is intact, and all sums are those of their minutes.");
        if (intact)
                r = print_incidents();
        return r < 0 ? r : intact && n_wrong == 0 ? 0 : EXIT_FAILURE;
}

static const Verb subs[] = {
        { .name = "check", .args = "", .summary = "Read all of the file, and say what is wrong with it", .bus = true,
          .run = run_check },
        {},
};

const Verb verb_history = {
        .name = "history",
        .args = "",
        .summary = "The file in which everything is kept",
        .subs = subs,
};
