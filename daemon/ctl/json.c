/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

static void put_string(FILE *f, const char *value) {
        putc('"', f);
        for (const char *s = value, *end = value + strlen(value); s < end;) {
                unsigned n = utf8_length(s, (size_t) (end - s));

                if (n == 0) {
                        fputs("\xef\xbf\xbd", f);
                        n = 1;
                } else if (*s == '"' || *s == '\\')
                        fprintf(f, "\\%c", *s);
                else if ((unsigned char) *s < 0x20 || *s == 0x7f)
                        fprintf(f, "\\u%04x", (unsigned) *s);
                else
                        fwrite(s, 1, n, f);
                s += n;
        }
        putc('"', f);
}

static void begin(Json *j, const char *key) {
        if (j->comma)
                putc(',', j->f);
        if (key) {
                put_string(j->f, key);
                putc(':', j->f);
        }
        j->comma = true;
}

void json_object(Json *j, const char *key) {
        begin(j, key);
        putc('{', j->f);
        j->comma = false;
}

void json_object_end(Json *j) {
        putc('}', j->f);
        j->comma = true;
}

void json_array(Json *j, const char *key) {
        begin(j, key);
        putc('[', j->f);
        j->comma = false;
}

void json_array_end(Json *j) {
        putc(']', j->f);
        j->comma = true;
}

void json_string(Json *j, const char *key, const char *value) {
        begin(j, key);
        put_string(j->f, value);
}

void json_unsigned(Json *j, const char *key, uint64_t value) {
        begin(j, key);
        fprintf(j->f, "%" PRIu64, value);
}

void json_double(Json *j, const char *key, double value, unsigned decimals) {
        char text[400];         /* DBL_MAX has 309 digits */
        const char *point = localeconv()->decimal_point;

        begin(j, key);
        if (!isfinite(value)) {
                fputs("null", j->f);
                return;
        }
        snprintf(text, sizeof text, "%.*f", (int) (decimals < 17 ? decimals : 17), value);
        char *p = strstr(text, point);
        if (p)
                fprintf(j->f, "%.*s.%s", (int) (p - text), text, p + strlen(point));
        else
                fputs(text, j->f);
}

void json_bool(Json *j, const char *key, bool value) {
        begin(j, key);
        fputs(value ? "true" : "false", j->f);
}

void json_lags(Json *j, const double *lags_ms, size_t n) {
        json_array(j, "lags_ms");
        for (size_t i = 0; i < n; i++)
                json_double(j, NULL, lags_ms[i], 2);
        json_array_end(j);
}

void json_line(Json *j) {
        putc('\n', j->f);
        j->comma = false;
}
