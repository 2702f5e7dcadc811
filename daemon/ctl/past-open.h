/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history for a verb that computes. */
#pragma once

#include "answers/past.h"
#include "history.h"

/* From a copy by the service or the file of --history. Complains by itself. */
int past_open(Past **ret);

/* 0, or -EPERM after saying that what goes into the history takes the service, with --history. */
int past_may_write(void);
