/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl delete --from TIME --to TIME */
#include <inttypes.h>

#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "verbs.h"
#include "when.h"

static const char *arg_from, *arg_to;
static bool arg_yes;

/* How many would go, as text for the question. */
static int count(int64_t from, int64_t to) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        char a[32], b[32];

        int r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, "SELECT (SELECT count(*) FROM session WHERE start_usec >= ?1 AND start_usec < ?2"
                              " AND end_usec IS NOT NULL), (SELECT count(*) FROM recording r"
                              " JOIN session s ON s.id = r.session WHERE s.start_usec >= ?1 AND s.start_usec < ?2"
                              " AND s.end_usec IS NOT NULL AND r.state != 'deleted'),"
                              " (SELECT count(*) FROM diary WHERE time_usec >= ?1 AND time_usec < ?2),"
                              " (SELECT count(*) FROM felt WHERE time_usec >= ?1 AND time_usec < ?2)", "ii", from, to);
        if (!q)
                return -EIO;
        if (sqlite3_step(q) != SQLITE_ROW)
                return history_complain(&h);
        printf("From %s to %s: %lld sessions with all that was measured in them, %lld recordings, %lld diary "
               "entries, %lld felt twitches.\n",
               when_text_here(from, a), when_text_here(to, b), sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
               sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3));
        return 0;
}

static bool confirmed(void) {
        char answer[16] = "";

        if (arg_yes)
                return true;
        fputs("Delete them for good? Type yes: ", stdout);
        fflush(stdout);
        return fgets(answer, sizeof answer, stdin) && streq(answer, "yes\n");
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int64_t from, to;
        uint64_t n;

        if (!arg_from || !arg_to) {
                fputs("twitchctl: delete needs --from and --to\n", stderr);
                return EXIT_USAGE;
        }
        if (when_parse_now(arg_from, "--from", &from) < 0 || when_parse_now(arg_to, "--to", &to) < 0)
                return EXIT_USAGE;
        if (to <= from) {
                fputs("twitchctl: --to is not after --from\n", stderr);
                return EXIT_USAGE;
        }
        int r = count(from, to);
        if (r < 0)
                return r;
        if (!confirmed()) {
                puts("Nothing was deleted.");
                return 0;
        }
        r = history_call("Delete", &reply, "tt", (uint64_t) from, (uint64_t) to);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "t", &n);
        if (r < 0)
                return bus_complain(r, NULL);
        printf("%" PRIu64 " sessions are deleted with their recordings, and what else there was. A damaged history "
               "put aside, copies and exports are files of their own, which this does not delete.\n", n);
        return 0;
}

static const Option options[] = {
        { .name = "from", .value = "TIME", .text = &arg_from, .help = "What began since: " WHEN_FORMS "." },
        { .name = "to", .value = "TIME", .text = &arg_to, .help = "And before." },
        { .name = "yes", .flag = &arg_yes, .help = "Without asking." },
        {},
};

const Verb verb_delete = {
        .name = "delete",
        .args = "",
        .summary = "Delete a time from the history, for good",
        .text = "Sessions that began in that time, with everything measured in them and their recordings, diary entries "
                "and felt twitches are overwritten in the file, not only marked. The session that goes on stays; so do bets and experiments, which hold "
                "nothing of the body. A damaged history that was put aside, recordings that it does not know, copies "
                "and exports are files of their own: they are not deleted, whatever time they are of.",
        .bus = true,
        .options = options,
        .run = run,
};
