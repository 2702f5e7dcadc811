/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture of a recording (SVG, PNG, or PDF with a page a channel): for each channel the signal with what was
 * found in it, twitches a minute with the minutes that are no rest, and the mean waveform of each unit. Sober:
 * black, grey and one line of text.
 */
#pragma once

#include "analyze-output.h"

/* -EINVAL: the name says no form that is drawn. Ask before the work. */
int analyze_plot_check(const char *path, char **ret_error);

/* With an empty *ret_error, twitch-report, which makes PNG and PDF, has said what went wrong. */
int analyze_plot(const AnalyzeOutput *o, const char *path, char **ret_error);
