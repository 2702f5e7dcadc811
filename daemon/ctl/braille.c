/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "braille.h"
#include "util.h"

struct Braille {
        unsigned width, height;
        uint8_t cells[];
};

Braille* braille_new(unsigned width, unsigned height) {
        Braille *b;

        if (width == 0 || width > 400 || height == 0 || height > 100)
                return NULL;
        b = calloc(1, sizeof(*b) + (size_t) width * height);
        if (b) {
                b->width = width;
                b->height = height;
        }
        return b;
}

Braille* braille_free(Braille *b) {
        free(b);
        return NULL;
}

void braille_dot(Braille *b, int x, int y) {
        /* bits of the Unicode block: dots 1-3 and 7 on the left, 4-6 and 8 on the right, from above */
        static const uint8_t bits[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };
        int row = 4 * (int) b->height - 1 - y;

        if (x < 0 || x >= 2 * (int) b->width || row < 0 || y < 0)
                return;
        b->cells[(unsigned) row / 4 * b->width + (unsigned) x / 2] |= bits[row % 4][x % 2];
}

/* U+2800 and the bits, in UTF-8 */
void braille_print(const Braille *b, FILE *f, int indent) {
        for (unsigned row = 0; row < b->height; row++) {
                fprintf(f, "%*s", indent, "");
                for (unsigned x = 0; x < b->width; x++) {
                        unsigned code = 0x2800 + b->cells[row * b->width + x];

                        fprintf(f, "%c%c%c", 0xe0 | code >> 12, 0x80 | (code >> 6 & 0x3f),
                                0x80 | (code & 0x3f));
                }
                putc('\n', f);
        }
}
