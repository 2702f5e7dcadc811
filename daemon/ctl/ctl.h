/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verbs of twitchctl share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "analysis.h"

/* Fixed words: never computed from a signal, never left out. */
#define NOT_A_MEDICAL_DEVICE \
        "Research and self-tracking; not a medical device. No number here reassures or alarms."
#define WHEN_TO_SEE_A_DOCTOR \
        "Weakness, wasting, numbness, or trouble with speech, swallowing or breathing belong before\n" \
        "a doctor, whatever is or is not counted here."

extern bool arg_json;
extern const char *arg_address;         /* of the bus; NULL: the system bus */
extern bool arg_minutes;
extern Sinc3Choice arg_sinc3;
extern double arg_false_alarms_per_hour;

/*
 * A verb returns 0 or a negative errno, and has told the person what went wrong by then.
 * argv[0] is the verb; the number of arguments has been checked.
 */
int verb_status(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_monitor(int argc, char **argv);
int verb_analyze(int argc, char **argv);
