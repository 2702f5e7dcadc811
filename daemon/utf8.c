/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "utf8.h"

unsigned utf8_length(const char *text, size_t size) {
        const unsigned char *s = (const unsigned char*) text;

        if (size == 0)
                return 0;
        unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

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
