/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl report: describes twitch-report and calls it. */
#include "answers/sayings.h"
#include "ctl.h"
#include "past-open.h"
#include "report-call.h"
#include "say.h"
#include "verbs.h"

static const char *arg_output = NULL, *arg_from = NULL, *arg_to = NULL;
static bool arg_more = false, arg_serial = false;

static int run(int argc, char **argv) {
        char *args[REPORT_CALL_MAX] = {};

        if (!arg_output) {
                (void) say_wrong(SAY_REPORT_USAGE);
                return EXIT_USAGE;
        }
        report_call_add(args, "output", arg_output);
        report_call_add(args, "from", arg_from);
        report_call_add(args, "to", arg_to);
        report_call_add(args, "history", arg_history);
        report_call_add(args, "address", arg_address);
        if (arg_more)
                report_call_add(args, "more", "");
        if (arg_serial)
                report_call_add(args, "serial", "");
        return report_call(args);
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
