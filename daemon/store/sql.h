/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SQLite in the words of this project: negative errno up, prepared statements kept.
 *
 * Each statement is prepared once for each Sql and found again by the address of its text, which must
 * therefore be a string constant. One Sql serves one thread.
 */
#pragma once

#include <sqlite3.h>
#include <stdarg.h>

#include "../util.h"

#define SQL_KEPT_MAX 192u

typedef struct Sql {
        sqlite3 *db;
        size_t n_kept;
        struct {
                const char *text;
                sqlite3_stmt *statement;
        } kept[SQL_KEPT_MAX];
} Sql;

/* Takes over db. */
int sql_new(sqlite3 *db, Sql **ret);
Sql* sql_free(Sql *s);                          /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Sql*, sql_free);

/*
 * Of a result code of SQLite: -ENOSPC: the disk is full; -EROFS: it cannot be written; -EUCLEAN: the file is
 * damaged or no database; -EEXIST: a constraint; else what fits.
 */
int sql_errno(int rc);

/* Statements without parameters or results. */
int sql_exec(Sql *s, const char *text);

/*
 * types, one character a parameter: 'i' int64_t; 'd' double; 's' const char*, NULL for none; 'n' none at all;
 * 'b' const void* and then size_t.
 */
int sql_run(Sql *s, const char *text, const char *types, ...);

/* The same for a query: *ret stands before its first row. sql_done() when read. */
int sql_query(Sql *s, sqlite3_stmt **ret, const char *text, const char *types, ...);
/* 1: there is a row, 0: no more, or a negative errno. */
int sql_next(sqlite3_stmt *statement);
void sql_done(sqlite3_stmt **statement);
#define _cleanup_sql_ _cleanup_(sql_done)

/* The one integer of a query's first row; -ENOENT: no row, or NULL. */
int sql_int(Sql *s, int64_t *ret, const char *text, const char *types, ...);

/* The parameters of a statement, for who prepares it. */
int sql_bind(sqlite3_stmt *statement, const char *types, va_list ap);

/* Text of a column: empty for NULL. */
const char* sql_text(sqlite3_stmt *statement, int column);
