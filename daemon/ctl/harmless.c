/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "harmless.h"
#include "text.h"

/* Longer lines are written in parts, and a character at the border is not known for one. */
#define LINE_BYTES 4096

static ssize_t on_written(void *cookie, const char *data, size_t size) {
        (void) text_write(cookie, data, size, "\n");
        return (ssize_t) size;
}

void make_stderr_harmless(void) {
        static char buffer[LINE_BYTES];
        FILE *f = fopencookie(stderr, "w", (cookie_io_functions_t) { .write = on_written });

        if (!f)
                return;
        (void) setvbuf(f, buffer, _IOLBF, sizeof buffer);
        stderr = f;
}
