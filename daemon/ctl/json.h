/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON to a stream, one value a line, built as it is named and written by jansson (Debian 12 and 13 have 2.14: small,
 * without dependencies, keeps the order of keys, refuses what is not JSON).
 *
 * Correct whatever the input: bytes that are no UTF-8 become U+FFFD, numbers that JSON does not have (NaN, infinity)
 * become null, and the decimal point is a point in every locale. A key is NULL inside an
 * array and at the top. Errors are those of the stream: see ferror().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 8u

typedef struct Json {
        FILE *f;
        struct json_t *open[JSON_DEPTH_MAX];   /* the first owns the others */
        unsigned depth;
        bool failed;                    /* no memory: the line says so */
} Json;

void json_begin(Json *j, const char *key);              /* an object, to json_end() */
void json_begin_array(Json *j, const char *key);        /* likewise */
void json_end(Json *j);

void json_put_string(Json *j, const char *key, const char *value);
void json_put_unsigned(Json *j, const char *key, uint64_t value);
void json_put_signed(Json *j, const char *key, int64_t value);
void json_put_double(Json *j, const char *key, double value, unsigned decimals);
void json_put_bool(Json *j, const char *key, bool value);

/* "lags_ms", an array */
void json_lags(Json *j, const double *lags_ms, size_t n);

/* Writes the value at the top, and ends the line. */
void json_line(Json *j);
