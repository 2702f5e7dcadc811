/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sinc3.h"

#define INPUT_HZ_MAX 16000.0

void sinc3_init(Sinc3 *s, unsigned factor) {
        *s = (Sinc3) { .factor = factor };
}

int sinc3_next(Sinc3 *s, double x, double *ret) {
        for (unsigned k = 0; k < 3; k++) {
                double *oldest = s->rings[k] + s->next, sum = 0;

                *oldest = x;
                /* anew each time: a running sum would drift */
                for (unsigned i = 0; i < s->factor; i++)
                        sum += s->rings[k][i];
                x = sum / s->factor;
        }
        s->next = (s->next + 1) % s->factor;
        if (++s->fill < s->factor)
                return 0;
        s->fill = 0;
        *ret = x;
        return 1;
}

double sinc3_delay(const Sinc3 *s) {
        return 1.5 * (s->factor - 1);
}

void sinc3_shift(Sinc3 *s, unsigned n) {
        s->fill = (s->fill + n) % s->factor;
}

unsigned sinc3_factor(double rate_hz) {
        unsigned factor = 16;

        while (factor > 1 && rate_hz * factor > INPUT_HZ_MAX)
                factor /= 2;
        return factor;
}
