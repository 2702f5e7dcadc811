/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events of a recording as files of a BIDS data set (EMG-BIDS, Brain Imaging Data Structure 1.11):
 *
 *   sub-1_task-rest_events.tsv, _events.json      what was found, and what the columns are
 *   sub-1_task-rest_channels.tsv, _emg.json       of the recording, with all that is required
 *
 * The last two may have been written by hand, with the muscles and where the electrodes were: those that are
 * there stay as they are. What the recording does not say is "n/a" in them.
 */
#pragma once

#include "analyze-output.h"

/* path ends with "_events.tsv"; says on standard error which files were there. */
int analyze_bids(const AnalyzeOutput *o, const char *path);
