/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the report, the same on paper, in HTML and in a mail: lines by section, and the table of the
 * sites. */
#pragma once

#include "answers/lines.h"
#include "answers/profile.h"

typedef struct ReportOptions {
        bool page_2, serial;
} ReportOptions;

void blocks_head(const Past *p, const Profile *f, const ReportOptions *o, Lines *ret);
void blocks_sufficiency(const Profile *f, Lines *ret);
void blocks_hours(const Profile *f, Lines *ret);
void blocks_goes(const Past *p, const Profile *f, Lines *ret);
void blocks_experiments(const Past *p, Lines *ret);
void blocks_how(const Past *p, Lines *ret);

/* Cells of the table by site: a row of titles, then one for each site. */
#define BLOCKS_COLUMNS 8u
#define BLOCKS_CELL 48u
void blocks_site_titles(char ret[BLOCKS_COLUMNS][BLOCKS_CELL]);
void blocks_site_row(const Profile *f, const ProfileSite *s, char ret[BLOCKS_COLUMNS][BLOCKS_CELL]);

/* "Most twitches a minute: ...", or empty. */
void blocks_most(const Profile *f, Lines *ret);

/* Diary entries of the period for the line under the days. */
bool blocks_entry_counts(const Profile *f, const PastEntry *e);
