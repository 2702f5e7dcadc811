/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl: how a person talks to twitchd. Options and verbs; each verb has its own file. */
#include <getopt.h>
#include <math.h>
#include <signal.h>

#include "ctl.h"
#include "detect/detect.h"
#include "util.h"

bool arg_json = false;
bool arg_minutes = false;
Sinc3Choice arg_sinc3 = SINC3_IF_TOLD;
const char *arg_address = NULL;
double arg_false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT;

/* Those that belong to some verbs only. In the order of options[], of which they are the first. */
typedef enum Option {
        OPTION_JSON,
        OPTION_ADDRESS,
        OPTION_MINUTES,
        OPTION_SINC3,
        OPTION_FALSE_ALARMS,
        _OPTION_MAX,
} Option;

enum { ARG_FIRST = 0x100, ARG_VERSION = ARG_FIRST + _OPTION_MAX };

static const struct option options[] = {
        { "json",                  no_argument,       NULL, ARG_FIRST + OPTION_JSON         },
        { "address",               required_argument, NULL, ARG_FIRST + OPTION_ADDRESS      },
        { "minutes",               no_argument,       NULL, ARG_FIRST + OPTION_MINUTES      },
        { "sinc3",                 optional_argument, NULL, ARG_FIRST + OPTION_SINC3        },
        { "false-alarms-per-hour", required_argument, NULL, ARG_FIRST + OPTION_FALSE_ALARMS },
        { "help",                  no_argument,       NULL, 'h'                             },
        { "version",               no_argument,       NULL, ARG_VERSION                     },
        {},
};

#define OF_SERVICE (1 << OPTION_JSON | 1 << OPTION_ADDRESS)
#define OF_FILE (1 << OPTION_JSON | 1 << OPTION_MINUTES | 1 << OPTION_SINC3 | 1 << OPTION_FALSE_ALARMS)

typedef struct Verb {
        const char *name;
        int n_args;
        unsigned options;               /* bits by Option */
        int (*run)(int argc, char **argv);
} Verb;

static const Verb verbs[] = {
        { "status",  0, OF_SERVICE, verb_status  },
        { "list",    0, OF_SERVICE, verb_list    },
        { "monitor", 0, OF_SERVICE, verb_monitor },
        { "analyze", 1, OF_FILE,    verb_analyze },
};

#define EXIT_USAGE 2

static void help(FILE *f) {
        fprintf(f,
                "twitchctl [OPTION...] VERB\n"
                "\n"
                "Ask twitchd about muscle twitches, or look for them in a recording.\n"
                "\n"
                "Verbs:\n"
                "  status             How each front end and each channel is doing\n"
                "  list               Front ends and their channels\n"
                "  monitor            Print twitches as they are found, until Ctrl-C\n"
                "  analyze FILE       Look for twitches in an EDF, EDF+, BDF or BDF+ recording\n"
                "                     (250 to 16000 samples/s; channels in volts)\n"
                "\n"
                "Options:\n"
                "  --json             Print JSON: one object a line\n"
                "  --minutes          analyze: list the minutes: how much of each could be used,\n"
                "                     why not the rest, noise and floor, twitches\n"
                "  --false-alarms-per-hour=X\n"
                "                     analyze: allowed false alarms per hour and channel\n"
                "                     (%g to %g, default %g); the fewer, the\n"
                "                     larger a twitch must be to be found\n"
                "  --sinc3[=yes|no]   analyze: the converter had a sinc3 filter with its first null at the\n"
                "                     sample rate, as the ADS1299 has: correct its droop (default: if\n"
                "                     the file names that chip)\n"
                "  --address=ADDRESS  D-Bus address to use instead of the system bus\n"
                "  -h, --help         This text\n"
                "  --version          Version\n"
                "\n"
                "Exit status: 0, 1 if it did not work, 2 if it was called wrongly.\n"
                "\n"
                WHEN_TO_SEE_A_DOCTOR "\n"
                NOT_A_MEDICAL_DEVICE "\n",
                DETECT_FALSE_ALARMS_PER_HOUR_MIN, DETECT_FALSE_ALARMS_PER_HOUR_MAX,
                DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT);
}

static int parse_false_alarms(const char *s) {
        char *end;
        double value = strtod(s, &end);

        if (end == s || *end != 0 ||
            !(value >= DETECT_FALSE_ALARMS_PER_HOUR_MIN && value <= DETECT_FALSE_ALARMS_PER_HOUR_MAX)) {
                fprintf(stderr, "twitchctl: --false-alarms-per-hour takes a number from %g to %g, not \"%s\"\n",
                        DETECT_FALSE_ALARMS_PER_HOUR_MIN, DETECT_FALSE_ALARMS_PER_HOUR_MAX, s);
                return -EINVAL;
        }
        arg_false_alarms_per_hour = value;
        return 0;
}

static int parse_sinc3(const char *s) {
        if (s && !streq(s, "yes") && !streq(s, "no")) {
                fprintf(stderr, "twitchctl: --sinc3 takes \"yes\" or \"no\", not \"%s\"\n", s);
                return -EINVAL;
        }
        arg_sinc3 = s && streq(s, "no") ? SINC3_NO : SINC3_YES;
        return 0;
}

static int parse_option(Option option, const char *value) {
        switch (option) {
        case OPTION_JSON:
                arg_json = true;
                return 0;
        case OPTION_ADDRESS:
                arg_address = value;
                return 0;
        case OPTION_MINUTES:
                arg_minutes = true;
                return 0;
        case OPTION_SINC3:
                return parse_sinc3(value);
        case OPTION_FALSE_ALARMS:
                return parse_false_alarms(value);
        default:
                return -EINVAL;
        }
}

/* 1: go on; 0: done; -EINVAL: wrong, and said so. */
static int parse_options(int argc, char **argv, unsigned *ret_given) {
        unsigned given = 0;

        for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) >= 0;)
                switch (c) {
                case 'h':
                        help(stdout);
                        return 0;
                case ARG_VERSION:
                        puts("twitchctl " TWITCHD_VERSION);
                        return 0;
                case '?':
                        return -EINVAL;
                default:
                        if (parse_option((Option) (c - ARG_FIRST), optarg) < 0)
                                return -EINVAL;
                        given |= 1u << (c - ARG_FIRST);
                }
        *ret_given = given;
        return 1;
}

/* None that would be ignored. */
static int check_options(const Verb *verb, unsigned given) {
        for (unsigned i = 0; i < _OPTION_MAX; i++) {
                if (!(given & ~verb->options & 1u << i))
                        continue;
                fprintf(stderr, "twitchctl: --%s does not go with %s, but with", options[i].name, verb->name);
                for (size_t k = 0; k < ELEMENTSOF(verbs); k++)
                        if (verbs[k].options & 1u << i)
                                fprintf(stderr, " %s", verbs[k].name);
                fprintf(stderr, "\n");
                return -EINVAL;
        }
        return 0;
}

static const Verb* find_verb(int argc, char **argv) {
        if (argc < 1) {
                help(stderr);
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (!streq(argv[0], verbs[i].name))
                        continue;
                if (argc - 1 == verbs[i].n_args)
                        return verbs + i;
                fprintf(stderr, "twitchctl: %s takes %s\n", argv[0], verbs[i].n_args == 0 ? "no arguments" : "one file");
                return NULL;
        }
        fprintf(stderr, "twitchctl: there is no verb \"%s\": see twitchctl --help\n", argv[0]);
        return NULL;
}

/* A reader that has seen enough is no failure; a full disk is. */
static int finish_output(void) {
        errno = 0;
        if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
                return 0;
        fprintf(stderr, "twitchctl: cannot write the output: %m\n");
        return -EIO;
}

int main(int argc, char **argv) {
        /* The locale stays "C": numbers are written with a point and read with one. */
        (void) signal(SIGPIPE, SIG_IGN);

        unsigned given;
        int r = parse_options(argc, argv, &given);
        if (r < 0)
                return EXIT_USAGE;
        if (r > 0) {
                const Verb *verb = find_verb(argc - optind, argv + optind);
                if (!verb || check_options(verb, given) < 0)
                        return EXIT_USAGE;
                r = verb->run(argc - optind, argv + optind);
        }
        if (finish_output() < 0 || r < 0)
                return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
