/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crosstalk.c: do two channels see the same muscle? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/detect/base/history.h"

/* a History keeps so much; longer: chance agrees less, crosstalk is known later */
#define CROSSTALK_WINDOW_S 2.0
#define CROSSTALK_AGAIN_S 0.5           /* asked again within that, the answer is the same */
#define CROSSTALK_REMEMBERED 8u

typedef struct CrosstalkAnswer {
        bool known, shared;
        unsigned other;                 /* channel */
        int64_t at;                     /* step */
} CrosstalkAnswer;

typedef struct Crosstalk {              /* what a channel knows of others */
        CrosstalkAnswer answers[CROSSTALK_REMEMBERED];
} Crosstalk;

bool crosstalk_between(Crosstalk *c, const History *own, unsigned other, const History *others, int64_t step,
                       double step_rate_hz);
