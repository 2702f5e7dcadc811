/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON to a stream, written as it is named, without keeping a tree.
 *
 * Correct whatever the input: strings are escaped and bytes that are no UTF-8
 * become U+FFFD, numbers that JSON does not have (NaN, infinity) become null,
 * and the decimal point is a point in every locale. A key is NULL inside an
 * array and at the top. Errors are those of the stream: see ferror().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct Json {
        FILE *f;
        bool comma;             /* the next value needs one before it */
} Json;

void json_object(Json *j, const char *key);
void json_object_end(Json *j);
void json_array(Json *j, const char *key);
void json_array_end(Json *j);

void json_string(Json *j, const char *key, const char *value);
void json_unsigned(Json *j, const char *key, uint64_t value);
void json_double(Json *j, const char *key, double value, unsigned decimals);
void json_bool(Json *j, const char *key, bool value);

/* Ends the line after a value at the top: one value a line. */
/* "lags_ms", an array */
void json_lags(Json *j, const double *lags_ms, size_t n);
void json_line(Json *j);
