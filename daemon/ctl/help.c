/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl help [VERB [SUBVERB]], and what --help prints. */
#include "ctl.h"
#include "help.h"
#include "hint.h"
#include "json.h"
#include "options.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#define WIDTH_MAX 100           /* longer lines are hard to read */
#define NAME_WIDTH 22

static int help_width(void) {
        return MIN(text_columns(), WIDTH_MAX);
}

/* A name at the left, its explanation wrapped beside it, or below if the name is long. */
static void print_entry(FILE *f, const char *name, const char *explanation) {
        if (strlen(name) + 4 <= NAME_WIDTH)
                fprintf(f, "  %-*s", NAME_WIDTH - 2, name);
        else
                fprintf(f, "  %s\n%*s", name, NAME_WIDTH, "");
        text_wrap(f, explanation, NAME_WIDTH, help_width());
}

static void print_option(FILE *f, const Option *o) {
        char name[64], letter[] = { '-', o->letter, ',', ' ', 0 };
        const char *value = o->value ? o->value : "";
        bool optional = option_value_is_optional(o);

        if (optional)           /* "[yes|no]" is written --sinc3[=yes|no] */
                snprintf(name, sizeof name, "%s--%s[=%s", o->letter ? letter : "", o->name, value + 1);
        else
                snprintf(name, sizeof name, "%s--%s%s%s", o->letter ? letter : "", o->name,
                         o->value ? "=" : "", value);
        print_entry(f, name, o->help);
}

static void print_options(FILE *f, const Verb *verb) {
        fputs("\nOptions:\n", f);
        for (const Option *o = verb ? verb->options : NULL; o && o->name; o++)
                print_option(f, o);
        for (const Option *o = global_options; o->name; o++)
                if (option_is_for(o, verb))
                        print_option(f, o);
}

static void print_subs(FILE *f, const Verb *verb, const char *path) {
        for (const Verb *s = verb->subs; s && s->name; s++) {
                char name[64];

                snprintf(name, sizeof name, "%s%s%s", s->name, s->args[0] ? " " : "", s->args);
                if (s == verb->subs)
                        fprintf(f, "\nWhat can follow (\"twitchctl help %s %s\" says more):\n", path,
                                s->name);
                print_entry(f, name, s->summary);
        }
}

void help_print_list(FILE *f) {
        fputs("twitchctl [OPTION...] VERB [ARGUMENT...]\n\n"
              "Ask twitchd about muscle twitches, or look for them in a recording.\n\n"
              "Verbs (\"twitchctl help VERB\" says more about one):\n", f);
        for (const Verb *const *v = verbs; *v; v++) {
                char name[64];

                snprintf(name, sizeof name, "%s%s%s", (*v)->name, (*v)->args[0] ? " " : "", (*v)->args);
                print_entry(f, name, (*v)->summary);
        }
        print_options(f, NULL);
        fputs("\nExit status: 0, 1 if it did not work, 2 if it was called wrongly.\n\n", f);
        fputs(WHEN_TO_SEE_A_DOCTOR "\n" NOT_A_MEDICAL_DEVICE "\n", f);
}

void help_print_verb(FILE *f, const Verb *verb, const char *path) {
        fprintf(f, "twitchctl %s [OPTION...]%s%s\n\n", path, verb->run ? verb->args[0] ? " " : "" : " VERB",
                verb->run ? verb->args : "");
        text_wrap(f, verb->summary, 0, help_width());
        if (verb->text) {
                fputc('\n', f);
                text_wrap(f, verb->text, 0, help_width());
        }
        print_subs(f, verb, path);
        print_options(f, verb);
        fputs("\n" NOT_A_MEDICAL_DEVICE "\n", f);
}

/* --- for pages.py: man pages and completion are made from this -------------------- */

static void json_options(Json *j, const Option *options) {
        json_begin_array(j, "options");
        for (const Option *o = options; o && o->name; o++) {
                char letter[] = { o->letter, 0 };

                json_begin(j, NULL);
                json_put_string(j, "name", o->name);
                if (o->letter)
                        json_put_string(j, "letter", letter);
                if (o->value)
                        json_put_string(j, "value", o->value);
                json_put_string(j, "help", o->help);
                json_end(j);
        }
        json_end(j);
}

static void json_verb(Json *j, const Verb *verb) {
        json_begin(j, NULL);
        json_put_string(j, "name", verb->name);
        json_put_string(j, "args", verb->args);
        json_put_string(j, "summary", verb->summary);
        json_put_string(j, "text", verb->text ? verb->text : "");
        json_put_bool(j, "json", verb->json);
        json_put_bool(j, "bus", verb->bus);
        json_options(j, verb->options);
        json_begin_array(j, "subs");
        for (const Verb *s = verb->subs; s && s->name; s++)
                json_verb(j, s);
        json_end(j);
        json_end(j);
}

/* First the options of all verbs, then a line a verb */
static void print_json(void) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_options(&j, global_options);
        json_end(&j);
        json_line(&j);
        for (const Verb *const *v = verbs; *v; v++) {
                json_verb(&j, *v);
                json_line(&j);
        }
}

static int run(int argc, char **argv) {
        const Verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;
        Hint h = { .typed = argc > 1 ? argv[argc - 1] : "" };
        char path[64], hint[96];

        if (arg_json) {
                print_json();
                return 0;
        }
        if (argc < 2) {
                help_print_list(stdout);
                return 0;
        }
        snprintf(path, sizeof path, "%s%s%s", argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
        if (!verb) {
                h.typed = argv[1];
                for (const Verb *const *v = verbs; *v; v++)
                        hint_try(&h, (*v)->name);
        } else if (argc > 2) {
                const Verb *sub = verb_find_sub(verb, argv[2]);
                for (const Verb *s = verb->subs; s && s->name; s++)
                        hint_try(&h, s->name);
                verb = sub;
        }
        if (!verb) {
                fprintf(stderr, "twitchctl: there is no verb \"%s\"%s\n", path, hint_text(&h, hint));
                return EXIT_USAGE;
        }
        help_print_verb(stdout, verb, path);
        return 0;
}

const Verb verb_help = {
        .name = "help",
        .args = "[VERB] [SUBVERB]",
        .summary = "The help page of a verb, or this list",
        .text = "With --json, all verbs and their options for programs.",
        .json = true,
        .run = run,
};
