/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl report: describes twitch-report and calls it. */
#include <limits.h>

#include "answers/sayings.h"
#include "ctl.h"
#include "past-open.h"
#include "say.h"
#include "verbs.h"

static const char *arg_output = NULL, *arg_from = NULL, *arg_to = NULL;
static bool arg_more = false, arg_serial = false;

/* The program beside this one, as in the build and where it is installed; else wherever it is. */
static void call(char *const *args) {
        char path[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

        if (n > 0) {
                char *slash;

                path[n] = 0;
                slash = strrchr(path, '/');
                if (slash && (size_t) (slash + 1 - path) + sizeof("twitch-report") <= sizeof(path)) {
                        strcpy(slash + 1, "twitch-report");
                        (void) execv(path, args);
                }
        }
        (void) execvp("twitch-report", args);
}

static void add(char **args, const char *name, const char *value) {
        size_t n = 0;

        if (!value)
                return;
        while (args[n])
                n++;
        if (asprintf(args + n, "--%s=%s", name, value) < 0)
                args[n] = NULL;
}

static int run(int argc, char **argv) {
        char *args[16] = { (char*) "twitch-report" };
        size_t n;
        int error;

        if (!arg_output) {
                (void) say_wrong(SAY_REPORT_USAGE);
                return EXIT_USAGE;
        }
        add(args, "output", arg_output);
        add(args, "from", arg_from);
        add(args, "to", arg_to);
        add(args, "history", arg_history);
        add(args, "address", arg_address);
        for (n = 0; args[n]; n++)
                ;
        if (arg_more)
                args[n++] = (char*) "--more";
        if (arg_serial)
                args[n++] = (char*) "--serial";
        call(args);
        error = errno;
        (void) say_wrong(SAY_REPORT_ABSENT, strerror(error));
        return -error;
}

static const Option options[] = {
        { "output", 'o', "FILE", "Where to: .pdf, .svg, .html or .txt", .text = &arg_output },
        { "from", 0, "DAY", "From this day on (default: 14 days)", .text = &arg_from },
        { "to", 0, "DAY", "Up to this day, which is part of it (default: today)", .text = &arg_to },
        { "more", 0, NULL, "A second page: triggers, experiments, felt twitches, how it was measured",
          .flag = &arg_more },
        { "serial", 0, NULL, "Name the device", .flag = &arg_serial },
        HISTORY_OPTION,
        {},
};

const Verb verb_report = {
                .name = "report",
                .args = "",
                .summary = "The twitch profile: one page, always the same, for a reader who has little time",
                .text = "In this order: what was measured and what not, whether it is enough, a table by "
                        "site, days, hours, single "
                        "days, and two fixed texts. Names, notes and free text stay out.",
                .bus = true,
                .options = options,
                .run = run,
};
