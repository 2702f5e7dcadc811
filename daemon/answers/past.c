/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "past.h"

#define USEC_PER_MIN 60e6

/* Room for one more; the new one is all zero. */
static void* grow(void **items, size_t *n, size_t size) {
        if ((*n & (*n - 1)) == 0) {
                void *more = reallocarray(*items, *n ? 2 * *n : 1, size);

                if (!more)
                        return NULL;
                *items = more;
        }
        memset((char*) *items + *n * size, 0, size);
        return (char*) *items + (*n)++ * size;
}

#define GROW(items, n) ((__typeof__(items)) grow((void**) &(items), &(n), sizeof(*(items))))

static void word(char *ret, size_t size, sqlite3_stmt *q, int column) {
        snprintf(ret, size, "%s", sql_text(q, column));
}

/* For each row of a query: read(p, row) */
static int each(Past *p, const char *text, int (*read_row)(Past *p, sqlite3_stmt *q)) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        int r = sql_query(p->sql, &q, text, "");

        while (r >= 0 && (r = sql_next(q)) > 0)
                r = read_row(p, q);
        return r;
}

static int read_version(Past *p, sqlite3_stmt *q) {
        word(p->version, sizeof(p->version), q, 0);
        return 0;
}

/* Sessions are in the order of their start, which is not that of their ids when a clock was wrong. */
static PastSession* session_of(Past *p, sqlite3_stmt *q, int column) {
        int64_t id = sqlite3_column_int64(q, column);

        for (size_t i = p->n_sessions; i-- > 0;)
                if (p->sessions[i].id == id)
                        return p->sessions + i;
        return NULL;
}

/* The first row of a sitting is the session; later ones make it longer, and are found by their uuid. */
static int read_session(Past *p, sqlite3_stmt *q) {
        PastSession *s = session_of(p, q, 9);
        PastAlias *a = s ? GROW(p->aliases, p->n_aliases) : NULL;

        if (a) {
                a->session = (size_t) (s - p->sessions);
                word(a->uuid, sizeof(a->uuid), q, 1);
                s->end_usec = sqlite3_column_int64(q, 3);
                return 0;
        }
        s = s ? NULL : GROW(p->sessions, p->n_sessions);
        if (!s)
                return -ENOMEM;
        s->id = sqlite3_column_int64(q, 0);
        word(s->uuid, sizeof(s->uuid), q, 1);
        s->start_usec = sqlite3_column_int64(q, 2);
        s->end_usec = sqlite3_column_int64(q, 3);
        s->utc_offset_s = sqlite3_column_int64(q, 4);
        word(s->template, sizeof(s->template), q, 5);
        word(s->posture, sizeof(s->posture), q, 6);
        s->confirmed = sqlite3_column_int(q, 7);
        s->excluded = sqlite3_column_int(q, 8);
        return 0;
}

static int add_site(Past *p, const char *name, bool said) {
        int found = past_find_site(p, name);
        PastSite *s;

        if (found >= 0)
                return found;
        s = GROW(p->sites, p->n_sites);
        if (!s)
                return -ENOMEM;
        snprintf(s->name, sizeof(s->name), "%s", name);
        s->said = said;
        return (int) p->n_sites - 1;
}

static PastPart* part_of(PastSession *s, sqlite3_stmt *q, int column) {
        unsigned channel = (unsigned) sqlite3_column_int(q, column);

        for (size_t i = 0; s && i < s->n_parts; i++)
                if (s->parts[i].channel == channel)
                        return s->parts + i;
        return NULL;
}

static int read_placement(Past *p, sqlite3_stmt *q) {
        PastSession *s = session_of(p, q, 0);
        const char *site = sql_text(q, 2);
        char name[PAST_WORD];
        int index;

        if (!s || s->n_parts == PAST_PARTS_MAX)
                return 0;
        snprintf(name, sizeof(name), "channel %d", sqlite3_column_int(q, 1));
        index = add_site(p, site[0] ? site : name, site[0]);
        if (index < 0)
                return index;
        s->parts[s->n_parts++] = (PastPart) { .site = (unsigned) index, .floor_uv = NAN,
                                              .channel = (unsigned) sqlite3_column_int(q, 1) };
        return 0;
}

static int read_part(Past *p, sqlite3_stmt *q) {
        PastPart *part = part_of(session_of(p, q, 0), q, 1);

        if (!part)
                return 0;
        part->length_min = (double) sqlite3_column_int64(q, 2) / USEC_PER_MIN;
        part->rest_min = (double) sqlite3_column_int64(q, 3) / USEC_PER_MIN;
        part->twitches = (double) sqlite3_column_int64(q, 4);
        if (sqlite3_column_int64(q, 5) > 0)
                part->floor_uv = sqlite3_column_double(q, 6) / sqlite3_column_double(q, 5) / 1e3;
        return 0;
}

static int read_size(Past *p, sqlite3_stmt *q) {
        PastPart *part = part_of(session_of(p, q, 0), q, 1);
        const char *kind = sql_text(q, 2);
        unsigned step = (unsigned) sqlite3_column_int(q, 3);
        uint32_t n = (uint32_t) sqlite3_column_int64(q, 4);
        bool several = streq(kind, "doublet") || streq(kind, "multiplet");

        if (!part)
                return 0;
        if (streq(kind, "fasciculation") || several)
                part->sizes[step < SIZES_STEPS ? step : SIZES_STEPS - 1] += n;
        if (several)
                part->several += n;
        if (streq(kind, "myokymic") || streq(kind, "high-frequency-run") || streq(kind, "unit-train"))
                part->runs += n;
        return 0;
}

static int read_hour(Past *p, sqlite3_stmt *q) {
        PastSession *s = session_of(p, q, 0);
        PastPart *part = part_of(s, q, 1);
        PastHour *h = part ? GROW(p->hours, p->n_hours) : NULL;

        if (!part)
                return 0;
        if (!h)
                return -ENOMEM;
        h->session = (size_t) (s - p->sessions);
        h->part = (unsigned) (part - s->parts);
        h->local_hours = (sqlite3_column_int64(q, 2) / 1000000 + sqlite3_column_int64(q, 3)) / 3600;
        h->rest_min = (double) sqlite3_column_int64(q, 4) / USEC_PER_MIN;
        h->twitches = (double) sqlite3_column_int64(q, 5);
        return 0;
}

static int read_cause(Past *p, sqlite3_stmt *q) {
        PastSession *s = session_of(p, q, 0);
        PastPart *part = part_of(s, q, 1);
        PastCause *c = part ? GROW(p->causes, p->n_causes) : NULL;

        if (!part)
                return 0;
        if (!c)
                return -ENOMEM;
        c->session = (size_t) (s - p->sessions);
        c->part = (unsigned) (part - s->parts);
        word(c->cause, sizeof(c->cause), q, 2);
        c->excluded_min = (double) sqlite3_column_int64(q, 3) / USEC_PER_MIN;
        return 0;
}

static int read_kind(Past *p, sqlite3_stmt *q) {
        PastKind *k = GROW(p->kinds, p->n_kinds);

        if (!k)
                return -ENOMEM;
        word(k->name, sizeof(k->name), q, 0);
        word(k->unit, sizeof(k->unit), q, 1);
        k->window_usec = sqlite3_column_int64(q, 2) * 1000000;
        k->relief = sqlite3_column_int(q, 3);
        return 0;
}

static int read_entry(Past *p, sqlite3_stmt *q) {
        int kind = past_find_kind(p, sql_text(q, 0));
        PastEntry *e = kind >= 0 ? GROW(p->entries, p->n_entries) : NULL;

        if (kind < 0)
                return 0;
        if (!e)
                return -ENOMEM;
        e->kind = (unsigned) kind;
        e->time_usec = sqlite3_column_int64(q, 1);
        e->logged_usec = sqlite3_column_int64(q, 2);
        e->gone_usec = sqlite3_column_type(q, 3) == SQLITE_NULL ? INT64_MAX : sqlite3_column_int64(q, 3);
        e->amount = sqlite3_column_type(q, 4) == SQLITE_NULL ? NAN : sqlite3_column_double(q, 4) / 1e3;
        return 0;
}

static int read_felt(Past *p, sqlite3_stmt *q) {
        PastFelt *f = GROW(p->felts, p->n_felts);

        if (!f)
                return -ENOMEM;
        f->time_usec = sqlite3_column_int64(q, 0);
        word(f->site, sizeof(f->site), q, 1);
        return 0;
}

static int read_question(Past *p, sqlite3_stmt *q) {
        int kind = past_find_kind(p, sql_text(q, 0));
        PastQuestion *question = kind >= 0 ? GROW(p->questions, p->n_questions) : NULL;

        if (kind < 0)
                return 0;
        if (!question)
                return -ENOMEM;
        *question = (PastQuestion) { (unsigned) kind, sqlite3_column_int(q, 1), sqlite3_column_int64(q, 2) };
        return 0;
}

static int read_bet(Past *p, sqlite3_stmt *q) {
        int kind = past_find_kind(p, sql_text(q, 0));
        PastBet *b = kind >= 0 ? GROW(p->bets, p->n_bets) : NULL;

        if (kind < 0)
                return 0;
        if (!b)
                return -ENOMEM;
        b->kind = (unsigned) kind;
        word(b->exposed, sizeof(b->exposed), q, 1);
        word(b->other, sizeof(b->other), q, 2);
        b->log_ratio = sqlite3_column_double(q, 3);
        b->log_wealth = sqlite3_column_double(q, 4);
        return 0;
}

static int read_trial(Past *p, sqlite3_stmt *q) {
        PastTrial *t = GROW(p->trials, p->n_trials);

        if (!t)
                return -ENOMEM;
        t->id = sqlite3_column_int64(q, 0);
        word(t->kind, sizeof(t->kind), q, 1);
        t->blocks = (unsigned) sqlite3_column_int(q, 2);
        t->washout_usec = sqlite3_column_int64(q, 3) * 1000000;
        word(t->coins, sizeof(t->coins), q, 4);
        word(t->seal, sizeof(t->seal), q, 5);
        t->made_usec = sqlite3_column_int64(q, 6);
        t->looked_blocks = (unsigned) sqlite3_column_int(q, 7);
        return 0;
}

static int read_act(Past *p, sqlite3_stmt *q) {
        for (size_t i = 0; i < p->n_trials; i++) {
                PastTrial *t = p->trials + i;
                PastAct *a;

                if (t->id != sqlite3_column_int64(q, 0))
                        continue;
                a = GROW(t->acts, t->n_acts);
                if (!a)
                        return -ENOMEM;
                a->block = (unsigned) sqlite3_column_int(q, 1);
                word(a->act, sizeof(a->act), q, 2);
                word(a->arm, sizeof(a->arm), q, 3);
                word(a->session, sizeof(a->session), q, 4);
                a->made_usec = sqlite3_column_int64(q, 5);
        }
        return 0;
}

/*
 * Which session a row of the table is part of: a sitting that was interrupted and taken up again is one session
 * to the answers, because its halves are no two independent samples. It is not, if only a part was taken out
 * by the person, or the electrodes are said to be elsewhere.
 */
static const char sittings[] =
        "CREATE TEMP TABLE sitting AS WITH RECURSIVE"
        " taken_up(id, continues) AS (SELECT s.id, s.continues FROM session s"
        "  JOIN session b ON b.id = s.continues AND b.excluded = s.excluded AND b.device = s.device"
        "  WHERE (SELECT group_concat(channel || ' ' || ifnull(site, ''), ', ') FROM"
        "   (SELECT * FROM placement WHERE session = s.id ORDER BY channel))"
        "  IS (SELECT group_concat(channel || ' ' || ifnull(site, ''), ', ') FROM"
        "   (SELECT * FROM placement WHERE session = b.id ORDER BY channel))),"
        " part(id, session) AS (SELECT id, id FROM session WHERE id NOT IN (SELECT id FROM taken_up)"
        "  UNION ALL SELECT t.id, part.session FROM taken_up t JOIN part ON t.continues = part.id)"
        " SELECT id, session FROM part";

/* Each before those that refer to it. */
static const struct {
        const char *query;
        int (*read_row)(Past *p, sqlite3_stmt *q);
} tables[] = {
        { "SELECT version FROM software ORDER BY id DESC LIMIT 1", read_version },
        { "SELECT s.id, uuid, start_usec, end_usec, utc_offset_s, template, posture, confirmed, excluded, g.session"
          " FROM session s JOIN temp.sitting g ON g.id = s.id ORDER BY start_usec, s.id", read_session },
        { "SELECT session, channel, site FROM placement WHERE session IN (SELECT session FROM temp.sitting)"
          " ORDER BY session, channel", read_placement },
        { "SELECT g.session, channel, sum(length_usec), sum(rest_usec), sum(rest_twitches),"
          " sum(floor_minutes), sum(floor_nv_sum) FROM hour h JOIN temp.sitting g ON g.id = h.session"
          " GROUP BY g.session, channel", read_part },
        { "SELECT g.session, channel, kind, size_db, n FROM size_histogram h"
          " JOIN temp.sitting g ON g.id = h.session", read_size },
        { "SELECT g.session, channel, start_usec, utc_offset_s, rest_usec, rest_twitches FROM hour h"
          " JOIN temp.sitting g ON g.id = h.session", read_hour },
        { "SELECT g.session, channel, cause, sum(excluded_usec) FROM hour_excluded h"
          " JOIN temp.sitting g ON g.id = h.session GROUP BY g.session, channel, cause", read_cause },
        { "SELECT name, unit, window_s, relief FROM kind ORDER BY name", read_kind },
        { "SELECT kind, time_usec, logged_usec, "
          "(SELECT min(logged_usec) FROM diary r WHERE r.replaces = d.id), amount_milli"
          " FROM diary d WHERE deleted = 0 ORDER BY time_usec, id", read_entry },
        { "SELECT time_usec, site FROM felt ORDER BY time_usec", read_felt },
        { "SELECT kind, asked, made_usec FROM question ORDER BY id", read_question },
        { "SELECT kind, session_exposed, session_other, log_ratio, log_wealth FROM pair ORDER BY id",
          read_bet },
        { "SELECT id, kind, blocks, washout_s, coins, seal, made_usec,"
          " (SELECT max(blocks) FROM look WHERE trial = t.id) FROM trial t ORDER BY id", read_trial },
        { "SELECT trial, block, act, arm, session, made_usec FROM trial_act ORDER BY id", read_act },
};

int past_read(sqlite3 *db, Past **ret) {
        _cleanup_(past_freep) Past *p = calloc(1, sizeof(*p));
        int r;

        if (!p) {
                sqlite3_close_v2(db);
                return -ENOMEM;
        }
        r = sql_new(db, &p->sql);
        if (r >= 0)
                r = sql_exec(p->sql, sittings);
        for (size_t i = 0; i < ELEMENTSOF(tables) && r >= 0; i++)
                r = each(p, tables[i].query, tables[i].read_row);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

Past* past_free(Past *p) {
        if (!p)
                return NULL;
        sql_free(p->sql);
        free(p->sites);
        free(p->sessions);
        free(p->aliases);
        free(p->hours);
        free(p->causes);
        free(p->kinds);
        free(p->entries);
        free(p->felts);
        free(p->questions);
        free(p->bets);
        for (size_t i = 0; i < p->n_trials; i++)
                free(p->trials[i].acts);
        free(p->trials);
        free(p);
        return NULL;
}

int past_find_kind(const Past *p, const char *name) {
        for (size_t i = 0; i < p->n_kinds; i++)
                if (streq(p->kinds[i].name, name))
                        return (int) i;
        return -1;
}

int past_find_site(const Past *p, const char *name) {
        for (size_t i = 0; i < p->n_sites; i++)
                if (streq(p->sites[i].name, name))
                        return (int) i;
        return -1;
}

int past_find_session(const Past *p, const char *uuid) {
        for (size_t i = 0; i < p->n_sessions; i++)
                if (streq(p->sessions[i].uuid, uuid))
                        return (int) i;
        for (size_t i = 0; i < p->n_aliases; i++)
                if (streq(p->aliases[i].uuid, uuid))
                        return (int) p->aliases[i].session;
        return -1;
}

double past_session_rest_min(const PastSession *s) {
        double sum = 0;

        for (size_t i = 0; i < s->n_parts; i++)
                sum += s->parts[i].rest_min;
        return sum;
}

bool past_session_counts(const PastSession *s) {
        return !s->excluded && s->end_usec > 0 && past_session_rest_min(s) > 0;
}

double past_local_days(int64_t usec, int64_t utc_offset_s) {
        return ((double) usec / 1e6 + (double) utc_offset_s) / 86400;
}

int past_twitch_times(const Past *p, const PastSession *s, int site, double **ret, size_t *ret_n) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        double *times = NULL;
        size_t n = 0;

        int r = sql_query(p->sql, &q, "SELECT e.boottime_usec - s.start_boottime_usec, e.channel"
                                      " FROM session s JOIN temp.sitting g ON g.session = s.id"
                                      " JOIN event e ON e.session = g.id WHERE s.id = ?1"
                                      " AND e.kind IN ('fasciculation', 'doublet', 'multiplet')"
                                      " ORDER BY e.boottime_usec", "i", s->id);
        while (r >= 0 && (r = sql_next(q)) > 0) {
                double at_s = (double) sqlite3_column_int64(q, 0) / 1e6, *time;
                bool wanted = site < 0;

                for (size_t i = 0; i < s->n_parts && !wanted; i++)
                        wanted = (int) s->parts[i].site == site &&
                                        s->parts[i].channel == (unsigned) sqlite3_column_int(q, 1);
                if (!wanted)
                        continue;
                time = GROW(times, n);
                if (!time)
                        r = -ENOMEM;
                else
                        *time = at_s;
        }
        if (r < 0) {
                free(times);
                return r;
        }
        *ret = times;
        *ret_n = n;
        return 0;
}
