/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The help pages, made from the descriptions of the verbs. */
#pragma once

#include <stdio.h>

#include "verb.h"

/* What twitchctl can do: the list of verbs. */
void help_print_list(FILE *f);

/* path: "session start" */
void help_print_verb(FILE *f, const Verb *verb, const char *path);
