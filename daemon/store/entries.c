/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "entries.h"
#include "recordings.h"
#include "sites.h"

/* Local time minus UTC at a time of day: the zone's rules, also for the past. */
static int64_t utc_offset_s(int64_t time_usec) {
        time_t t = (time_t) (time_usec / (int64_t) USEC_PER_SEC);
        struct tm tm;

        return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

static int64_t to_boottime(const Keeper *k, int64_t utc_usec) {
        return utc_usec - k->state.clock.utc_minus_boottime_usec;
}

static int check_kind(Keeper *k, const char *name) {
        int64_t one;

        int r = sql_int(k->sql, &one, "SELECT 1 FROM kind WHERE name = ?1", "s", name);
        return r == -ENOENT ? -EINVAL : r;
}

/* --- diary ------------------------------------------------------------------------- */

static int check_diary(Keeper *k, const DiaryEntry *e) {
        if (e->time_usec < 0 || e->time_usec > ENTRY_TIME_USEC_MAX || e->end_usec < 0 ||
            e->end_usec > ENTRY_TIME_USEC_MAX || (e->end_usec != 0 && e->end_usec < e->time_usec))
                return -EINVAL;
        if (e->has_amount && !(fabs(e->amount) < 1e9))
                return -EINVAL;
        return check_kind(k, e->kind);
}

static int check_stands(Keeper *k, int64_t id) {
        int64_t one;

        return sql_int(k->sql, &one, "SELECT 1 FROM diary_now WHERE id = ?1", "i", id);
}

int entry_add_diary(Keeper *k, const DiaryEntry *e, int64_t replaces, int64_t *ret) {
        static const char add[] =
                "INSERT INTO diary (kind, time_usec, end_usec, utc_offset_s, text, logged_usec, boot, boottime_usec,"
                " replaces, source, deleted, amount_milli)"
                " VALUES (?, ?, nullif(?, 0), ?, nullif(?, ''), ?, ?, ?, nullif(?, 0), 'person', 0, ?)";
        int64_t now = keeper_now_usec(k);

        int r = check_diary(k, e);
        if (r >= 0 && replaces != 0)
                r = check_stands(k, replaces);
        if (r < 0)
                return r;
        r = sql_run(k->sql, add, e->has_amount ? "siiisiiiii" : "siiisiiiin", e->kind, e->time_usec, e->end_usec,
                    utc_offset_s(e->time_usec), e->text, now, k->state.boot, to_boottime(k, now), replaces,
                    llround((e->has_amount ? e->amount : 0) * 1e3));
        if (r >= 0)
                *ret = sqlite3_last_insert_rowid(k->sql->db);
        return r;
}

int entry_remove_diary(Keeper *k, int64_t id) {
        int64_t now = keeper_now_usec(k);

        int r = check_stands(k, id);
        return r < 0 ? r : sql_run(k->sql,
                "INSERT INTO diary (kind, time_usec, utc_offset_s, logged_usec, boot, boottime_usec, replaces, source,"
                " deleted) SELECT kind, time_usec, utc_offset_s, ?2, ?3, ?4, id, 'person', 1 FROM diary WHERE id = ?1",
                "iiii", id, now, k->state.boot, to_boottime(k, now));
}

static bool is_word(const char *s) {
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

        return n > 0 && s[n] == 0 && s[0] != '-' && n < ENTRY_WORD_MAX;
}

int entry_add_kind(Keeper *k, const char *name, const char *unit, int64_t window_s, const char *description) {
        if (!is_word(name) || strlen(unit) >= ENTRY_WORD_MAX || window_s < 0 || window_s > KIND_WINDOW_S_MAX)
                return -EINVAL;
        return sql_run(k->sql, "INSERT INTO kind (name, unit, window_s, relief, own, description)"
                               " VALUES (?, ?, ?, 0, 1, ?)", "ssis", name, unit, window_s, description);
}

/* --- felt --------------------------------------------------------------------------- */

int entry_add_felt(Keeper *k, usec_t boottime_usec, const char *site, const char *source, int64_t *ret) {
        int64_t time_usec = (int64_t) boottime_usec + k->state.clock.utc_minus_boottime_usec;

        if (site[0] && !site_is_valid(site))
                return -EINVAL;
        int r = sql_run(k->sql, "INSERT INTO felt (boot, boottime_usec, time_usec, utc_offset_s, site, source)"
                                " VALUES (?, ?, ?, ?, nullif(?, ''), ?)",
                        "iiiiss", k->state.boot, (int64_t) boottime_usec, time_usec, k->state.clock.utc_offset_s, site,
                        source);
        if (r >= 0)
                *ret = sqlite3_last_insert_rowid(k->sql->db);
        return r;
}

/* --- sessions ------------------------------------------------------------------------ */

int entry_exclude_session(Keeper *k, int64_t session, bool excluded, const char *why) {
        int r = sql_run(k->sql, "UPDATE session SET excluded = ?2 WHERE id = ?1", "ii", session, (int64_t) excluded);

        if (r < 0)
                return r;
        if (sqlite3_changes(k->sql->db) == 0)
                return -ENOENT;
        return sql_run(k->sql, "INSERT INTO session_exclusion (session, logged_usec, excluded, why)"
                               " VALUES (?, ?, ?, nullif(?, ''))",
                       "iiis", session, keeper_now_usec(k), (int64_t) excluded, why);
}

/* One by one: a year takes minutes, and when the Store stops meanwhile what waits behind it is to be written. */
static int delete_sessions(Keeper *k, int64_t from_usec, int64_t to_usec, int64_t *ret_n) {
        int64_t n = 0, id;
        int r;

        while ((r = sql_int(k->sql, &id, "SELECT id FROM session WHERE start_usec >= ?1 AND start_usec < ?2"
                                         " AND end_usec IS NOT NULL LIMIT 1", "ii", from_usec, to_usec)) >= 0) {
                if (keeper_is_stopping(k))
                        return -ECANCELED;
                r = sql_run(k->sql, "DELETE FROM session WHERE id = ?1", "i", id);
                if (r < 0)
                        return r;
                n++;
        }
        *ret_n = n;
        return r == -ENOENT ? 0 : r;
}

int entry_delete(Keeper *k, int64_t from_usec, int64_t to_usec, int64_t *ret_n_sessions) {
        if (from_usec > to_usec)
                return -EINVAL;
        int r = sql_run(k->sql, "DELETE FROM felt WHERE time_usec >= ?1 AND time_usec < ?2", "ii", from_usec, to_usec);

        /*
         * With all that was written there before it: an edit must not leave what it replaced. In one statement,
         * at whose end the references are looked at; deferred, they would be those of all jobs of the commit.
         */
        if (r >= 0)
                r = sql_run(k->sql, "WITH RECURSIVE gone (id, replaces) AS ("
                                    " SELECT id, replaces FROM diary WHERE time_usec >= ?1 AND time_usec < ?2"
                                    " UNION SELECT d.id, d.replaces FROM diary d JOIN gone g"
                                    "  ON d.id = g.replaces OR d.replaces = g.id)"
                                    " DELETE FROM diary WHERE id IN (SELECT id FROM gone)", "ii", from_usec, to_usec);
        if (r >= 0)
                r = recordings_delete(k, from_usec, to_usec);
        /* continues: of those that stay */
        if (r >= 0)
                r = sql_run(k->sql, "UPDATE session SET continues = NULL WHERE continues IN (SELECT id FROM session"
                                    " WHERE start_usec >= ?1 AND start_usec < ?2 AND end_usec IS NOT NULL)",
                            "ii", from_usec, to_usec);
        if (r >= 0)
                r = delete_sessions(k, from_usec, to_usec, ret_n_sessions);
        if (r >= 0)
                k->wipe = true;
        return r;
}

/* --- questions, bets, experiments -------------------------------------------------------- */

int entry_ask(Keeper *k, const char *kind, bool asked) {
        int64_t window;

        int r = sql_int(k->sql, &window, "SELECT window_s FROM kind WHERE name = ?1", "s", kind);
        if (r < 0 || window == 0)
                return r < 0 && r != -ENOENT ? r : -EINVAL;
        return sql_run(k->sql, "INSERT INTO question (kind, asked, made_usec) VALUES (?, ?, ?)",
                       "sii", kind, (int64_t) asked, keeper_now_usec(k));
}

/* What follows is never changed or deleted, and a program's mistake would stay for ever. */

/* empty: of the whole; "all": over all sites */
static bool is_site_or_all(const char *site) {
        return !site[0] || streq(site, "all") || site_is_valid(site);
}

static bool is_one_of(const char *word, const char *const *words, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(word, words[i]))
                        return true;
        return false;
}

int entry_add_bet(Keeper *k, const Bet *b) {
        int64_t used;

        if (!is_site_or_all(b->site) || !is_word(b->exposed) || !is_word(b->other) ||
            streq(b->exposed, b->other))
                return -EINVAL;
        if (b->floor_nv < 0 || b->floor_nv > BET_FLOOR_NV_MAX || !isfinite(b->log_ratio) ||
            !isfinite(b->log_wealth))
                return -EINVAL;
        int r = check_kind(k, b->kind);
        if (r < 0)
                return r;
        r = sql_int(k->sql, &used, "SELECT 1 FROM pair WHERE kind = ?1 AND site = ?2"
                                       " AND (session_exposed IN (?3, ?4) OR session_other IN (?3, ?4)) LIMIT 1",
                        "ssss", b->kind, b->site, b->exposed, b->other);
        if (r != -ENOENT)
                return r < 0 ? r : -EEXIST;
        return sql_run(k->sql, "INSERT INTO pair (kind, site, session_exposed, session_other, floor_nv, log_ratio,"
                               " log_wealth, made_usec) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       "ssssiddi", b->kind, b->site, b->exposed, b->other, b->floor_nv, b->log_ratio, b->log_wealth,
                       keeper_now_usec(k));
}

static bool is_seal(const char *s) {
        return strlen(s) == TRIAL_SEAL_LENGTH && strspn(s, "0123456789abcdef") == TRIAL_SEAL_LENGTH;
}

static bool is_printable(const char *s) {
        for (const char *c = s; *c; c++)
                if (*c < ' ' || *c > '~')
                        return false;
        return s[0];
}

int entry_add_trial(Keeper *k, const Trial *t, int64_t *ret) {
        if (!is_site_or_all(t->site) || t->blocks < 1 || t->blocks > ENTRY_BLOCKS_MAX || t->washout_s < 0 ||
            t->washout_s > KIND_WINDOW_S_MAX || !is_printable(t->coins) || !is_seal(t->seal))
                return -EINVAL;
        int r = check_kind(k, t->kind);
        if (r < 0)
                return r;
        r = sql_run(k->sql, "INSERT INTO trial (uuid, kind, site, blocks, washout_s, coins, seal, made_usec)"
                            " VALUES (lower(hex(randomblob(16))), ?, nullif(?, ''), ?, ?, ?, ?, ?)",
                    "ssiissi", t->kind, t->site, t->blocks, t->washout_s, t->coins, t->seal,
                    keeper_now_usec(k));
        if (r >= 0)
                *ret = sqlite3_last_insert_rowid(k->sql->db);
        return r;
}

/* -ENOENT: there is none; -EINVAL: it has fewer blocks */
static int check_block(Keeper *k, int64_t trial, int64_t block) {
        int64_t blocks;

        int r = sql_int(k->sql, &blocks, "SELECT blocks FROM trial WHERE id = ?1", "i", trial);
        return r < 0 ? r : block <= blocks ? 0 : -EINVAL;
}

int entry_add_trial_act(Keeper *k, const TrialAct *a) {
        static const char *const acts[] = { "revealed", "measured", "void", "stopped" };
        static const char *const arms[] = { "", "A", "B" };

        if (!is_one_of(a->act, acts, ELEMENTSOF(acts)) || !is_one_of(a->arm, arms, ELEMENTSOF(arms)) ||
            (a->session[0] && !is_word(a->session)))
                return -EINVAL;
        int r = check_block(k, a->trial, a->block);
        if (r < 0)
                return r;
        return sql_run(k->sql, "INSERT INTO trial_act (trial, block, act, arm, session, why, made_usec)"
                               " VALUES (?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), ?)",
                       "iissssi", a->trial, a->block, a->act, a->arm, a->session, a->why,
                       keeper_now_usec(k));
}

int entry_add_look(Keeper *k, int64_t trial, int64_t blocks, double p, double log_ratio) {
        if (blocks < 1 || !(p >= 0 && p <= 1) || !isfinite(log_ratio))
                return -EINVAL;
        int r = check_block(k, trial, blocks);
        if (r < 0)
                return r;
        return sql_run(k->sql,
                       "INSERT INTO look (trial, blocks, p, log_ratio, made_usec) VALUES (?, ?, ?, ?, ?)",
                       "iiddi", trial, blocks, p, log_ratio, keeper_now_usec(k));
}
