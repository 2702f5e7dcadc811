/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <sys/ioctl.h>

#include "contact.h"
#include "text.h"
#include "utf8.h"
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

int text_write(FILE *f, const char *s, size_t n, const char *allowed) {
        size_t begin = 0;               /* of what can go as it is */
        int count = 0;

        for (size_t i = 0; i < n; count++) {
                unsigned size = utf8_length(s + i, n - i);

                if (size > 0 && (utf8_is_fit(s + i, size) || memchr(allowed, s[i], strlen(allowed)))) {
                        i += size;
                        continue;
                }
                (void) fwrite(s + begin, 1, i - begin, f);
                putc('?', f);
                begin = i += MAX(size, 1u);
        }
        (void) fwrite(s + begin, 1, n - begin, f);
        return count;
}

void text_print(FILE *f, const char *s, int width) {
        for (int n = text_write(f, s, strlen(s), ""); n < width; n++)
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

const char* text_kohm(double ohm, unsigned decimals, char ret[static 64]) {
        if (ohm > CONTACT_OFF_OHM)
                snprintf(ret, 64, ">%.0f", CONTACT_OFF_OHM / 1e3);
        else
                (void) text_number(ohm / 1e3, decimals, "", ret);
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
                (void) text_write(f, s + i, word, "");
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
                if (text[0] == ' ') {
                        (void) text_write(f, text, n, "");
                        putc('\n', f);
                } else
                        wrap_line(f, text, n, indent, width);
                if (!text[n])
                        return;
                text += n + 1;
        }
}
