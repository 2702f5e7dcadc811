/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of a recording in which every event is an annotation: EDF+ of EDF, BDF+ of BDF and of text. */
#pragma once

#include "analyze-output.h"

/*
 * The samples are those of the file, bit by bit; those of a text are rounded to 24 bits, and what is left over of
 * a tenth of a second in front of a gap is left out. Signals of which nothing can be said get limits that say nothing.
 */
int analyze_copy(const AnalyzeOutput *o, int fd);
