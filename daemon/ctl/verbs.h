/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs, in the order in which help lists them. A new one: its line here, its file beside this one. */
#pragma once

#include "verb.h"

#define VERBS(X)        \
        X(status)       \
        X(list)         \
        X(monitor)      \
        X(channels)     \
        X(check)        \
        X(impedance)    \
        X(stream)       \
        X(analyze)      \
        X(record)       \
        X(session)      \
        X(log)          \
        X(felt)         \
        X(show)         \
        X(export)       \
        X(import)       \
        X(delete)       \
        X(history)      \
        X(trends)       \
        X(triggers)     \
        X(ask)          \
        X(drop)         \
        X(compare_felt) \
        X(experiment)   \
        X(report)       \
        X(config)       \
        X(set)          \
        X(help)

#define DECLARE_VERB(name) extern const Verb verb_##name;
VERBS(DECLARE_VERB)
#undef DECLARE_VERB

/* Ends with NULL. */
extern const Verb *const verbs[];

/* NULL if there is none of that name. */
const Verb* verb_find(const char *name);
const Verb* verb_find_sub(const Verb *verb, const char *name);
