/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A history read into memory, as the answers need it: sessions with what was measured at each site, the
 * diary with when each entry was known, questions, bets, experiments. From roll-ups; single events only
 * where asked for.
 *
 * Times are microseconds of UTC. What is read is a copy or an export: nothing here writes.
 */
#pragma once

#include "stats/sizes.h"
#include "store/sql.h"
#include "util.h"

#define PAST_WORD 64u
#define PAST_PARTS_MAX 16u

typedef struct PastSite {
        char name[PAST_WORD];           /* "left-calf"; "channel 3" where nobody said */
        bool said;
} PastSite;

/* A channel of a session; rest minutes only, unless it says otherwise. */
typedef struct PastPart {
        unsigned site, channel;         /* channel from 1 */
        double rest_min;                /* exposure */
        double length_min;              /* of all minutes */
        double twitches;
        double floor_uv;                /* mean; NAN: not known */
        uint32_t sizes[SIZES_STEPS];    /* of twitches, by size */
        double several;                 /* of these: doublets and multiplets */
        double runs;                    /* events in a regular rhythm */
} PastPart;

typedef struct PastSession {
        int64_t id, start_usec, end_usec;       /* end 0: going on */
        int64_t utc_offset_s;
        char uuid[PAST_WORD], template[PAST_WORD], posture[PAST_WORD];
        bool confirmed, excluded;
        size_t n_parts;
        PastPart parts[PAST_PARTS_MAX];
} PastSession;

/* A later part of a session that was interrupted: the numbers of the session are those of all its parts. */
typedef struct PastAlias {
        char uuid[PAST_WORD];
        size_t session;
} PastAlias;

typedef struct PastHour {
        size_t session;
        unsigned part;
        int64_t local_hours;            /* since 1970, local time */
        double rest_min, twitches;
} PastHour;

/* Time that is no exposure. */
typedef struct PastCause {
        size_t session;
        unsigned part;
        char cause[PAST_WORD];
        double excluded_min;
} PastCause;

typedef struct PastKind {
        char name[PAST_WORD], unit[PAST_WORD];
        int64_t window_usec;
        bool relief;
} PastKind;

/* A row of the diary, and the time in which it stood. */
typedef struct PastEntry {
        unsigned kind;
        int64_t time_usec;
        int64_t logged_usec, gone_usec; /* written; replaced or removed (INT64_MAX: it stands) */
        double amount;                  /* NAN: none */
} PastEntry;

typedef struct PastFelt {
        int64_t time_usec;
        char site[PAST_WORD];           /* empty: not said */
} PastFelt;

typedef struct PastQuestion {
        unsigned kind;
        bool asked;
        int64_t made_usec;
} PastQuestion;

typedef struct PastBet {
        unsigned kind;
        char exposed[PAST_WORD], other[PAST_WORD];      /* uuids of sessions */
        double log_ratio, log_wealth;
} PastBet;

typedef struct PastAct {
        unsigned block;                 /* from 1 */
        char act[PAST_WORD], arm[PAST_WORD], session[PAST_WORD];
        int64_t made_usec;
} PastAct;

typedef struct PastTrial {
        int64_t id, made_usec, washout_usec;
        char kind[PAST_WORD], seal[80], coins[512];
        unsigned blocks;
        unsigned looked_blocks;         /* at the last look */
        size_t n_acts;
        PastAct *acts;
} PastTrial;

typedef struct Past {
        Sql *sql;                       /* with a table temp.sitting: id of a row of session, session it is part of */
        char version[PAST_WORD];        /* of the service that wrote last */
        size_t n_sites, n_sessions, n_hours, n_causes, n_kinds, n_entries, n_felts, n_questions;
        size_t n_bets, n_trials, n_aliases;
        PastSite *sites;
        PastSession *sessions;          /* by start */
        PastAlias *aliases;
        PastHour *hours;
        PastCause *causes;
        PastKind *kinds;
        PastEntry *entries;             /* by time */
        PastFelt *felts;
        PastQuestion *questions;        /* as they were made */
        PastBet *bets;
        PastTrial *trials;
} Past;

/* Takes over db, also when it fails. 0, or a negative errno as sql_errno(). */
int past_read(sqlite3 *db, Past **ret);
Past* past_free(Past *p);               /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Past*, past_free);

/* -1: none */
int past_find_kind(const Past *p, const char *name);
int past_find_site(const Past *p, const char *name);
int past_find_session(const Past *p, const char *uuid);

/* Counts for the answers: over, kept by the person, and with rest at a site. */
bool past_session_counts(const PastSession *s);
double past_session_rest_min(const PastSession *s);

/* Local time of its start, in days since 1970. */
double past_local_days(int64_t usec, int64_t utc_offset_s);

/*
 * Times of the twitches of a session in seconds after its start, of all sites or of one (-1: all), rising.
 * The caller frees *ret.
 */
int past_twitch_times(const Past *p, const PastSession *s, int site, double **ret, size_t *ret_n);
