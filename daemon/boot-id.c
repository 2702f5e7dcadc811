/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "boot-id.h"

int boot_id_get(sd_id128_t *ret) {
        const char *told = getenv("TWITCHD_BOOT_ID");
        int r = sd_id128_get_boot(ret);

        return r < 0 && told ? sd_id128_from_string(told, ret) : r;
}
