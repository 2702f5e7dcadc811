/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is found, in words: those of twitchd.h.
 */
#include <stddef.h>

#include "daemon/detect/detect.h"

static const char *const kind_words[_EVENT_KIND_MAX] = {
#define KIND_WORD(name, word) [EVENT_##name] = word,
        TWITCHD_EVENT_KINDS(KIND_WORD)
#undef KIND_WORD
};

static const char *const cause_words[_ARTEFACT_CAUSE_MAX] = {
#define CAUSE_WORD(name, word) [ARTEFACT_##name] = word,
        TWITCHD_ARTEFACT_CAUSES(CAUSE_WORD)
#undef CAUSE_WORD
};

static const char *const exclusion_words[_EXCLUSION_MAX] = {
#define EXCLUSION_WORD(name, word) [EXCLUSION_##name] = word,
        TWITCHD_EXCLUSIONS(EXCLUSION_WORD)
#undef EXCLUSION_WORD
};

const char* event_kind_to_string(EventKind k) {
        return (unsigned) k < _EVENT_KIND_MAX ? kind_words[k] : NULL;
}

const char* artefact_cause_to_string(ArtefactCause c) {
        return (unsigned) c < _ARTEFACT_CAUSE_MAX ? cause_words[c] : NULL;
}

const char* exclusion_to_string(Exclusion e) {
        return (unsigned) e < _EXCLUSION_MAX ? exclusion_words[e] : NULL;
}

bool event_kind_is_twitch(EventKind k) {
        return k == EVENT_FASCICULATION || k == EVENT_DOUBLET || k == EVENT_MULTIPLET;
}
