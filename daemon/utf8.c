/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "utf8.h"
#include "util.h"

/* Table 3-7 of the Unicode standard: for a first byte, how many there are, and the limits of the second. */
static const struct {
        unsigned char first, last, n, low, high;
} forms[] = {
        { 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
        { 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
        { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

unsigned utf8_length(const char *text, size_t size) {
        const unsigned char *s = (const unsigned char*) text;
        size_t k = 0;

        if (size == 0)
                return 0;
        while (k < ELEMENTSOF(forms) && (s[0] < forms[k].first || s[0] > forms[k].last))
                k++;
        if (k == ELEMENTSOF(forms) || forms[k].n > size)
                return 0;
        for (unsigned i = 1; i < forms[k].n; i++)
                if (s[i] < (i == 1 ? forms[k].low : 0x80) || s[i] > (i == 1 ? forms[k].high : 0xbf))
                        return 0;
        return forms[k].n;
}

bool utf8_is_valid(const char *s, size_t n) {
        for (size_t i = 0; i < n;) {
                unsigned k = utf8_length(s + i, n - i);
                if (k == 0)
                        return false;
                i += k;
        }
        return true;
}

/* Of a valid character of n bytes */
static uint32_t code_point(const char *text, unsigned n) {
        const unsigned char *s = (const unsigned char*) text;
        uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);

        for (unsigned i = 1; i < n; i++)
                c = c << 6 | (s[i] & 0x3f);
        return c;
}

bool utf8_is_fit(const char *s, unsigned n) {
        uint32_t c = code_point(s, n);

        /* controls, separators */
        return !(c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
                 c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                 (c >= 0x2066 && c <= 0x2069) ||
                 /* direction, no characters */
                 c == 0xfeff || (c & 0xfffe) == 0xfffe);
}

size_t utf8_clean(char *ret, size_t size, const char *s, size_t n) {
        static const char replacement[] = "\xef\xbf\xbd";
        size_t length = 0;
        bool in_run = false;

        n = strnlen(s, n);
        while (n > 0 && strchr(" \n\r\t", *s)) {
                s++;
                n--;
        }
        while (n > 0 && strchr(" \n\r\t", s[n - 1]))
                n--;
        while (n > 0) {
                unsigned k = utf8_length(s, n);
                bool unfit = k == 0 || !utf8_is_fit(s, k);
                const char *from = unfit ? replacement : s;
                size_t bytes = unfit ? strlen(replacement) : k;

                if (!(unfit && in_run)) {
                        if (length + bytes >= size)
                                break;
                        memcpy(ret + length, from, bytes);
                        length += bytes;
                }
                in_run = unfit;
                s += k > 0 ? k : 1;
                n -= k > 0 ? k : 1;
        }
        ret[length] = 0;
        return length;
}
