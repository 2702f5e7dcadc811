/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key with which a person marks a felt twitch: of the one input device that is configured, read along with whoever
 * else reads it, never grabbed. Nothing of other keys is kept or told.
 */
#pragma once

#include <systemd/sd-event.h>

#include "util.h"

typedef struct FeltKey FeltKey;

/*
 * path: of the device ("/dev/input/by-id/..."). key: its code as in linux/input-event-codes.h; 0: any. A device that is not
 * there, or goes, is tried again: felt_key_tick(), called once a second.
 */
int felt_key_new(sd_event *event, const char *path, unsigned key, void (*pressed)(void *userdata), void *userdata,
                 FeltKey **ret);
void felt_key_tick(FeltKey *f);                 /* takes NULL */
FeltKey* felt_key_free(FeltKey *f);             /* takes NULL, returns NULL */
