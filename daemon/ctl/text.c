/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <sys/ioctl.h>

#include "text.h"
#include "util.h"

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

int text_columns(void) {
        const char *e = getenv("COLUMNS");
        struct winsize size;
        int n = e ? atoi(e) : 0;

        if (n <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0)
                n = size.ws_col;
        if (n <= 0)
                return 80;
        n = MAX(n, 40);
        return MIN(n, 1000);
}

/* One line of the text, without a newline in it */
static void wrap_line(FILE *f, const char *s, size_t n, int indent, int width) {
        int column = indent;

        for (size_t i = 0; i < n;) {
                size_t word = 0;
                while (i + word < n && s[i + word] != ' ')
                        word++;
                int columns = 0;
                for (size_t k = 0; k < word; k++)
                        columns += !is_continuation(s[i + k]);
                if (column > indent && column + 1 + columns > width) {
                        fprintf(f, "\n%*s", indent, "");
                        column = indent;
                } else if (column > indent) {
                        putc(' ', f);
                        column++;
                }
                fwrite(s + i, 1, word, f);
                column += columns;
                for (i += word; i < n && s[i] == ' '; i++)
                        ;
        }
        putc('\n', f);
}

void text_wrap(FILE *f, const char *text, int indent, int width) {
        for (bool first = true;; first = false) {
                size_t n = strcspn(text, "\n");

                if (!first && n > 0)
                        fprintf(f, "%*s", indent, "");
                if (text[0] == ' ')
                        fprintf(f, "%.*s\n", (int) n, text);
                else
                        wrap_line(f, text, n, indent, width);
                if (!text[n])
                        return;
                text += n + 1;
        }
}
