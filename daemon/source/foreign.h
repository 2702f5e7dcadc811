/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of other formats, known by their first bytes. */
#pragma once

#include <stddef.h>

/* What it is and how to make of it something that can be read, in one line; NULL: not known. */
const char* foreign_format(const char *bytes, size_t n);
