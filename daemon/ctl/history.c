/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bus.h"
#include "ctl.h"
#include "hint.h"
#include "history.h"
#include "store/history.h"
#include "store/sites.h"
#include "twitchd.h"
#include "utf8.h"

/* A copy of years from a slow card */
#define CALL_TIMEOUT_USEC (60 * USEC_PER_SEC)

const char *arg_history = NULL;

/* --- requests ------------------------------------------------------------------ */

int history_new_call(const char *member, sd_bus **ret_bus, sd_bus_message **ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

        int r = bus_open(&bus);
        if (r < 0)
                return r;
        /* Starts the service: the diary is there without a hat, too. */
        r = sd_bus_message_new_method_call(bus, ret, TWITCHD_BUS_NAME, TWITCHD_HISTORY_PATH,
                                           TWITCHD_HISTORY_INTERFACE, member);
        if (r < 0)
                return bus_complain(r, NULL);
        *ret_bus = TAKE_PTR(bus);
        return 0;
}

int history_send(sd_bus *bus, sd_bus_message *call, sd_bus_message **ret_reply) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        int r = sd_bus_call(bus, call, CALL_TIMEOUT_USEC, &error, ret_reply);
        return r < 0 ? bus_complain(r, &error) : 0;
}

int history_call(const char *member, sd_bus_message **ret_reply, const char *types, ...) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        va_list ap;

        int r = history_new_call(member, &bus, &call);
        if (r < 0)
                return r;
        va_start(ap, types);
        r = sd_bus_message_appendv(call, types, ap);
        va_end(ap);
        return r < 0 ? bus_complain(r, NULL) : history_send(bus, call, ret_reply);
}

static char* get_string(sd_bus *bus, const char *property) {
        char *s = NULL;

        (void) sd_bus_get_property_string(bus, TWITCHD_BUS_NAME, TWITCHD_HISTORY_PATH, TWITCHD_HISTORY_INTERFACE,
                                          property, NULL, &s);
        return s;
}

static uint64_t get_number(sd_bus *bus, const char *property) {
        uint64_t n = 0;

        (void) sd_bus_get_property_trivial(bus, TWITCHD_BUS_NAME, TWITCHD_HISTORY_PATH, TWITCHD_HISTORY_INTERFACE,
                                           property, NULL, 't', &n);
        return n;
}

void history_fetch_state(sd_bus *bus, HistoryState *ret) {
        *ret = (HistoryState) { .state = get_string(bus, "State") };
        if (!ret->state)
                return;
        ret->file = get_string(bus, "File");
        ret->damaged_file = get_string(bus, "DamagedFile");
        ret->n_waiting = get_number(bus, "Waiting");
        ret->n_lost = get_number(bus, "Lost");
}

void history_state_done(HistoryState *s) {
        free(s->state);
        free(s->file);
        free(s->damaged_file);
        *s = (HistoryState) {};
}

/* --- reading -------------------------------------------------------------------- */

int history_open_copy(int *ret_fd) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int fd;

        int r = history_call("OpenSnapshot", &reply, "");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return bus_complain(r, NULL);
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0) {
                r = -errno;
                return bus_complain(r, NULL);
        }
        *ret_fd = fd;
        return 0;
}

/* The copy has no name, so SQLite cannot open it: it is mapped. */
static int map_copy(int fd, History *h) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        h->size = (size_t) st.st_size;
        h->map = mmap(NULL, h->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (h->map == MAP_FAILED) {
                h->map = NULL;
                return -errno;
        }
        int rc = sqlite3_open_v2(":memory:", &h->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_deserialize(h->db, "main", h->map, st.st_size, st.st_size, SQLITE_DESERIALIZE_READONLY);
        return rc == SQLITE_OK ? history_add_functions(h->db) : sql_errno(rc);
}

static int read_copy(History *h) {
        _cleanup_close_ int fd = -EBADF;

        int r = history_open_copy(&fd);
        if (r < 0)
                return r;
        r = map_copy(fd, h);
        if (r < 0)
                fprintf(stderr, "twitchctl: cannot read the copy of the history: %s\n", strerror(-r));
        return r;
}

static int read_file(const char *path, History *h) {
        int r = history_open_readonly(path, &h->db);

        if (r == -EUCLEAN)
                fprintf(stderr, "twitchctl: %s: this is no history, or it is damaged\n", path);
        else if (r == -EPROTONOSUPPORT)
                fprintf(stderr, "twitchctl: %s: written by a later version; this one is " TWITCHD_VERSION "\n", path);
        else if (r < 0)
                fprintf(stderr, "twitchctl: %s: %s\n", path, strerror(-r));
        return r;
}

int history_read(History *ret) {
        History h = {};

        int r = arg_history ? read_file(arg_history, &h) : read_copy(&h);
        if (r < 0) {
                history_close(&h);
                return r;
        }
        *ret = h;
        return 0;
}

void history_close(History *h) {
        sqlite3_close(h->db);
        if (h->map)
                munmap(h->map, h->size);
        *h = (History) {};
}

int history_complain(const History *h) {
        const char *found = sqlite3_errmsg(h->db);
        char text[256];

        utf8_clean(text, sizeof text, found, strlen(found));
        fprintf(stderr, "twitchctl: the history cannot be read: %s\n", text);
        return -EIO;
}

sqlite3_stmt* history_query(const History *h, const char *text, const char *types, ...) {
        sqlite3_stmt *s = NULL;
        va_list ap;

        int rc = sqlite3_prepare_v2(h->db, text, -1, &s, NULL);
        va_start(ap, types);
        if (rc == SQLITE_OK && sql_bind(s, types, ap) < 0)
                rc = SQLITE_ERROR;
        va_end(ap);
        if (rc == SQLITE_OK)
                return s;
        (void) history_complain(h);
        sqlite3_finalize(s);
        return NULL;
}

const char* history_text(sqlite3_stmt *s, int column) {
        return sql_text(s, column);
}

int complain_of_site(const char *site) {
        Hint h = { .typed = site };
        char hint[96];

        for (const char *const *word = site_words; *word; word++)
                hint_try(&h, *word);
        fprintf(stderr, "twitchctl: there is no site \"%s\"%s: " SITE_FORMS "\n", site, hint_text(&h, hint));
        return -EINVAL;
}
