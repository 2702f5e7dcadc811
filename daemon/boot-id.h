/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which start of the machine this is. */
#pragma once

#include <systemd/sd-id128.h>

/*
 * The kernel's boot id, or what the unit says it is (TWITCHD_BOOT_ID): with ProcSubset=pid the kernel cannot be
 * asked. A negative errno if neither tells.
 */
int boot_id_get(sd_id128_t *ret);
