/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions with recordings as a BIDS dataset (EMG-BIDS 1.11), for programs of research. */
#pragma once

#include "history.h"

/*
 * One participant, a BIDS session for each session that has recordings and began in that time, a run for
 * each file. dir must not be there yet. Complains by itself.
 */
int export_bids(const History *h, const char *dir, int64_t from_usec, int64_t to_usec);
