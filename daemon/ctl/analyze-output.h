/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What analyze says of a recording: JSON for programs (analyze.schema.json), text for people. */
#pragma once

#include "analysis.h"

typedef struct AnalyzeOutput {
        const Analysis *a;
        const char *path;
        const char *export_path; /* NULL: nothing is exported */
        bool minutes; /* list them */
        bool titled; /* the titles of the list of findings have been printed */
        Annotations annotations;
} AnalyzeOutput;

/* A rate is said from so much rest on: below it the interval is wider than anything that could be learned
 * from it. */
#define ANALYZE_REST_MIN_S 120.0

typedef struct AnalyzeRate {
        double per_min, low_per_min,
                high_per_min; /* NAN below ANALYZE_REST_MIN_S; exact 95 % interval of Poisson counts */
} AnalyzeRate;

AnalyzeRate analyze_rate(const AnalysisChannel *c);
void analyze_excluded(const Analysis *a, unsigned channel, double ret_s[static _EXCLUSION_MAX]);

/* Whether `discharges` is a count: of what repeats one potential, and was seen to. */
bool analyze_counts_discharges(const Finding *f);

/* Events within that time of an annotation are near it. */
#define ANALYZE_NEAR_S 2.0

void analyze_json_begin(const AnalyzeOutput *o);
void analyze_json_finding(const AnalyzeOutput *o, const Finding *f);
void analyze_json_end(const AnalyzeOutput *o);

void analyze_text_begin(const AnalyzeOutput *o);
void analyze_text_finding(AnalyzeOutput *o, const Finding *f);
int analyze_text_end(const AnalyzeOutput *o);
