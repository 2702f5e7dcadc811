/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "history.h"
#include "today.h"
#include "utf8.h"

static int64_t midnight_usec(void) {
        time_t now = time(NULL);
        struct tm tm;

        if (!localtime_r(&now, &tm))
                return 0;
        tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
        tm.tm_isdst = -1;
        return (int64_t) mktime(&tm) * (int64_t) USEC_PER_SEC;
}

int today_read(Today *ret) {
        static const char query[] =
                "SELECT COALESCE(p.site, NULLIF(p.label, ''), 'ch ' || m.channel) AS place, "
                "sum(m.twitches), sum(m.exposure_usec) FROM session s JOIN boot b ON b.id = s.boot JOIN "
                "minute m ON m.session = s.id LEFT JOIN placement p ON p.session = s.id AND p.channel = "
                "m.channel WHERE (s.end_usec IS NULL OR s.end_usec >= ?1) AND m.boottime_usec + "
                "b.utc_minus_boottime_usec >= ?1 AND m.voluntary = 0 AND m.cut = 0 AND (SELECT excluded "
                "FROM session_exclusion x WHERE x.session = s.id ORDER BY x.id DESC LIMIT 1) IS NOT 1 "
                "GROUP BY place ORDER BY place";
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        int rc;

        ret->n = 0;
        int r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, query, "i", midnight_usec());
        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW && ret->n < TODAY_SITES_MAX) {
                TodaySite *site = &ret->sites[ret->n++];
                const char *name = history_text(q, 0);

                (void) utf8_clean(site->name, sizeof site->name, name, strlen(name));
                site->twitches = (uint64_t) sqlite3_column_int64(q, 1);
                site->exposure_s = (double) sqlite3_column_int64(q, 2) / USEC_PER_SEC;
        }
        return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : history_complain(&h);
}
