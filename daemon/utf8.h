/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Length of the character at s, of which n bytes may be looked at; 0 if it is none. */
unsigned utf8_length(const char *s, size_t n);
bool utf8_is_valid(const char *s, size_t n);
/* Whether the character of n bytes at s, which is one, may go anywhere: see utf8_clean(). */
bool utf8_is_fit(const char *s, unsigned n);

/*
 * Copies the n bytes at s as text that may go anywhere: onto the bus (where one byte that is not UTF-8 makes
 * a whole reply fail), into a line of the journal or of sd_notify() (which a newline would end), onto a
 * terminal. What is not UTF-8, controls (C0, DEL, C1), separators of lines and paragraphs and marks that
 * turn the direction of writing become U+FFFD, one for each run of them. Space at both ends is left out.
 * What does not fit into size is cut between two characters. Ends at a NUL, too. Returns the length.
 */
size_t utf8_clean(char *ret, size_t size, const char *s, size_t n);
