/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Complaints repeat what was typed, and names of files. None of that may drive the terminal. */
#pragma once

/*
 * From now on, in what is written to stdio's stderr, '?' stands for each character that could drive a
 * terminal (text_write() has them; a newline may stay). Who means to drive it writes to STDERR_FILENO.
 */
void make_stderr_harmless(void);
