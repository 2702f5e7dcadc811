/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values between samples. */
#pragma once

/* The cubic through four values (Lagrange): their weights at a place between the second (0) and the third (1). */
static inline void cubic_weights(double at, float ret[static 4]) {
        ret[0] = (float) (-at * (at - 1) * (at - 2) / 6);
        ret[1] = (float) ((at + 1) * (at - 1) * (at - 2) / 2);
        ret[2] = (float) (-(at + 1) * at * (at - 2) / 2);
        ret[3] = (float) ((at + 1) * at * (at - 1) / 6);
}
