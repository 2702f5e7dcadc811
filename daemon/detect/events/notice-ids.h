/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notices that something under way has given. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/detect/detect.h"

typedef struct NoticeIds {              /* of the notices that something under way has given */
        uint64_t id;                    /* 0: none */
        unsigned n_merged;
        uint64_t merged[DETECT_MERGED_MAX];
} NoticeIds;

bool notices_merge(NoticeIds *to, const NoticeIds *from);
