/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with the header of an EDF or BDF file, in words for a person.
 *
 * EDFlib answers nearly every fault with the same code, and adds up sizes in
 * int before it compares them with the file. So the header is looked at here
 * before EDFlib sees it.
 */
#pragma once

#include <stdint.h>

/*
 * 0: nothing found. -EBADMSG: damaged or foreign, -EOPNOTSUPP: legal and not understood;
 * then *ret_error says what it is in one line, to be freed by the caller. Other negative
 * errno values come from reading.
 */
int edf_header_check(int fd, uint64_t file_size, char **ret_error);
