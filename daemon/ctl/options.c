/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <limits.h>

#include "ctl.h"
#include "hint.h"
#include "options.h"
#include "util.h"
#include "verbs.h"

bool arg_json = false;
bool arg_help = false;
bool arg_version = false;
const char *arg_address = NULL;

const Option global_options[] = {
        { "json",    'j', NULL,      "Print JSON: one object a line. \"channel\" counts from 1; "
          "only analyze and monitor print events as they are on the bus, where channels count from 0.",
          .flag = &arg_json    },
        { "address", 0,   "ADDRESS", "D-Bus address to use instead of the system bus.",
          .text = &arg_address },
        { "help",    'h', NULL,      "The help page of the verb, or the list of verbs.",
          .flag = &arg_help    },
        { "version", 0,   NULL,      "The version.",
          .flag = &arg_version },
        {},
};

bool option_is_for(const Option *global, const Verb *verb) {
        if (global->flag == &arg_json)
                return !verb || verb->json;
        if (global->text == &arg_address)
                return !verb || verb->bus;
        return true;
}

bool option_value_is_optional(const Option *o) {
        return o->value && o->value[0] == '[';
}

void verb_count_args(const Verb *verb, int *ret_min, int *ret_max) {
        *ret_min = *ret_max = 0;
        for (const char *s = verb->args; *s;) {
                size_t n = strcspn(s, " ");

                *ret_min += s[0] != '[';
                *ret_max = memmem(s, n, "...", 3) || *ret_max == INT_MAX ? INT_MAX : *ret_max + 1;
                s += n + strspn(s + n, " ");
        }
}

/* --- which verbs have an option ------------------------------------------- */

static const Option* find_option(const Option *options, const char *name, size_t n) {
        for (const Option *o = options; o && o->name; o++)
                if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
                        return o;
        return NULL;
}

static const Option* find_option_of(const Verb *verb, const char *name, size_t n) {
        const Option *o = find_option(verb->options, name, n);

        for (const Verb *s = verb->subs; !o && s && s->name; s++)
                o = find_option_of(s, name, n);
        return o;
}

static const Option* find_option_anywhere(const char *name, size_t n) {
        const Option *o = find_option(global_options, name, n);

        for (const Verb *const *v = verbs; !o && *v; v++)
                o = find_option_of(*v, name, n);
        return o;
}

bool options_bring_word_forward(int argc, char **argv) {
        int i = 1;

        for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
                if (streq(argv[i], "--"))
                        break;
                if (strncmp(argv[i], "--", 2) != 0 || strchr(argv[i], '='))
                        continue;
                const Option *o = find_option_anywhere(argv[i] + 2, strlen(argv[i] + 2));
                if (o && o->value && !option_value_is_optional(o))
                        i++;
        }
        if (i >= argc || argv[i][0] == '-')
                return false;
        char *word = argv[i];
        memmove(argv + 2, argv + 1, (size_t) (i - 1) * sizeof(char*));
        argv[1] = word;
        return true;
}

/* --- what is wrong with one ----------------------------------------------- */

static void say_where_it_belongs(const char *path, const char *typed, const char *name, size_t n) {
        const Option *global = find_option(global_options, name, n);

        fprintf(stderr, "twitchctl: %.*s does not go with %s, but with", (int) (2 + n), typed, path);
        for (const Verb *const *v = verbs; *v; v++)
                if (global ? option_is_for(global, *v) : find_option_of(*v, name, n) != NULL)
                        fprintf(stderr, " %s", (*v)->name);
        fputc('\n', stderr);
}

static void say_unknown(const Verb *verb, const char *path, const char *typed) {
        if (strncmp(typed, "--", 2) != 0) {
                fprintf(stderr, "twitchctl: there is no option %s: see twitchctl help%s%s\n", typed,
                        verb ? " " : "", path);
                return;
        }
        size_t n = strcspn(typed + 2, "=");
        _cleanup_free_ char *name = strndup(typed + 2, n);
        if (name && verb && find_option_anywhere(name, n)) {
                say_where_it_belongs(path, typed, name, n);
                return;
        }
        Hint h = { .typed = name ? name : "" };
        for (const Option *o = global_options; o->name; o++)
                if (option_is_for(o, verb))
                        hint_try(&h, o->name);
        for (const Option *o = verb ? verb->options : NULL; o && o->name; o++)
                hint_try(&h, o->name);
        fprintf(stderr, "twitchctl: there is no option --%s", h.typed);
        if (h.nearest)
                fprintf(stderr, "; did you mean --%s?\n", h.nearest);
        else
                fprintf(stderr, ": see twitchctl help%s%s\n", verb ? " " : "", path);
}

/* --- parsing -------------------------------------------------------------- */

#define OPTIONS_MAX 48u

/* What getopt_long() needs, made from the two tables. */
typedef struct Parser {
        const Option *known[OPTIONS_MAX];
        struct option longs[OPTIONS_MAX + 1];
        char letters[2 * OPTIONS_MAX + 2];
        unsigned n;
} Parser;

enum { FIRST_OPTION = 0x100 };

static void add_option(Parser *p, const Option *o) {
        size_t n = strlen(p->letters);

        if (p->n >= OPTIONS_MAX)
                return;
        p->longs[p->n] = (struct option) {
                .name = o->name,
                .has_arg = !o->value ? no_argument : option_value_is_optional(o) ? optional_argument :
                        required_argument,
                .val = FIRST_OPTION + (int) p->n,
        };
        if (o->letter)
                snprintf(p->letters + n, sizeof p->letters - n, "%c%s", o->letter, o->value ? ":" : "");
        p->known[p->n++] = o;
}

static const Option* option_by_value(const Parser *p, int c) {
        if (c >= FIRST_OPTION)
                return p->known[c - FIRST_OPTION];
        for (unsigned i = 0; i < p->n; i++)
                if (p->known[i]->letter == c)
                        return p->known[i];
        return NULL;
}

static int apply(const Option *o, const char *value) {
        if (o->flag)
                *o->flag = true;
        else if (o->text)
                *o->text = value;
        else
                return o->parse(value);
        return 0;
}

/* What getopt_long() does not know; optopt is 0 for a long one. */
static void say_not_understood(const Parser *p, const Verb *verb, const char *path, const char *typed) {
        char letter[] = { '-', (char) optopt, 0 };

        if (optopt >= FIRST_OPTION)
                fprintf(stderr, "twitchctl: --%s takes no value\n", option_by_value(p, optopt)->name);
        else
                say_unknown(verb, path, optopt ? letter : typed);
}

int options_parse(const Verb *verb, const char *path, int argc, char **argv) {
        Parser p = { .letters = ":" };

        for (const Option *o = global_options; o->name; o++)
                if (option_is_for(o, verb))
                        add_option(&p, o);
        for (const Option *o = verb ? verb->options : NULL; o && o->name; o++)
                add_option(&p, o);

        opterr = 0;
        optind = 0;             /* GNU: begin anew, and move arguments behind the options */
        for (;;) {
                int c = getopt_long(argc, argv, p.letters, p.longs, NULL);
                if (c < 0)
                        return optind;
                if (c == '?') {
                        say_not_understood(&p, verb, path, argv[optind - 1]);
                        return -EINVAL;
                }
                const Option *o = option_by_value(&p, c == ':' ? optopt : c);
                if (c == ':' || (optarg && !optarg[0] && o->text)) {
                        fprintf(stderr, "twitchctl: --%s needs a value: --%s=%s\n", o->name, o->name,
                                o->value);
                        return -EINVAL;
                }
                if (apply(o, optarg) < 0)
                        return -EINVAL;
        }
}
