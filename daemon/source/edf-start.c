/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "edf-start.h"

/* Two digits, a sign, two digits, a sign, two digits; "7.0.0" means nothing else than "07.00.00" */
static bool three_numbers(const char *bytes, int ret[static 3]) {
        int at = 0;

        for (int i = 0; i < 3; i++) {
                at += at < 8 && bytes[at] == ' ';
                int end = at;
                ret[i] = 0;
                for (; end < MIN(at + 2, 8) && isdigit((unsigned char) bytes[end]); end++)
                        ret[i] = ret[i] * 10 + bytes[end] - '0';
                if (end == at || (i < 2 && (end == 8 || isalnum((unsigned char) bytes[end]))))
                        return false;
                at = end + (i < 2);
        }
        for (; at < 8; at++)
                if (bytes[at] != ' ' && bytes[at] != 0)
                        return false;
        return true;
}

static bool is_blank(const char *bytes) {
        for (int i = 0; i < 8; i++)
                if (bytes[i] != ' ' && bytes[i] != 0 && bytes[i] != '0' && bytes[i] != '.' &&
                    bytes[i] != ':' && bytes[i] != '-')
                        return false;
        return true;
}

bool seconds_of(int year, int month, int day, int hour, int minute, int second, int64_t *ret) {
        struct tm tm = { .tm_year = year - 1900,
                         .tm_mon = month - 1,
                         .tm_mday = day,
                         .tm_hour = hour,
                         .tm_min = minute,
                         .tm_sec = second };

        if (month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
            second < 0 || second > 59)
                return false;
        int64_t t = timegm(&tm);
        if (tm.tm_mday != day || tm.tm_mon != month - 1)
                return false;
        *ret = t;
        return true;
}

/* "Startdate dd-MMM-yyyy": the year in full, or 0 */
static int full_year(const char *recording) {
        char text[81];
        int year = 0, day;
        char month[4];

        memcpy(text, recording, 80);
        text[80] = 0;
        return sscanf(text, "Startdate %2d-%3[A-Za-z]-%4d", &day, month, &year) == 3 && year > 1900 ? year :
                                                                                                      0;
}

int edf_start_read(const char *date, const char *time, const char *recording, StartTime *ret, Notes *notes) {
        int d[3], t[3], year = full_year(recording);

        *ret = (StartTime){};
        if (is_blank(date))
                return 0;
        if (three_numbers(date, d) && three_numbers(time, t)) {
                if (year % 100 != d[2] || year == 0)
                        year = d[2] + (d[2] >= 85 ? 1900 : 2000); /* EDF+ specification 2.1.3.2 */
                ret->known = seconds_of(year, d[1], d[0], t[0], t[1], t[2], &ret->seconds);
        }
        if (ret->known)
                return 0;
        char text[18] = "";
        for (int i = 0; i < 16; i++)
                text[i + (i >= 8)] =
                        (i < 8 ? date[i] : time[i - 8]) >= 32 && (i < 8 ? date[i] : time[i - 8]) < 127 ?
                        (i < 8 ? date[i] : time[i - 8]) :
                        '?';
        text[8] = ' ';
        return notes_add(notes, "the start \"%s\" is no date and time: no times of day are given", text);
}

const char *start_time_format(const StartTime *start, double seconds, unsigned decimals,
                              char ret[static 40]) {
        double unit = pow(10, decimals), from = round((start->fraction_s + seconds) * unit) / unit,
               whole = floor(from);
        time_t t = (time_t) (start->seconds + (int64_t) whole);
        struct tm tm;

        if (!gmtime_r(&t, &tm) || !strftime(ret, 40, "%Y-%m-%dT%H:%M:%S", &tm))
                strcpy(ret, "?");
        else if (decimals > 0)
                snprintf(ret + strlen(ret), 40 - strlen(ret), ".%0*.0f", (int) decimals,
                         (from - whole) * unit);
        return ret;
}
