/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util.h"
#include "when.h"

#define USEC ((int64_t) USEC_PER_SEC)
#define DAY_S 86400

int64_t when_now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t) ts.tv_sec * USEC + ts.tv_nsec / 1000;
}

/* "14:30" or "14:30:05", to the end of text. */
static bool parse_clock(const char *text, struct tm *tm) {
        int h = 0, m = 0, s = 0, n = 0;

        if (sscanf(text, "%2d:%2d%n", &h, &m, &n) < 2 || n == 0)
                return false;
        if (text[n] == ':') {
                int k = 0;

                if (sscanf(text + n, ":%2d%n", &s, &k) < 1)
                        return false;
                n += k;
        }
        if (text[n] || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
                return false;
        tm->tm_hour = h;
        tm->tm_min = m;
        tm->tm_sec = s;
        tm->tm_isdst = -1;
        return true;
}

/* "90min", "2h", "3d": so long ago */
static bool parse_ago(const char *text, int64_t *ret_usec) {
        static const struct {
                const char *unit;
                int64_t seconds;
        } units[] = { { "min", 60 }, { "m", 60 }, { "h", 3600 }, { "d", DAY_S }, { "w", 7 * DAY_S } };
        char *end;

        errno = 0;
        double n = strtod(text, &end);
        if (end == text || errno || !(n >= 0) || n > 1e5)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(end, units[i].unit)) {
                        *ret_usec = (int64_t) (n * (double) units[i].seconds) * USEC;
                        return true;
                }
        return false;
}

static int to_usec(struct tm *tm, int64_t *ret) {
        time_t t = mktime(tm);

        if (t == (time_t) -1)
                return -EINVAL;
        *ret = (int64_t) t * USEC;
        return 0;
}

/* "2026-11-30", "2026-11-30 14:30" or with a T between */
static bool parse_date(const char *text, struct tm *tm) {
        int y, m, d, n = 0;

        if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &n) < 3 || n == 0)
                return false;
        if (y < 1970 || y > 2099 || m < 1 || m > 12 || d < 1 || d > 31)
                return false;
        *tm = (struct tm) { .tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d, .tm_isdst = -1 };
        struct tm there = *tm;
        if (mktime(&there) == (time_t) -1 || there.tm_mday != d)
                return false;   /* 30 February */
        return text[n] == 0 || ((text[n] == ' ' || text[n] == 'T') && parse_clock(text + n + 1, tm));
}

int when_parse(const char *text, int64_t now_usec, int64_t *ret_usec) {
        static const char yesterday[] = "yesterday";
        time_t now = (time_t) (now_usec / USEC);
        struct tm tm = {};
        int64_t ago;

        if (streq(text, "now")) {
                *ret_usec = now_usec;
                return 0;
        }
        if (!localtime_r(&now, &tm))
                return -EINVAL;
        if (parse_ago(text, &ago)) {
                *ret_usec = now_usec - ago;
                return 0;
        }
        if (strncmp(text, yesterday, strlen(yesterday)) == 0) {
                const char *rest = text + strlen(yesterday);

                tm.tm_mday--;
                tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
                tm.tm_isdst = -1;
                return *rest == 0 || (*rest == ' ' && parse_clock(rest + 1, &tm)) ? to_usec(&tm, ret_usec) : -EINVAL;
        }
        if (parse_clock(text, &tm)) {
                int64_t usec;
                struct tm today = tm;

                int r = to_usec(&today, &usec);
                if (r < 0)
                        return r;
                if (usec > now_usec) {          /* the last one there was */
                        tm.tm_mday--;
                        return to_usec(&tm, ret_usec);
                }
                *ret_usec = usec;
                return 0;
        }
        return parse_date(text, &tm) ? to_usec(&tm, ret_usec) : -EINVAL;
}

int when_parse_now(const char *text, const char *name, int64_t *ret_usec) {
        int r = when_parse(text, when_now_usec(), ret_usec);

        if (r < 0)
                fprintf(stderr, "twitchctl: %s: \"%s\" is no time: give " WHEN_FORMS "\n", name, text);
        return r;
}

const char* when_text(int64_t usec, int64_t utc_offset_s, char ret[static 32]) {
        time_t t = (time_t) (usec / USEC + utc_offset_s);
        struct tm tm;

        if (!gmtime_r(&t, &tm) || strftime(ret, 32, "%Y-%m-%d %H:%M", &tm) == 0)
                strcpy(ret, "?");
        return ret;
}

const char* when_text_here(int64_t usec, char ret[static 32]) {
        time_t t = (time_t) (usec / USEC);
        struct tm tm;

        return when_text(usec, localtime_r(&t, &tm) ? tm.tm_gmtoff : 0, ret);
}
