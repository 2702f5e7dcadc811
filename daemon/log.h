/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: lines on standard error, with the <N> priority that the journal reads when it goes there. Of one
 * message (one place in the code) no more than LOG_BURST come in LOG_INTERVAL; how many were left out is
 * said with the next.
 */
#pragma once

#include <syslog.h>

#include "util.h"

#define LOG_BURST 20u
#define LOG_INTERVAL_USEC (30 * USEC_PER_SEC)

_printf_(2, 3) void log_full(int priority, const char *format, ...);
/* error: a positive or negative errno, for %m. Returns it negative. */
_printf_(3, 4) int log_full_errno(int priority, int error, const char *format, ...);

#define log_error(...) log_full(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_full(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_full(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_full(LOG_DEBUG, __VA_ARGS__)
#define log_error_errno(error, ...) log_full_errno(LOG_ERR, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_full_errno(LOG_WARNING, error, __VA_ARGS__)

/*
 * One that people get advice on, and programs look for, by its id (TWITCHD_MESSAGE_*): what to do then is in
 * systemd/twitchd.catalog, and `journalctl -x` shows it. device may be NULL.
 */
_printf_(4, 5) void log_message(int priority, const char *message_id, const char *device,
                                const char *format, ...);
_printf_(5, 6) int log_message_errno(int priority, const char *message_id, const char *device, int error,
                                     const char *format, ...);

/* Less important ones are not written. LOG_INFO at first. */
void log_set_level(int priority);
int log_level(void);

/* "warning"; -EINVAL if it is none */
const char* log_level_to_string(int priority);
int log_level_from_string(const char *s);

/*
 * libiio says what goes wrong to stdio's stderr, with no way to stop it; what there is to say of it, we say.
 * From here on what it writes is for LOG_DEBUG.
 */
void log_take_over_stderr(void);
