/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hint.h"
#include "util.h"

#define LETTERS_MAX 40          /* longer words are near to nothing */

unsigned hint_distance(const char *a, const char *b) {
        unsigned d[LETTERS_MAX + 1][LETTERS_MAX + 1];
        size_t n = strlen(a), m = strlen(b);

        if (n > LETTERS_MAX || m > LETTERS_MAX)
                return LETTERS_MAX;
        for (size_t i = 0; i <= n; i++)
                d[i][0] = (unsigned) i;
        for (size_t k = 0; k <= m; k++)
                d[0][k] = (unsigned) k;
        for (size_t i = 1; i <= n; i++)
                for (size_t k = 1; k <= m; k++) {
                        unsigned changed = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
                        unsigned one_more = 1 + MIN(d[i - 1][k], d[i][k - 1]);
                        unsigned best = MIN(changed, one_more);

                        if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                                best = MIN(best, d[i - 2][k - 2] + 1);
                        d[i][k] = best;
                }
        return d[n][m];
}

void hint_try(Hint *h, const char *word) {
        unsigned distance = hint_distance(h->typed, word);
        size_t n = strlen(h->typed);
        bool is_beginning = n >= 2 && strncmp(h->typed, word, n) == 0;

        /* One letter in four may be wrong, and one more: "lst" is near to "list", "xyz" is not. */
        if (!is_beginning && distance > 1 + strlen(word) / 4)
                return;
        if (h->nearest && distance >= h->distance)
                return;
        h->nearest = word;
        h->distance = distance;
}

const char* hint_text(const Hint *h, char ret[static 96]) {
        if (h->nearest)
                snprintf(ret, 96, "; did you mean \"%s\"?", h->nearest);
        else
                ret[0] = 0;
        return ret;
}
