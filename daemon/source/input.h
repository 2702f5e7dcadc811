/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file to read at any place, whatever was named. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * An open file descriptor of an ordinary file; errors as those of file_source_open(). "-" is standard input.
 */
int input_open(const char *path, uint64_t *ret_size, char **ret_error);

/* One without a name, in $TMPDIR or /var/tmp, open for reading and writing */
int temporary_file(void);

int write_exactly(int fd, const void *bytes, size_t n);
