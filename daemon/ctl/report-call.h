/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitch-report, which draws, called with options in place of this program. */
#pragma once

#define REPORT_CALL_MAX 16

/* --name=value, or --name for an empty value; nothing for NULL. Begin with args all NULL. */
void report_call_add(char *args[], const char *name, const char *value);

/* Returns only if that failed, after saying so and freeing what was added. */
int report_call(char *args[]);
