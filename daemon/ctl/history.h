/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The history for verbs: a copy to read, and requests to change it.
 *
 *      _cleanup_(history_close) History h = {};
 *      int r = history_read(&h);               // complains by itself
 *      if (r < 0)
 *              return r;
 *      sqlite3_prepare_v2(h.db, ...)           // daemon/store/README.md says what is in it
 */
#pragma once

#include <sqlite3.h>
#include <systemd/sd-bus.h>

#include "verb.h"

/* --history=FILE: a copy or an export instead of the service's. For the options of a verb that reads. */
extern const char *arg_history;
#define HISTORY_OPTION                                                                  \
        { .name = "history", .value = "FILE", .text = &arg_history,                     \
          .help = "Read FILE, an export or a copy, instead of asking the service." }

typedef struct History {
        sqlite3 *db;                            /* to read only */
        void *map;                              /* what db lies in, or NULL */
        size_t size;
} History;

/* Of --history, else a consistent copy from the service, which is started for it. Complains by itself. */
int history_read(History *ret);
void history_close(History *h);

/* A copy of the service's as a descriptor to read. Complains by itself. */
int history_open_copy(int *ret_fd);

/* Calls a method of org.twitchd1.History. ret_reply may be NULL. Complains by itself. */
int history_call(const char *member, sd_bus_message **ret_reply, const char *types, ...);

/* The same in two steps, for arguments that are built. */
int history_new_call(const char *member, sd_bus **ret_bus, sd_bus_message **ret);
int history_send(sd_bus *bus, sd_bus_message *call, sd_bus_message **ret_reply);

/* Whether what is found is remembered. */
typedef struct HistoryState {
        char *state, *file, *damaged_file;      /* state NULL: the service does not say */
        uint64_t n_waiting, n_lost;
} HistoryState;

void history_fetch_state(sd_bus *bus, HistoryState *ret);
void history_state_done(HistoryState *s);

/* A statement on db; complains and returns NULL if there is none. Parameters: as sql_run() of store/sql.h. */
sqlite3_stmt* history_query(const History *h, const char *text, const char *types, ...);
/* Says what went wrong with a statement of it; -EIO. */
int history_complain(const History *h);

/* Text of a column: empty for NULL. */
const char* history_text(sqlite3_stmt *s, int column);

/* "there is no site ..."; -EINVAL */
int complain_of_site(const char *site);

static inline void history_finalize(sqlite3_stmt **s) {
        sqlite3_finalize(*s);
}
