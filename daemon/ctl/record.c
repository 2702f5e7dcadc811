/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl record start, stop, list, get, repair: all samples to files. */
#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "recordings.h"
#include "say.h"
#include "store/recording.h"
#include "table.h"
#include "text.h"
#include "twitchd.h"
#include "util.h"
#include "verbs.h"
#include "when.h"

/* name: of StartRecordingAs; else NULL */
static int ask(const char *method, const char *name) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *dir;
        int on;

        int r = bus_open(&bus);
        if (r < 0)
                return r;
        r = sd_bus_call_method(bus, TWITCHD_BUS_NAME, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE, method,
                               &error, &reply, name ? "s" : "", name);
        if (r >= 0)
                r = sd_bus_message_read(reply, "sb", &dir, &on);
        if (r < 0)
                return bus_complain(r, &error);
        if (on)
                printf("All samples go to %s, a file an hour.\n", dir);
        else
                printf("No samples are recorded. The files are in %s.\n", dir);
        return 0;
}

static int start(int argc, char **argv) {
        if (argc > 1 && strchr(argv[1], '/')) {
                fprintf(stderr,
                        "twitchctl: %s: the service writes to a folder of its own: a name without \"/\"\n",
                        argv[1]);
                return EXIT_USAGE;
        }
        return argc > 1 ? ask("StartRecordingAs", argv[1]) : ask("StartRecording", NULL);
}

static int stop(int argc, char **argv) {
        return ask("StopRecording", NULL);
}

static int repair_file(const char *path) {
        int r = recording_repair(path, NULL);

        if (r < 0)
                fprintf(stderr, "twitchctl: %s: %s\n", path,
                        r == -EBADMSG ? "this is no EDF or BDF file with a whole data record" :
                                r == -EBUSY ?
                                        "it is being written; what it has until now can be read as it is" :
                                        strerror(-r));
        else {
                text_print(stdout, path, 0);
                printf(": %s\n", r > 0 ? "mended" : "was whole");
        }
        return r;
}

static int repair(int argc, char **argv) {
        int result = 0;

        for (int i = 1; i < argc; i++) {
                int r = repair_file(argv[i]);
                if (r < 0)
                        result = r;
        }
        return result;
}

/* --- those that there are -------------------------------------------------------------------- */

static int list(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        static const TableColumn columns[] = {
                { "number", TABLE_RIGHT },
                { "began", 0 },
                { "minutes", TABLE_RIGHT },
                { "session", TABLE_RIGHT },
                { "state", 0 },
                { "file", TABLE_TRUNCATE },
                {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        char when[32];
        int rc;

        int r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h,
                          "SELECT r.id, r.start_boottime_usec + b.utc_minus_boottime_usec, s.utc_offset_s,"
                          " (coalesce(r.end_boottime_usec, r.start_boottime_usec) - r.start_boottime_usec) "
                          "/ 1e6, r.session, r.state, r.path"
                          " FROM recording r JOIN session s ON s.id = r.session JOIN boot b ON b.id = "
                          "s.boot ORDER BY 2, 1",
                          "");
        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                table_add_row(t);
                table_set(t, 0, "%lld", sqlite3_column_int64(q, 0));
                table_set(t, 1, "%s",
                          when_text(sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2), when));
                if (sqlite3_column_double(q, 3) > 0)
                        table_set(t, 2, "%.1f", sqlite3_column_double(q, 3) / 60);
                table_set(t, 3, "%lld", sqlite3_column_int64(q, 4));
                table_set(t, 4, "%s", history_text(q, 5));
                table_set(t, 5, "%s", history_text(q, 6));
        }
        if (rc != SQLITE_DONE)
                return history_complain(&h);
        if (table_rows(t) == 0)
                puts("There are no recordings.");
        return table_print(t, stdout);
}

/* The file as it is now, by the service: its folder is nobody else's. */
static int get(int argc, char **argv) {
        _cleanup_close_ int from = -EBADF;
        unsigned id;

        if (say_parse_number("NUMBER", argv[1], 1, UINT32_MAX, &id) < 0)
                return EXIT_USAGE;
        int r = recordings_fetch(id, &from);
        return r < 0 ? r : recordings_copy(from, argv[2]);
}

static const Option list_options[] = {
        HISTORY_OPTION,
        {},
};

static const Verb subs[] = {
        { .name = "start",
          .args = "[NAME]",
          .summary = "Record all front ends from now on",
          .bus = true,
          .run = start,
          .text = "Until record stop, or the end of the service. The names of the files begin with NAME, "
                  "then comes "
                  "the front end and when it was. To record always, or during sessions, set \"when\" in "
                  "[recording] of "
                  "the configuration." },
        { .name = "stop",
          .args = "",
          .summary = "Record no longer than the configuration wants it",
          .bus = true,
          .run = stop,
          .text = "Closes the files." },
        { .name = "list",
          .args = "",
          .summary = "The recordings that the history knows",
          .bus = true,
          .options = list_options,
          .run = list,
          .text = "\"repaired\": it was being written when the service or the machine went down; "
                  "\"deleted\": for want of "
                  "room. A file being written ends with \".part\"." },
        { .name = "get",
          .args = "NUMBER FILE",
          .summary = "Copy a recording out of the service's folder",
          .bus = true,
          .run = get,
          .text = "As it is now, also while it is being written. Nothing is overwritten." },
        { .name = "repair",
          .args = "FILE...",
          .summary = "Mend EDF and BDF files that were never closed",
          .run = repair,
          .text = "The service does so for its own when it starts. "
                  "After a crash or a power cut: says in the header how many data records there are, and "
                  "cuts off the part of one at "
                  "the end. Nothing else in the file is touched. A name that ends with .part loses that." },
        {},
};

const Verb verb_record = {
        .name = "record",
        .args = "",
        .summary = "All samples to BDF+ files: start, stop, list, get, repair",
        .text = "The service writes all samples of all front ends to files in its state directory, a file "
                "an hour, with what was "
                "found as annotations. twitchctl analyze reads them, and so do other programs for EDF and "
                "BDF.",
        .subs = subs,
};
