/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl stream: every sample as it comes, on standard output. */
#include <inttypes.h>
#include <signal.h>

#include "bus.h"
#include "ctl.h"
#include "scans.h"
#include "snapshot.h"
#include "text.h"
#include "twitchd.h"
#include "verbs.h"

#define READ_BYTES (64u * 1024)

static const char *arg_channels = NULL;
static bool arg_raw = false;
static double arg_seconds = 0;          /* 0: until Ctrl-C */

typedef struct Reader {
        Scans scans;
        uint64_t n_records, n_missed;
} Reader;

static volatile sig_atomic_t interrupted = false;

static void on_interrupt(int number) {
        interrupted = true;
}

/* The one that was named, or the only one. */
static int choose_monitor(sd_bus *bus, const char *name, char **ret_path) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(snapshot_done) Snapshot s = {};
        const MonitorInfo *chosen = NULL;

        int r = snapshot_fetch(bus, &s, &error);
        if (r < 0)
                return bus_complain(r, &error);
        for (size_t i = 0; i < s.n_monitors; i++)
                if (name ? streq(s.monitors[i].name, name) : s.n_monitors == 1)
                        chosen = s.monitors + i;
        if (!chosen) {
                fprintf(stderr, s.n_monitors == 0 ?
                        "twitchctl: no front end is there: is the hat plugged in?\n" :
                        name ? "twitchctl: there is no front end of that name: see twitchctl list\n" :
                               "twitchctl: there are several front ends: name one, see twitchctl list\n");
                return -ENODEV;
        }
        *ret_path = strdup(chosen->path);
        return *ret_path ? 0 : -ENOMEM;
}

/* --- reading ---------------------------------------------------------------------- */

static void print_header(const Reader *reader) {
        if (arg_raw)
                return;
        fputs("boottime_s,missed,lost", stdout);
        for (size_t i = 0; i < reader->scans.n_channels; i++)
                printf(",ch%u_uv", reader->scans.channels[i] + 1);
        putchar('\n');
}

static void print_record(Reader *reader, const char *record) {
        ScanHead head;

        memcpy(&head, record, sizeof head);
        reader->n_missed += head.missed;
        reader->n_records++;
        if (arg_raw) {
                fwrite(record, 1, reader->scans.record_bytes, stdout);
                return;
        }
        printf("%" PRId64 ".%09" PRId64 ",%u,%u", head.time_ns / (int64_t) NSEC_PER_SEC,
               head.time_ns % (int64_t) NSEC_PER_SEC, head.missed, head.lost);
        for (size_t i = 0; i < reader->scans.n_channels; i++)
                printf(",%.3f", scans_uv(&reader->scans, record, i));
        putchar('\n');
}

/* Until enough has come, the service closes it, nobody reads us or Ctrl-C. */
static int copy(Reader *reader) {
        static char buffer[READ_BYTES];
        uint64_t wanted = arg_seconds > 0 ? (uint64_t) (arg_seconds * reader->scans.rate_hz + 0.5) : UINT64_MAX;
        size_t have = 0;

        while (!interrupted && reader->n_records < wanted) {
                ssize_t n = read(reader->scans.fd, buffer + have, sizeof buffer - have);
                if (n < 0 && errno != EINTR) {
                        fprintf(stderr, "twitchctl: the stream cannot be read: %m\n");
                        return -errno;
                }
                if (n == 0) {
                        fprintf(stderr, "twitchctl: the front end went away or was set up anew\n");
                        return -ENODEV;
                }
                have += n > 0 ? (size_t) n : 0;
                size_t used = 0;
                for (; have - used >= reader->scans.record_bytes && reader->n_records < wanted;
                     used += reader->scans.record_bytes)
                        print_record(reader, buffer + used);
                memmove(buffer, buffer + used, have - used);
                have -= used;
                if (fflush(stdout) != 0)
                        return errno == EPIPE ? 0 : -errno;
        }
        return 0;
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ Reader *reader = calloc(1, sizeof *reader);
        _cleanup_free_ char *path = NULL;
        struct sigaction action = { .sa_handler = on_interrupt };
        int r;

        if (!reader)
                return -ENOMEM;
        if ((r = bus_open(&bus)) < 0 ||
            (r = choose_monitor(bus, argc > 1 ? argv[1] : NULL, &path)) < 0)
                return r;
        r = scans_open(bus, path, arg_channels, &reader->scans, &error);
        if (r != 0)
                return r < 0 ? bus_complain(r, &error) : r;
        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
        print_header(reader);
        r = copy(reader);
        close(reader->scans.fd);
        if (reader->n_missed > 0)
                fprintf(stderr, "twitchctl: %" PRIu64 " scans were missed: too slow a reader\n",
                        reader->n_missed);
        return r;
}

static int parse_seconds(const char *s) {
        char *end;
        double value = strtod(s, &end);

        if (end == s || *end || !(value > 0 && value <= 1e9)) {
                fprintf(stderr, "twitchctl: --seconds takes a number, not \"%s\"\n", s);
                return -EINVAL;
        }
        arg_seconds = value;
        return 0;
}

static const Option options[] = {
        { "channels", .value = "LIST", .text = &arg_channels,
          .help = "Only these, counted from 1, in this order: 1,3." },
        { "seconds", .value = "N", .parse = parse_seconds,
          .help = "End after so much; without it, at Ctrl-C." },
        { "raw", .flag = &arg_raw,
          .help = "The records as the service sends them, instead of text (see org.twitchd1(5))." },
        {},
};

const Verb verb_stream = {
        .name = "stream",
        .args = "[FRONT-END]",
        .summary = "Every sample as it comes, in microvolts",
        .text = "One line a scan: the time of its data-ready edge in seconds since the boot, how many "
                "scans before it were missed because the reader was too slow, 1 if the device lost scans "
                "before it, and the channels in microvolts.\n"
                "\n"
                "A reader that is too slow loses scans and is told how many; it keeps neither the service "
                "nor other readers waiting.",
        .bus = true,
        .options = options,
        .run = run,
};
