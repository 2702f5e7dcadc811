/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Length of the character at s, of which n bytes may be looked at; 0 if it is none. */
unsigned utf8_length(const char *s, size_t n);
bool utf8_is_valid(const char *s, size_t n);
