/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "answers/sayings.h"
#include "say.h"
#include "text.h"

void say(int indent, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
                return;
        }
        printf("%*s", indent, "");
        text_wrap(stdout, text, indent, text_columns());
}

void say_lines(int indent, Lines *l) {
        for (size_t i = 0; i < l->n; i++)
                say(indent, "%s", l->items[i]);
        lines_done(l);
}

int say_wrong(const char *format, ...) {
        va_list ap;

        fprintf(stderr, "twitchctl: ");
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fprintf(stderr, "\n");
        return -EINVAL;
}

const char* say_date(int64_t usec, int64_t utc_offset_s, char ret[static DATE_SIZE]) {
        time_t local = (time_t) (usec / 1000000 + utc_offset_s);
        struct tm tm;

        if (!gmtime_r(&local, &tm) || strftime(ret, DATE_SIZE, "%Y-%m-%d", &tm) == 0)
                ret[0] = 0;
        return ret;
}

int64_t say_utc_offset_s(int64_t usec) {
        time_t t = (time_t) (usec / 1000000);
        struct tm tm;

        return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

int say_parse_date(const char *option, const char *text, int64_t *ret_usec) {
        struct tm tm = { .tm_isdst = -1 };
        const char *end = strptime(text, "%Y-%m-%d", &tm);
        time_t t = end && *end == 0 ? mktime(&tm) : -1;

        if (t == -1)
                return say_wrong(SAY_BAD_DATE, option, text);
        *ret_usec = (int64_t) t * 1000000;
        return 0;
}

int say_parse_number(const char *option, const char *text, unsigned least, unsigned most, unsigned *ret) {
        char *end;
        unsigned long value = strtoul(text, &end, 10);

        if (end == text || *end || text[0] == '-' || value < least || value > most)
                return say_wrong(SAY_BAD_NUMBER, option, least, most, text);
        *ret = (unsigned) value;
        return 0;
}
