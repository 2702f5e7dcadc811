/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk that loses power, for SQLite: a VFS over the usual one that notes, in memory which outlives the process, what each
 * write overwrote, until the file is flushed. cut_power() then takes back whichever of the writes that were not flushed
 * chance wants, in halves too: an honest disk may have done any of them, in any order.
 */
#pragma once

#include <stdint.h>

typedef struct CutLog CutLog;

/* Before fork(). -ENOMEM. */
int cut_log_new(CutLog **ret);
/* In the process that writes: becomes SQLite's default. */
int cut_vfs_register(CutLog *l);
/* After that process has gone. Returns how many writes were taken back. path: of the database. */
unsigned cut_power(CutLog *l, const char *path);
