/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <strings.h>

#include "../util.h"
#include "text-clock.h"

/* A date and what divides it from a time of day: days since 1970; 0: there is none, or nobody knows what is
 * its month ("11/12/2026") */
static long date_in(const char **text) {
        struct tm tm = {};
        int end = 0;

        if ((sscanf(*text, "%4d-%2d-%2d%*1[T ]%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &end) == 3 ||
             sscanf(*text, "%4d/%2d/%2d%*1[T ]%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &end) == 3) &&
            end > 0) {
                *text += end;
                tm.tm_year -= 1900;
                tm.tm_mon--;
                return timegm(&tm) / 86400;
        }
        if (sscanf(*text, "%*2u%*1[./-]%*2u%*1[./-]%*4u%*1[T ,]%n", &end) == 0 && end > 0)
                *text += end + strspn(*text + end, " ");
        return 0;
}

/* ".123", ",123", or ":123", which can be nothing but thousandths; *text goes on behind it */
static double fraction_in(const char **text) {
        const char *p = *text;
        double value = 0, divisor = 1;

        if (*p != '.' && *p != ',' && !(*p == ':' && strspn(p + 1, "0123456789") == 3))
                return 0;
        for (p++; isdigit((unsigned char) *p); p++) {
                divisor *= 10;
                value += (*p - '0') / divisor;
        }
        *text = p;
        return value;
}

static bool minutes_in(const char **text, double *ret) {
        unsigned minutes, seconds;
        int end = 0;

        /* without a fraction it would be hours and minutes */
        if (sscanf(*text, "%4u:%2u%n", &minutes, &seconds, &end) != 2 || seconds > 60 || !end ||
            ((*text)[end] != '.' && (*text)[end] != ','))
                return false;
        *text += end;
        *ret = minutes * 60. + seconds;
        return true;
}

static bool hours_in(const char **text, double *ret) {
        unsigned hours, minutes, seconds;
        int end = 0;

        if (sscanf(*text, "%2u:%2u:%2u%n", &hours, &minutes, &seconds, &end) != 3 || end == 0 ||
            hours > 24 || minutes > 59 || seconds > 60)
                return false;
        *text += end;
        *ret = hours * 3600. + minutes * 60. + seconds;
        return true;
}

bool clock_time_in(const char *field, double *ret) {
        double seconds;

        if (!strchr(field, ':'))
                return false;
        double days = (double) date_in(&field);
        if (!hours_in(&field, &seconds) && !minutes_in(&field, &seconds))
                return false;
        seconds += fraction_in(&field);
        field += strspn(field, " ");
        if (strncasecmp(field, "AM", 2) == 0 || strncasecmp(field, "PM", 2) == 0) {
                bool noon = seconds >= 12 * 3600;

                seconds += (toupper((unsigned char) field[0]) == 'P' ? 12 : 0) * 3600. - noon * 12 * 3600.;
                field += 2;
        }
        *ret = days * 86400 + seconds;
        /* a zone is that of all */
        return field[strspn(field, " \t\"\rZ")] == 0 || strchr("+-", *field);
}
