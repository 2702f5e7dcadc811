/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "errors.h"
#include "util.h"

int bus_error_from_errno(sd_bus_error *error, int r) {
        static const struct {
                int error;
                const char *name, *meaning;
        } table[] = {
#define ERROR_ROW(constant, name, number, meaning) { number, TWITCHD_ERROR(name), meaning },
                TWITCHD_ERRORS(ERROR_ROW)
#undef ERROR_ROW
        };

        if (sd_bus_error_is_set(error))
                return r;
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].error == -r)
                        return sd_bus_error_set(error, table[i].name, table[i].meaning);
        return sd_bus_error_set_errno(error, r);
}
