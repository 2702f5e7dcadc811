/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are there whole or not at all, and the fields of tables in them. */
#pragma once

#include "analyze-output.h"

typedef int (*AnalyzeWriter)(const AnalyzeOutput *o, FILE *f);

/* Into a file of another name first, which then takes the place of the old one. */
int analyze_write_file(const AnalyzeOutput *o, const char *path, AnalyzeWriter write);

/* What would end a field becomes a space; in a CSV it is quoted if need be; an empty one is "n/a" in a TSV.
 */
void analyze_put_field(FILE *f, const char *text, char separator);
