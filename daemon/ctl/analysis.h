/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The detector over a recording. Channels of one rate and filter share a detector; channels it
 * cannot take are left out, each with the reason in words.
 */
#pragma once

#include "findings.h"
#include "minutes.h"
#include "progress.h"
#include "source/file.h"

typedef struct AnalysisChannel {
        const FileChannel *file;
        char *left_out;                 /* why; NULL: analysed */
        bool taken;                     /* is in a group already */
        bool sinc3;                     /* the droop of such a converter is corrected */
        DetectChannelStats stats;       /* if analysed */
} AnalysisChannel;

typedef struct Analysis {
        FileSource *file;
        unsigned n_channels, n_left_out;
        AnalysisChannel *channels;
        double false_alarms_per_hour;
        double duration_s;              /* of the longest channel */
        Findings findings;              /* sorted */
        Minutes minutes;                /* sorted */
        Progress progress;
        uint64_t samples_done, samples_total;
        int error;                      /* from within the detector's callbacks */
} Analysis;

typedef enum Sinc3Choice {
        SINC3_IF_TOLD,                  /* by the header of the file */
        SINC3_NO,
        SINC3_YES,
} Sinc3Choice;

/* Takes the file. Then see n_left_out. */
int analysis_new(FileSource *file, double false_alarms_per_hour, Sinc3Choice sinc3, Analysis **ret);
int analysis_run(Analysis *a);
Analysis* analysis_free(Analysis *a);
DEFINE_TRIVIAL_CLEANUP_FUNC(Analysis*, analysis_free);

/* "channels 0-3, 7 (200 samples/s, ...), channel 5 (...)": to be freed by the caller; NULL without memory. */
char* analysis_describe_left_out(const Analysis *a);
