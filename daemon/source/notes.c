/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notes.h"

char* line_from(const char *format, va_list ap) {
        char *line;

        return vasprintf(&line, format, ap) < 0 ? NULL : line;
}

int notes_add(Notes *n, const char *format, ...) {
        char **lines = reallocarray(n->lines, n->n + 1, sizeof *lines);
        va_list ap;

        if (!lines)
                return -ENOMEM;
        n->lines = lines;
        va_start(ap, format);
        n->lines[n->n] = line_from(format, ap);
        va_end(ap);
        if (!n->lines[n->n])
                return -ENOMEM;
        n->n++;
        return 0;
}

void notes_done(Notes *n) {
        for (size_t i = 0; i < n->n; i++)
                free(n->lines[i]);
        free(n->lines);
        *n = (Notes) {};
}
