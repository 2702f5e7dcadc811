/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util.h"
#include "verbs.h"

#define VERB_POINTER(name) &verb_##name,
const Verb *const verbs[] = { VERBS(VERB_POINTER) NULL };

const Verb* verb_find(const char *name) {
        for (const Verb *const *v = verbs; *v; v++)
                if (streq((*v)->name, name))
                        return *v;
        return NULL;
}

const Verb* verb_find_sub(const Verb *verb, const char *name) {
        for (const Verb *s = verb->subs; s && s->name; s++)
                if (streq(s->name, name))
                        return s;
        return NULL;
}
