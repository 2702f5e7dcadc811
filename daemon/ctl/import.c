/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl import FILE: what another machine remembers. */
#include <fcntl.h>
#include <inttypes.h>

#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "util.h"
#include "verbs.h"

static void say(uint64_t n, const char *one, const char *many) {
        if (n > 0)
                printf("  %" PRIu64 " %s\n", n, n == 1 ? one : many);
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_close_ int fd = open(argv[1], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        uint64_t sessions, diary, felt, others, known, unfinished, recordings;

        if (fd < 0) {
                int r = -errno;
                fprintf(stderr, "twitchctl: %s: %s\n", argv[1], strerror(-r));
                return r;
        }
        int r = history_call("Import", &reply, "h", fd);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "ttttttt", &sessions, &diary, &felt, &others, &known, &unfinished,
                                &recordings);
        if (r < 0)
                return bus_complain(r, NULL);
        puts(sessions + diary + felt + others > 0 ? "New:" : "Nothing new.");
        say(sessions, "session", "sessions");
        say(diary, "diary entry", "diary entries");
        say(felt, "felt twitch", "felt twitches");
        say(others, "question, bet or act of an experiment", "questions, bets and acts of experiments");
        if (known + unfinished + recordings > 0)
                puts("Not taken:");
        say(known, "that is there already", "that are there already");
        say(unfinished, "session that was going on: export again when it has ended",
            "sessions that were going on: export again when they have ended");
        say(recordings, "recording, which is a file of its own", "recordings, which are files of their own");
        return 0;
}

const Verb verb_import = {
        .name = "import",
        .args = "FILE",
        .summary = "Take in what another machine remembers: its export --sqlite",
        .text = "All of it or nothing. What is there already stays as it is: sessions are known by their "
                "uuid, diary "
                "entries by their kind, their time and when they were logged. So importing twice changes "
                "nothing, and two "
                "machines can exchange their exports. Deleted here and still in the file comes back.",
        .bus = true,
        .run = run,
};
