/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a verb of twitchctl is. A new verb is one file that defines `const Verb verb_NAME`, and one line in
 * verbs.h. Parsing, help, hints for typing errors, man page and completion all come from this description.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct Option {
        const char *name;               /* "minutes": without the dashes */
        char letter;                    /* 'm' for -m as well; 0: none */
        /* "FILE"; "yes|no" names the choices; "[yes|no]" may be left out; NULL: takes none */
        const char *value;
        const char *help;               /* plain sentences, wrapped where they are printed */

        /* What becomes of it: one of these three. */
        bool *flag;                     /* set to true */
        const char **text;              /* set to the value */
        /* 0, or a negative errno after having said what is wrong with it */
        int (*parse)(const char *value);
} Option;

typedef struct Verb {
        const char *name;
        /* "FILE", "KIND [AMOUNT] [NOTE...]"; "" takes none. How many is read from it. */
        const char *args;
        const char *summary;            /* one line for the list of verbs, without a full stop */
        /* paragraphs, a newline between them; a line that begins with a space is kept as it is */
        const char *text;
        bool json;                      /* has --json */
        bool bus;                       /* talks to the service: has --address */
        const Option *options;          /* its own; the last one is {}; NULL: none */
        const struct Verb *subs;        /* "start", "stop" of session; the last one is {}; NULL: none */

        /*
         * Returns 0, a negative errno, or EXIT_USAGE if it was called wrongly, and has told the person what
         * went wrong by then. argv[0] is the verb or sub-verb, the rest its arguments, of which the number
         * has been checked. NULL if only the subs do something.
         */
        int (*run)(int argc, char **argv);
} Verb;
