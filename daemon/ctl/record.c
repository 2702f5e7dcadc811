/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl record start, stop, repair: all samples to files. */
#include <fcntl.h>

#include "bus.h"
#include "ctl.h"
#include "source/edf-writer.h"
#include "twitchd.h"
#include "util.h"
#include "verbs.h"

static int ask(const char *method) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *dir;
        int on;

        int r = bus_open(&bus);
        if (r < 0)
                return r;
        r = sd_bus_call_method(bus, TWITCHD_BUS_NAME, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE, method,
                               &error, &reply, "");
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
        return ask("StartRecording");
}

static int stop(int argc, char **argv) {
        return ask("StopRecording");
}

/* A file that is whole gets its final name. */
static int rename_part(const char *path) {
        size_t n = strlen(path), k = strlen(".part");
        _cleanup_free_ char *final = NULL;

        if (n <= k || !streq(path + n - k, ".part"))
                return 0;
        final = strndup(path, n - k);
        if (!final)
                return -ENOMEM;
        if (access(final, F_OK) == 0)
                return -EEXIST;
        return rename(path, final) < 0 ? -errno : 0;
}

static int repair_file(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        int r = fd < 0 ? -errno : edf_repair(fd), mended = r;
        if (r >= 0)
                r = rename_part(path);
        if (r < 0)
                fprintf(stderr, "twitchctl: %s: %s\n", path,
                        r == -EBADMSG ? "this is no EDF or BDF file with a whole data record" :
                                        strerror(-r));
        else
                printf("%s: %s\n", path, mended ? "mended" : "was whole");
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

static const Verb subs[] = {
        { .name = "start",
          .args = "",
          .summary = "Record all front ends from now on",
          .bus = true,
          .run = start,
          .text = "Until record stop, or the end of the service. To record always, or during sessions, set "
                  "\"when\" in [recording] of the "
                  "configuration." },
        { .name = "stop",
          .args = "",
          .summary = "Record no longer than the configuration wants it",
          .bus = true,
          .run = stop,
          .text = "Closes the files." },
        { .name = "repair",
          .args = "FILE...",
          .summary = "Mend EDF and BDF files that were never closed",
          .run = repair,
          .text = "After a crash or a power cut: says in the header how many data records there are, and "
                  "cuts off the part of one at "
                  "the end. Nothing else in the file is touched. A name that ends with .part loses that." },
        {},
};

const Verb verb_record = {
        .name = "record",
        .args = "",
        .summary = "All samples to BDF+ files: start, stop, repair",
        .text = "The service writes all samples of all front ends to files in its state directory, a file "
                "an hour, with what was "
                "found as annotations. twitchctl analyze reads them, and so do other programs for EDF and "
                "BDF.",
        .subs = subs,
};
