/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "progress.h"

#define PATIENCE_USEC USEC_PER_SEC
#define INTERVAL_USEC (200 * USEC_PER_MSEC)
#define BAR "########################################"

void progress_start(Progress *p) {
        *p = (Progress) {
                .wanted = isatty(STDERR_FILENO),
                .next_usec = now_usec() + PATIENCE_USEC,
        };
}

void progress_update(Progress *p, double fraction) {
        if (!p->wanted)
                return;
        usec_t now = now_usec();
        if (now < p->next_usec)
                return;
        p->next_usec = now + INTERVAL_USEC;
        p->shown = true;

        int width = (int) sizeof BAR - 1, n = (int) (MIN(fraction, 1.0) * width);
        (void) dprintf(STDERR_FILENO, "\r[%-*.*s] %3d %%", width, n, BAR, n * 100 / width);
}

void progress_hide(Progress *p) {
        if (p->shown)
                (void) dprintf(STDERR_FILENO, "\r%*s\r", (int) sizeof BAR + 7, "");
        p->shown = false;
}

void progress_finish(Progress *p) {
        progress_hide(p);
        p->shown = p->wanted = false;
}
