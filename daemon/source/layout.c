/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

void layout_done(Layout *l) {
        for (unsigned i = 0; l->signals && i < l->n_signals; i++) {
                free(l->signals[i].label);
                free(l->signals[i].unit);
                free(l->signals[i].useless);
        }
        free(l->signals);
        free(l->stretches);
        notes_done(&l->notes);
        *l = (Layout){};
}

int layout_add_stretch(Layout *l, uint64_t record, double start_s) {
        size_t n = l->n_stretches;

        if ((n & (n - 1)) == 0) { /* full at each power of two */
                Stretch *s = reallocarray(l->stretches, n ? n * 2 : 1, sizeof *s);
                if (!s)
                        return -ENOMEM;
                l->stretches = s;
        }
        l->stretches[l->n_stretches++] = (Stretch){ .first_record = record, .start_s = start_s };
        return 0;
}

const LayoutSignal *layout_annotations(const Layout *l) {
        for (unsigned i = 0; i < l->n_signals; i++)
                if (l->signals[i].annotations)
                        return l->signals + i;
        return NULL;
}
