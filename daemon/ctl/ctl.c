/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl: how a person talks to twitchd. Finds the verb and runs it; each verb has its own file. */
#include <limits.h>
#include <locale.h>
#include <langinfo.h>
#include <signal.h>

#include "ctl.h"
#include "harmless.h"
#include "help.h"
#include "hint.h"
#include "options.h"
#include "util.h"
#include "verbs.h"

static int say_no_such(const char *of, const Hint *h) {
        char hint[96];

        fprintf(stderr, "twitchctl: there is no verb \"%s%s%s\"%s", of, of[0] ? " " : "", h->typed,
                hint_text(h, hint));
        if (!h->nearest)
                fprintf(stderr, ": see twitchctl help%s%s", of[0] ? " " : "", of);
        fputc('\n', stderr);
        return EXIT_USAGE;
}

static int say_needs_sub(const Verb *verb, const char *path) {
        fprintf(stderr, "twitchctl: %s needs one of:", path);
        for (const Verb *s = verb->subs; s->name; s++)
                fprintf(stderr, " %s", s->name);
        fprintf(stderr, "; see twitchctl help %s\n", path);
        return EXIT_USAGE;
}

static int check_number_of_arguments(const Verb *verb, const char *path, int n) {
        int min, max;

        verb_count_args(verb, &min, &max);
        if (n >= min && n <= max)
                return 0;
        if (max == 0)
                fprintf(stderr, "twitchctl: %s takes no arguments\n", path);
        else
                fprintf(stderr, "twitchctl: %s takes %s: see twitchctl help %s\n", path, verb->args, path);
        return EXIT_USAGE;
}

static int run_verb(const Verb *verb, const char *path, int argc, char **argv) {
        char sub_path[64];

        if (verb->subs && options_bring_word_forward(argc, argv)) {
                const Verb *sub = verb_find_sub(verb, argv[1]);
                if (sub) {
                        snprintf(sub_path, sizeof sub_path, "%s %s", path, sub->name);
                        return run_verb(sub, sub_path, argc - 1, argv + 1);
                }
                if (!verb->run) {
                        Hint h = { .typed = argv[1] };
                        for (const Verb *s = verb->subs; s->name; s++)
                                hint_try(&h, s->name);
                        return say_no_such(path, &h);
                }
        }

        int first = options_parse(verb, path, argc, argv);
        if (first < 0)
                return EXIT_USAGE;
        if (arg_help) {
                help_print_verb(stdout, verb, path);
                return 0;
        }
        if (arg_version) {
                puts("twitchctl " TWITCHD_VERSION);
                return 0;
        }
        if (!verb->run)
                return say_needs_sub(verb, path);
        argv[first - 1] = argv[0];
        argc -= first - 1;
        argv += first - 1;
        int r = check_number_of_arguments(verb, path, argc - 1);
        return r != 0 ? r : verb->run(argc, argv);
}

static int run_without_verb(int argc, char **argv) {
        if (options_parse(NULL, "", argc, argv) < 0)
                return EXIT_USAGE;
        if (arg_version)
                puts("twitchctl " TWITCHD_VERSION);
        else
                help_print_list(arg_help ? stdout : stderr);
        return arg_version || arg_help ? 0 : EXIT_USAGE;
}

static int run(int argc, char **argv) {
        if (!options_bring_word_forward(argc, argv))
                return run_without_verb(argc, argv);

        const Verb *verb = verb_find(argv[1]);
        if (verb)
                return run_verb(verb, verb->name, argc - 1, argv + 1);
        Hint h = { .typed = argv[1] };
        for (const Verb *const *v = verbs; *v; v++)
                hint_try(&h, (*v)->name);
        return say_no_such("", &h);
}

/*
 * Only the characters are the person's own, for their widths: numbers are written with a point and read with
 * one everywhere. Labels are UTF-8, so a locale that is not will not do.
 */
static void set_locale(void) {
        if (!setlocale(LC_CTYPE, "") || strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0)
                (void) setlocale(LC_CTYPE, "C.UTF-8");
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
        (void) signal(SIGPIPE, SIG_IGN);
        set_locale();
        make_stderr_harmless();

        int r = run(argc, argv);
        if (finish_output() < 0 || r < 0)
                return EXIT_FAILURE;
        return r;
}
