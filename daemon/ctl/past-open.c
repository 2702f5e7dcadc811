/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answers/sayings.h"
#include "past-open.h"
#include "say.h"

int past_open(Past **ret) {
        History h = {};
        int r = history_read(&h);

        if (r < 0)
                return r;
        /* the Past keeps the database, which lies in the map: both stay until the program ends */
        r = past_read(h.db, ret);
        if (r < 0)
                (void) say_wrong(SAY_CANNOT_OPEN, r == -EUCLEAN ? SAY_DAMAGED : strerror(-r));
        return r;
}

int past_may_write(void) {
        if (!arg_history)
                return 0;
        (void) say_wrong(SAY_NEEDS_SERVICE);
        return -EPERM;
}
