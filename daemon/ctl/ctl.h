/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verbs of twitchctl share. What a verb is: verb.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "verb.h"

/* Fixed words: never computed from a signal, never left out. */
#define NOT_A_MEDICAL_DEVICE \
        "Research and self-tracking; not a medical device. No number here reassures or alarms."
#define WHEN_TO_SEE_A_DOCTOR \
        "Weakness, wasting, numbness, or trouble with speech, swallowing or breathing belong before\n" \
        "a doctor, whatever is or is not counted here."

/* What a verb returns after it has said that it was called wrongly. */
#define EXIT_USAGE 2

extern bool arg_json;
extern const char *arg_address;         /* of the bus; NULL: the system bus */
