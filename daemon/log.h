/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines on standard error; with the <N> priority that the journal reads when it goes there. */
#pragma once

#include <syslog.h>

#include "util.h"

_printf_(2, 3) void log_full(int priority, const char *format, ...);
/* error: a positive or negative errno, for %m. Returns it negative. */
_printf_(3, 4) int log_full_errno(int priority, int error, const char *format, ...);

#define log_error(...) log_full(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_full(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_full(LOG_INFO, __VA_ARGS__)
#define log_error_errno(error, ...) log_full_errno(LOG_ERR, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_full_errno(LOG_WARNING, error, __VA_ARGS__)
