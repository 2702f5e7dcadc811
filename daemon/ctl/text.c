/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "text.h"

static int is_continuation(char c) {
        return ((unsigned char) c & 0xc0) == 0x80;
}

int text_width(const char *s) {
        int n = 0;

        for (; *s; s++)
                n += !is_continuation(*s);
        return n;
}

void text_print(FILE *f, const char *s, int width) {
        int n = text_width(s);

        for (; *s; s++)
                putc((unsigned char) *s < 0x20 || *s == 0x7f ? '?' : *s, f);
        for (; n < width; n++)
                putc(' ', f);
}

const char* text_duration(double seconds, unsigned decimals, char ret[static 40]) {
        if (!isfinite(seconds) || fabs(seconds) > 1e12) {
                snprintf(ret, 40, "-");
                return ret;
        }
        /* Rounded before it is taken apart, or 59.9996 would print as 60.000. */
        double unit = pow(10, decimals), rounded = round(seconds * unit) / unit;
        long long whole = (long long) floor(rounded / 60);
        snprintf(ret, 40, "%lld:%02lld:%0*.*f", whole / 60, whole % 60, decimals ? (int) decimals + 3 : 2,
                 (int) decimals, rounded - 60.0 * (double) whole);
        return ret;
}

const char* text_number(double value, unsigned decimals, const char *unit, char ret[static 64]) {
        if (isnan(value))
                snprintf(ret, 64, "-");
        else
                snprintf(ret, 64, "%.*f%s", (int) decimals, value, unit);
        return ret;
}

const char* text_rate(double events, double exposure_s, char ret[static 64]) {
        return text_number(exposure_s > 0 ? events / (exposure_s / 60) : NAN, 2, "", ret);
}
