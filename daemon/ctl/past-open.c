/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "answers/sayings.h"
#include "bus.h"
#include "past-open.h"
#include "store/history.h"
#include "twitchd.h"

#define HISTORY_PATH TWITCHD_PATH "/history"
#define HISTORY_INTERFACE "org.twitchd1.History"

const char *arg_history = NULL;

/* Takes over db. */
static int read_all(sqlite3 *db, Past **ret) {
        int r = past_read(db, ret);

        if (r < 0)
                fprintf(stderr, "twitchctl: " SAY_CANNOT_OPEN "\n", strerror(-r));
        return r;
}

/* The copy has no name: it is mapped for as long as this program runs. */
static int open_copy(int fd, sqlite3 **ret) {
        struct stat st;
        void *map;

        if (fstat(fd, &st) < 0)
                return -errno;
        map = mmap(NULL, (size_t) st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED)
                return -errno;
        if (sqlite3_open(":memory:", ret) != SQLITE_OK ||
            sqlite3_deserialize(*ret, "main", map, st.st_size, st.st_size, SQLITE_DESERIALIZE_READONLY)
                            != SQLITE_OK) {
                sqlite3_close(*ret);
                return -EUCLEAN;
        }
        return 0;
}

static int open_from_service(sqlite3 **ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int fd, r;

        r = bus_open(&bus);
        if (r < 0)
                return r;
        r = bus_new_call(bus, HISTORY_PATH, HISTORY_INTERFACE, "OpenSnapshot", &call);
        if (r >= 0)
                r = bus_call(bus, call, &error, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return bus_complain(r, &error);
        r = open_copy(fd, ret);
        if (r < 0)
                fprintf(stderr, "twitchctl: " SAY_CANNOT_OPEN "\n", strerror(-r));
        return r;
}

int past_open(Past **ret) {
        sqlite3 *db = NULL;
        int r;

        if (arg_history) {
                r = history_open_readonly(arg_history, &db);
                if (r < 0)
                        fprintf(stderr, "twitchctl: " SAY_CANNOT_OPEN "\n", strerror(-r));
        } else
                r = open_from_service(&db);
        return r < 0 ? r : read_all(db, ret);
}

int past_open_bus(sd_bus **ret) {
        if (arg_history) {
                fprintf(stderr, "twitchctl: " SAY_NEEDS_SERVICE "\n");
                return -EPERM;
        }
        return bus_open(ret);
}

int past_call(sd_bus *bus, const char *member, uint64_t *ret, const char *types, ...) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        va_list ap;

        int r = bus_new_call(bus, HISTORY_PATH, HISTORY_INTERFACE, member, &call);
        if (r < 0)
                return bus_complain(r, &error);
        va_start(ap, types);
        r = sd_bus_message_appendv(call, types, ap);
        va_end(ap);
        if (r >= 0)
                r = bus_call(bus, call, &error, &reply);
        if (r >= 0 && ret)
                r = sd_bus_message_read(reply, "t", ret);
        return r < 0 ? bus_complain(r, &error) : 0;
}
