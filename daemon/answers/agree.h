/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Felt against measured (stats/felt.h), over all sessions in which a felt twitch was marked. */
#pragma once

#include "past.h"
#include "stats/felt.h"

typedef struct Agree {
        size_t n_felt;                  /* marks in that time */
        size_t n_elsewhere;             /* at a site without electrodes, or outside of sessions */
        size_t n_sessions;              /* with a mark */
        Felt felt;                      /* the others */
} Agree;

int agree_compute(const Past *p, int64_t from_usec, int64_t to_usec, Agree *ret);
