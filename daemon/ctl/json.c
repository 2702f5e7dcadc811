/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

/* More digits than that of a number that has been rounded would show what rounding cannot do in binary. */
#define FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* jansson refuses what is not UTF-8. */
static json_t* string_of(const char *value) {
        size_t n = strlen(value);

        if (utf8_is_valid(value, n))
                return json_stringn(value, n);
        char *text = malloc(3 * n), *to = text;
        if (!text)
                return NULL;
        for (const char *s = value, *end = value + n; s < end;) {
                unsigned k = utf8_length(s, (size_t) (end - s));

                to = mempcpy(to, k ? s : "\xef\xbf\xbd", k ? k : 3);
                s += k ? k : 1;
        }
        json_t *v = json_stringn(text, (size_t) (to - text));
        free(text);
        return v;
}

/* Takes the value. One at the top waits for json_line(). */
static void put(Json *j, const char *key, json_t *value) {
        json_t *in = j->depth > 0 ? j->open[j->depth - 1] : NULL;

        if (!value)
                j->failed = true;
        else if (!in)
                j->open[0] = value;
        else if ((key ? json_object_set_new(in, key, value) : json_array_append_new(in, value)) < 0)
                j->failed = true;
}

static void begin(Json *j, const char *key, json_t *value) {
        assert(j->depth < JSON_DEPTH_MAX);
        put(j, key, value);
        j->open[j->depth++] = value;
}

void json_begin(Json *j, const char *key) {
        begin(j, key, json_object());
}

void json_end(Json *j) {
        assert(j->depth > 0);
        j->depth--;
}

void json_begin_array(Json *j, const char *key) {
        begin(j, key, json_array());
}

void json_put_string(Json *j, const char *key, const char *value) {
        put(j, key, string_of(value));
}

void json_put_unsigned(Json *j, const char *key, uint64_t value) {
        put(j, key, value <= INT64_MAX ? json_integer((json_int_t) value) : json_real((double) value));
}

void json_put_signed(Json *j, const char *key, int64_t value) {
        put(j, key, json_integer(value));
}

void json_put_double(Json *j, const char *key, double value, unsigned decimals) {
        double unit = pow(10, decimals), rounded = round(value * unit) / unit;

        if (!isfinite(value))
                put(j, key, json_null());
        else
                put(j, key, json_real(isfinite(rounded) ? rounded : value));
}

void json_put_bool(Json *j, const char *key, bool value) {
        put(j, key, json_boolean(value));
}

void json_lags(Json *j, const double *lags_ms, size_t n) {
        json_begin_array(j, "lags_ms");
        for (size_t i = 0; i < n; i++)
                json_put_double(j, NULL, lags_ms[i], 2);
        json_end(j);
}

void json_line(Json *j) {
        assert(j->depth == 0);
        if (j->failed || json_dumpf(j->open[0], j->f, FLAGS) < 0)
                fputs("{\"type\":\"error\",\"text\":\"out of memory\"}", j->f);
        putc('\n', j->f);
        json_decref(j->open[0]);
        j->open[0] = NULL;
        j->failed = false;
}
