/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was written into a recording while it was made: the annotations of EDF+ and BDF+ (specification 2.2).
 */
#pragma once

#include "layout.h"

typedef struct Annotation {
        double time_s; /* from the start of the first data record */
        double duration_s; /* NAN: not given */
        char *text; /* UTF-8, printable */
} Annotation;

typedef struct Annotations { /* in the order of time */
        Annotation *items;
        size_t n;
} Annotations;

/* At most ANNOTATIONS_MAX; what cannot be read is left out. 0 or a negative errno of memory or reading. */
#define ANNOTATIONS_MAX 100000u
int edf_annotations_read(int fd, const Layout *l, Annotations *ret);
void annotations_done(Annotations *a);
