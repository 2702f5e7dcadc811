/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "utf8.h"

unsigned utf8_length(const char *text, size_t size) {
        const unsigned char *s = (const unsigned char*) text;

        if (size == 0)
                return 0;
        unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
                     s[0] < 0xf5 ? 4 : 0;

        if (n > size)
                return 0;
        for (unsigned i = 1; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
            (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
                return 0;
        return n;
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

static bool is_unfit(uint32_t c) {
        /* controls, separators */
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
               c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
               /* direction, no characters */
               c == 0xfeff || (c & 0xfffe) == 0xfffe;
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
                bool unfit = k == 0 || is_unfit(code_point(s, k));
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
