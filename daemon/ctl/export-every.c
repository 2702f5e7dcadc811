/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "export-every.h"
#include "util.h"
#include "when.h"

#define USEC ((int64_t) USEC_PER_SEC)

typedef enum Every {
        EVERY_NONE,
        EVERY_DAY,
        EVERY_WEEK,
        EVERY_MONTH,
} Every;

static Every arg_every;

typedef struct Period {
        int64_t from_usec, to_usec;
        char name[64];
} Period;

int every_parse(const char *value) {
        static const char *const words[] = {
                [EVERY_DAY] = "day", [EVERY_WEEK] = "week", [EVERY_MONTH] = "month"
        };

        for (Every e = EVERY_DAY; e < (Every) ELEMENTSOF(words); e++)
                if (streq(value, words[e])) {
                        arg_every = e;
                        return 0;
                }
        fprintf(stderr, "twitchctl: --every is day, week or month, not \"%s\"\n", value);
        return -EINVAL;
}

bool every_is_wanted(void) {
        return arg_every != EVERY_NONE;
}

/* Weeks begin on Monday and are numbered as ISO 8601 does: the one with the year's first Thursday is W01. */
static int period_of(int64_t usec, Period *ret) {
        time_t t = (time_t) (usec / USEC);
        struct tm begin, end;

        if (!localtime_r(&t, &begin))
                return -ERANGE;
        begin.tm_hour = begin.tm_min = begin.tm_sec = 0;
        begin.tm_isdst = -1;
        if (arg_every == EVERY_WEEK)
                begin.tm_mday -= (begin.tm_wday + 6) % 7;
        else if (arg_every == EVERY_MONTH)
                begin.tm_mday = 1;
        end = begin;
        end.tm_mday += arg_every == EVERY_WEEK ? 7 : arg_every == EVERY_DAY;
        end.tm_mon += arg_every == EVERY_MONTH;
        ret->from_usec = (int64_t) mktime(&begin) * USEC;
        ret->to_usec = (int64_t) mktime(&end) * USEC;
        strftime(ret->name, sizeof ret->name,
                 arg_every == EVERY_WEEK ? "%G-W%V" : arg_every == EVERY_DAY ? "%Y-%m-%d" : "%Y-%m", &begin);
        return 0;
}

/* One number of a query; -ENOENT: NULL */
static int ask(const History *h, const char *text, int64_t from, int64_t to, int64_t *ret) {
        _cleanup_(history_finalize) sqlite3_stmt *q = history_query(h, text, "ii", from, to);

        if (!q)
                return -EIO;
        if (sqlite3_step(q) != SQLITE_ROW)
                return history_complain(h);
        *ret = sqlite3_column_int64(q, 0);
        return sqlite3_column_type(q, 0) == SQLITE_NULL ? -ENOENT : 0;
}

/* When the first thing began, of those from from on */
static int first_after(const History *h, int64_t from, int64_t to, int64_t *ret) {
        return ask(h,
                   "SELECT min(t) FROM ("
                   " SELECT min(start_usec) AS t FROM session WHERE start_usec >= ?1 AND start_usec < ?2"
                   " UNION ALL SELECT min(time_usec) FROM diary_now WHERE time_usec >= ?1 AND time_usec < ?2"
                   " UNION ALL SELECT min(time_usec) FROM felt WHERE time_usec >= ?1 AND time_usec < ?2)",
                   from, to, ret);
}

static int going_on(const History *h, const Period *p, int64_t *ret_n) {
        return ask(h,
                   "SELECT count(*) FROM session WHERE start_usec >= ?1 AND start_usec < ?2 AND end_usec IS NULL",
                   p->from_usec, p->to_usec, ret_n);
}

static int complain(const char *path, int r) {
        fprintf(stderr, "twitchctl: %s: %s\n", path, strerror(-r));
        return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
        return remove(path);
}

/* Under a name of its own until it is whole */
static int export_one(const History *h, const char *folder, const char *ending, const Period *p,
                      ExportRange export) {
        _cleanup_free_ char *path = NULL, *part = NULL;
        struct stat st;

        if (asprintf(&path, "%s/%s%s", folder, p->name, ending) < 0 ||
            asprintf(&part, "%s/.%s%s.part", folder, p->name, ending) < 0)
                return complain(folder, -ENOMEM);
        if (lstat(path, &st) == 0)
                return 0;
        if (nftw(part, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
                return complain(part, -errno);
        int r = export(h, part, p->from_usec, p->to_usec);
        if (r < 0)
                return r;
        return rename(part, path) < 0 ? complain(path, -errno) : 0;
}

int export_every(const History *h, const char *folder, const char *ending, int64_t from_usec, int64_t to_usec,
                 ExportRange export) {
        int64_t now_usec = when_now_usec(), first_usec, n;
        Period p;
        int r;

        if (mkdir(folder, 0700) < 0 && errno != EEXIST)
                return complain(folder, -errno);
        while ((r = first_after(h, from_usec, to_usec, &first_usec)) >= 0) {
                r = period_of(first_usec, &p);
                if (r < 0)
                        return complain(folder, r);
                if (p.to_usec > MIN(now_usec, to_usec))
                        return 0;
                r = going_on(h, &p, &n);
                if (r >= 0 && n == 0)
                        r = export_one(h, folder, ending, &p, export);
                if (r < 0)
                        return r;
                from_usec = p.to_usec;
        }
        return r == -ENOENT ? 0 : r;
}
