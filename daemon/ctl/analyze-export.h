/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was found, given back in the formats of others. By the name of the file:
 *
 *   .csv, .tsv        a line an event
 *   _events.tsv       the events of a BIDS data set, see analyze-bids.h
 *   .edf, .bdf        a copy of the recording, samples untouched, in which every event is an annotation
 */
#pragma once

#include "analyze-output.h"

/* -EINVAL: none of these names, or that of the recording. Ask before the work; analyze_export() relies on
 * it. */
int analyze_export_check(const char *recording, const char *path, char **ret_error);

/* Writes a file of another name first, so there is a whole one or none. */
int analyze_export(const AnalyzeOutput *o, const char *path, char **ret_error);
