/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a verb, together with those that all verbs have. */
#pragma once

#include "verb.h"

/* For all: --help, --json, --address ... The last one is {}. */
extern const Option global_options[];

/* A global option that this verb has, too. */
bool option_is_for(const Option *global, const Verb *verb);

/* The value may be left out: "[yes|no]" */
bool option_value_is_optional(const Option *o);

/* Number of arguments that `args` of a verb allows. */
void verb_count_args(const Verb *verb, int *ret_min, int *ret_max);

/*
 * Brings the first word of argv[1...] that is no option and no value of one to argv[1] and returns true:
 * options may stand before the verb, too. False: there is none.
 */
bool options_bring_word_forward(int argc, char **argv);

/*
 * Parses argv[1...]; argv[0] is not looked at. Returns the place of the first argument, to which all
 * arguments have been moved, or -EINVAL after having said what is wrong. verb NULL: no verb was given.
 */
int options_parse(const Verb *verb, const char *path, int argc, char **argv);

extern bool arg_help, arg_version;
