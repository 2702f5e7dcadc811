/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "sql.h"

static const struct {
        int rc, error;
} errors[] = {
        { SQLITE_OK, 0 },            { SQLITE_ROW, 0 },          { SQLITE_DONE, 0 },
        { SQLITE_FULL, ENOSPC },     { SQLITE_CORRUPT, EUCLEAN }, { SQLITE_NOTADB, EUCLEAN },
        { SQLITE_READONLY, EROFS },  { SQLITE_CANTOPEN, EROFS }, { SQLITE_PERM, EACCES },
        { SQLITE_AUTH, EACCES },     { SQLITE_NOMEM, ENOMEM },   { SQLITE_BUSY, EBUSY },
        { SQLITE_LOCKED, EBUSY },    { SQLITE_CONSTRAINT, EEXIST }, { SQLITE_INTERRUPT, EINTR },
};

int sql_errno(int rc) {
        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (errors[i].rc == (rc & 0xff))
                        return -errors[i].error;
        return -EIO;
}

int sql_new(sqlite3 *db, Sql **ret) {
        assert(db);
        assert(ret);

        Sql *s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->db = db;
        *ret = s;
        return 0;
}

Sql* sql_free(Sql *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_kept; i++)
                sqlite3_finalize(s->kept[i].statement);
        sqlite3_close(s->db);
        free(s);
        return NULL;
}

int sql_exec(Sql *s, const char *text) {
        return sql_errno(sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

static int find_statement(Sql *s, const char *text, sqlite3_stmt **ret) {
        for (size_t i = 0; i < s->n_kept; i++)
                if (s->kept[i].text == text) {
                        *ret = s->kept[i].statement;
                        return 0;
                }
        assert(s->n_kept < SQL_KEPT_MAX);

        int r = sql_errno(sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL));
        if (r < 0)
                return r;
        s->kept[s->n_kept].text = text;
        s->kept[s->n_kept++].statement = *ret;
        return 0;
}

int sql_bind(sqlite3_stmt *statement, const char *types, va_list ap) {
        int rc = SQLITE_OK;

        for (int i = 1; types[i - 1] && rc == SQLITE_OK; i++)
                switch (types[i - 1]) {
                case 'i':
                        rc = sqlite3_bind_int64(statement, i, va_arg(ap, int64_t));
                        break;
                case 'd':
                        rc = sqlite3_bind_double(statement, i, va_arg(ap, double));
                        break;
                case 's': {
                        const char *text = va_arg(ap, const char*);

                        rc = text ? sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT) :
                                    sqlite3_bind_null(statement, i);
                        break;
                }
                case 'b': {
                        const void *data = va_arg(ap, const void*);
                        size_t size = va_arg(ap, size_t);

                        rc = sqlite3_bind_blob64(statement, i, data, size, SQLITE_TRANSIENT);
                        break;
                }
                case 'n':
                        rc = sqlite3_bind_null(statement, i);
                        break;
                default:
                        assert(false);
                }
        return sql_errno(rc);
}

static int query(Sql *s, sqlite3_stmt **ret, const char *text, const char *types, va_list ap) {
        sqlite3_stmt *statement = NULL;

        int r = find_statement(s, text, &statement);
        if (r < 0)
                return r;
        assert(!sqlite3_stmt_busy(statement));
        r = sql_bind(statement, types, ap);
        if (r < 0)
                return r;
        *ret = statement;
        return 0;
}

int sql_query(Sql *s, sqlite3_stmt **ret, const char *text, const char *types, ...) {
        va_list ap;

        va_start(ap, types);
        int r = query(s, ret, text, types, ap);
        va_end(ap);
        return r;
}

int sql_next(sqlite3_stmt *statement) {
        int rc = sqlite3_step(statement);

        if (rc == SQLITE_ROW)
                return 1;
        /* of the values, say a sum that is too large: another try would fail as well */
        return rc == SQLITE_ERROR || rc == SQLITE_TOOBIG || rc == SQLITE_MISMATCH ? -ERANGE : sql_errno(rc);
}

void sql_done(sqlite3_stmt **statement) {
        if (!*statement)
                return;
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
        *statement = NULL;
}

int sql_run(Sql *s, const char *text, const char *types, ...) {
        _cleanup_sql_ sqlite3_stmt *statement = NULL;
        va_list ap;

        va_start(ap, types);
        int r = query(s, &statement, text, types, ap);
        va_end(ap);
        while (r >= 0 && (r = sql_next(statement)) > 0)
                ;
        return r;
}

int sql_int(Sql *s, int64_t *ret, const char *text, const char *types, ...) {
        _cleanup_sql_ sqlite3_stmt *statement = NULL;
        va_list ap;

        va_start(ap, types);
        int r = query(s, &statement, text, types, ap);
        va_end(ap);
        if (r >= 0)
                r = sql_next(statement);
        if (r < 0)
                return r;
        if (r == 0 || sqlite3_column_type(statement, 0) == SQLITE_NULL)
                return -ENOENT;
        *ret = sqlite3_column_int64(statement, 0);
        return 0;
}

const char* sql_text(sqlite3_stmt *statement, int column) {
        const unsigned char *text = sqlite3_column_text(statement, column);

        return text ? (const char*) text : "";
}
