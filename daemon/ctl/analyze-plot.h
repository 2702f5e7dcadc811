/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture of a recording (SVG): for each channel the signal with what was found in it, twitches a minute with the
 * minutes that are no rest, and the mean waveform of each unit. Sober: black, grey and one line of text.
 */
#pragma once

#include "analyze-output.h"

/* -EINVAL: the name does not end with .svg. */
int analyze_plot(const AnalyzeOutput *o, const char *path, char **ret_error);
