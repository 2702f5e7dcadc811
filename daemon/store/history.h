/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of the history: opened, created, brought to the newest schema, moved aside when damaged.
 * What is in it: README.md of this folder.
 */
#pragma once

#include "sql.h"

#define HISTORY_FILE "history.sqlite"
#define HISTORY_VERSION 2                       /* PRAGMA user_version */

/*
 * To write: creates the file if there is none, migrates an older one. -EUCLEAN: damaged; -EPROTONOSUPPORT: of
 * a newer version than this program knows; else as sql_errno(). WAL, synchronous=FULL, secure_delete.
 */
int history_open(const char *path, Sql **ret);

/* To read, without changing anything; also a snapshot or an export. -ENOENT: no such file; else as above. */
int history_open_readonly(const char *path, sqlite3 **ret);

/*
 * Of a database of somebody else: that it defines exactly what a history of its version does, no view in place of a
 * table and no trigger of its own, which would run as ours. -EUCLEAN: it does not.
 */
int history_check_schema(Sql *s);

/* From whatever version it has to `version`, each step in a transaction of its own. For history_open() and tests. */
int history_migrate(Sql *s, unsigned version);

/* Renames the file and its journals to PATH.damaged-<UTC>; never deletes. ret: the new name. */
int history_move_aside(const char *path, char **ret);

/* The functions the roll-ups need in SQL: size_db(nanovolts). */
int history_add_functions(sqlite3 *db);
