/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The detector over a recording. Channels of one rate and filter share a detector; channels it
 * cannot take are left out, each with the reason in words.
 */
#pragma once

#include <signal.h>

#include "findings.h"
#include "minutes.h"
#include "progress.h"
#include "source/file.h"

typedef struct AnalysisChannel {
        const FileChannel *file;
        char *left_out; /* why; NULL: analysed */
        bool unwanted; /* left out because nobody asked for it */
        bool taken; /* is in a group already */
        bool sinc3; /* the droop of such a converter is corrected */
        DetectChannelStats stats; /* if analysed */
        unsigned kinds[_EVENT_KIND_MAX]; /* events that are strongest here */
} AnalysisChannel;

typedef enum Sinc3Choice {
        SINC3_IF_TOLD, /* by the header of the file */
        SINC3_NO,
        SINC3_YES,
} Sinc3Choice;

typedef struct AnalysisOptions {
        double false_alarms_per_hour;
        Sinc3Choice sinc3;
        const char *channels; /* see pick.h; NULL: all */
        double from_s, to_s; /* of the file; to_s INFINITY: its end */
        bool as_live; /* as the service finds it while it comes: the first seconds are needed to learn */
        const volatile sig_atomic_t *stop; /* set when it shall end early; NULL: never */

        /* In the order of time, as far as that is known: what lasts for longer than a minute may come late.
         */
        void (*on_finding)(const Finding *finding, void *userdata);

        /* Whether a finding is needed after it was told, as a long recording may have millions; NULL: all
         * are. */
        bool (*keep)(const Finding *finding, void *userdata);
        void *userdata;
} AnalysisOptions;

typedef struct Analysis {
        FileSource *file;
        AnalysisOptions options;
        unsigned n_channels, n_left_out, n_unwanted;
        AnalysisChannel *channels;
        unsigned n_groups; /* of channels that go through a detector together */
        double duration_s; /* of the longest channel */
        double reached_s; /* less if it ended early */
        double released_s; /* reached when findings were told last */
        bool stopped; /* early */
        Findings findings; /* those that were not forgotten */
        Minutes minutes; /* sorted */
        Progress progress;
        uint64_t samples_done, samples_total;
        int error; /* from within the detector's callbacks */
} Analysis;

/* Takes the file. Then see n_left_out. */
int analysis_new(FileSource *file, const AnalysisOptions *options, Analysis **ret);
int analysis_run(Analysis *a);
Analysis *analysis_free(Analysis *a);
DEFINE_TRIVIAL_CLEANUP_FUNC(Analysis *, analysis_free);

/* "ch 1-4, 8 (100 samples/s, ...), ch 6 (...)": to be freed by the caller; NULL without memory. */
char *analysis_describe_left_out(const Analysis *a);
