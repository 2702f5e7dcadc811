/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl stream: every sample as it comes, on standard output. */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>

#include "bus.h"
#include "ctl.h"
#include "snapshot.h"
#include "text.h"
#include "twitchd.h"
#include "verbs.h"

#define CHANNELS_MAX 1024u
#define READ_BYTES (64u * 1024)

static const char *arg_channels = NULL;
static bool arg_raw = false;
static double arg_seconds = 0;          /* 0: until Ctrl-C */

typedef struct Reader {
        int fd;
        uint32_t record_bytes;
        double rate_hz;
        uint32_t channels[CHANNELS_MAX];
        double lsb_uv[CHANNELS_MAX];
        size_t n_channels;
        uint64_t n_records, n_missed;
} Reader;

static volatile sig_atomic_t interrupted = false;

static void on_interrupt(int number) {
        interrupted = true;
}

/* --- opening ------------------------------------------------------------------ */

static int append_channels(sd_bus_message *call) {
        _cleanup_free_ char *copy = strdup(arg_channels);
        uint32_t channels[CHANNELS_MAX];
        size_t n = 0;
        char *saved, *end;
        int r;

        if (!copy)
                return -ENOMEM;
        for (char *w = strtok_r(copy, ",", &saved); w; w = strtok_r(NULL, ",", &saved)) {
                unsigned long channel = strtoul(w, &end, 10);

                if (*w < '0' || *w > '9' || *end || channel < 1 || channel > CHANNELS_MAX ||
                    n == CHANNELS_MAX) {
                        fprintf(stderr,
                                "twitchctl: --channels takes numbers from 1, as in 1,3, not \"%s\"\n",
                                arg_channels);
                        return EXIT_USAGE;
                }
                channels[n++] = (uint32_t) channel - 1;
        }
        if ((r = sd_bus_message_open_container(call, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(call, "s", "channels")) < 0 ||
            (r = sd_bus_message_open_container(call, 'v', "au")) < 0 ||
            (r = sd_bus_message_append_array(call, 'u', channels, n * sizeof channels[0])) < 0 ||
            (r = sd_bus_message_close_container(call)) < 0)
                return r;
        return sd_bus_message_close_container(call);
}

static int read_array(sd_bus_message *m, char type, void *ret, size_t item, size_t *ret_n) {
        const char contents[] = { 'a', type, 0 };
        const void *data;
        size_t size;
        int r;

        if ((r = sd_bus_message_enter_container(m, 'v', contents)) < 0 ||
            (r = sd_bus_message_read_array(m, type, &data, &size)) < 0)
                return r;
        *ret_n = MIN(size / item, (size_t) CHANNELS_MAX);
        memcpy(ret, data, *ret_n * item);
        return sd_bus_message_exit_container(m);
}

static int read_format(sd_bus_message *m, Reader *reader) {
        const char *name;
        size_t n;
        int r;

        if ((r = sd_bus_message_enter_container(m, 'a', "{sv}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                if ((r = sd_bus_message_read_basic(m, 's', &name)) < 0)
                        return r;
                if (streq(name, "record_bytes"))
                        r = sd_bus_message_read(m, "v", "u", &reader->record_bytes);
                else if (streq(name, "rate_hz"))
                        r = sd_bus_message_read(m, "v", "d", &reader->rate_hz);
                else if (streq(name, "channels"))
                        r = read_array(m, 'u', reader->channels, sizeof reader->channels[0],
                                       &reader->n_channels);
                else if (streq(name, "lsb_uv"))
                        r = read_array(m, 'd', reader->lsb_uv, sizeof reader->lsb_uv[0], &n);
                else
                        r = sd_bus_message_skip(m, "v");
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return reader->n_channels == 0 || reader->record_bytes != 16 + 4 * reader->n_channels ? -EBADMSG : 0;
}

static int open_stream(sd_bus *bus, const char *path, Reader *reader) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r, fd;

        if ((r = bus_new_call(bus, path, TWITCHD_MONITOR_INTERFACE, "OpenStream", &call)) < 0 ||
            (r = sd_bus_message_open_container(call, 'a', "{sv}")) < 0 ||
            (r = arg_channels ? append_channels(call) : 0) < 0)
                return bus_complain(r, NULL);
        if (r == EXIT_USAGE)
                return r;
        if ((r = sd_bus_message_close_container(call)) < 0 ||
            (r = bus_call(bus, call, &error, &reply)) < 0 ||
            (r = sd_bus_message_read(reply, "h", &fd)) < 0 ||
            (r = read_format(reply, reader)) < 0)
                return bus_complain(r, &error);
        reader->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return reader->fd < 0 ? bus_complain(-errno, NULL) : 0;
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
        for (size_t i = 0; i < reader->n_channels; i++)
                printf(",ch%u_uv", reader->channels[i] + 1);
        putchar('\n');
}

static void print_record(Reader *reader, const char *record) {
        uint32_t counts[2];
        int64_t time_ns;

        memcpy(&time_ns, record, sizeof time_ns);
        memcpy(counts, record + sizeof time_ns, sizeof counts);
        reader->n_missed += counts[0];
        reader->n_records++;
        if (arg_raw) {
                fwrite(record, 1, reader->record_bytes, stdout);
                return;
        }
        printf("%" PRId64 ".%09" PRId64 ",%u,%u", time_ns / (int64_t) NSEC_PER_SEC,
               time_ns % (int64_t) NSEC_PER_SEC, counts[0],
               counts[1]);
        for (size_t i = 0; i < reader->n_channels; i++) {
                int32_t word;

                memcpy(&word, record + 16 + i * sizeof word, sizeof word);
                printf(",%.3f", (double) (word >> 8) * reader->lsb_uv[i]);
        }
        putchar('\n');
}

/* Until enough has come, the service closes it, nobody reads us or Ctrl-C. */
static int copy(Reader *reader) {
        static char buffer[READ_BYTES];
        uint64_t wanted = arg_seconds > 0 ? (uint64_t) (arg_seconds * reader->rate_hz + 0.5) : UINT64_MAX;
        size_t have = 0;

        while (!interrupted && reader->n_records < wanted) {
                ssize_t n = read(reader->fd, buffer + have, sizeof buffer - have);
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
                for (; have - used >= reader->record_bytes && reader->n_records < wanted;
                     used += reader->record_bytes)
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
        _cleanup_free_ Reader *reader = calloc(1, sizeof *reader);
        _cleanup_free_ char *path = NULL;
        struct sigaction action = { .sa_handler = on_interrupt };
        int r;

        if (!reader)
                return -ENOMEM;
        if ((r = bus_open(&bus)) < 0 ||
            (r = choose_monitor(bus, argc > 1 ? argv[1] : NULL, &path)) < 0 ||
            (r = open_stream(bus, path, reader)) != 0)
                return r;
        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
        print_header(reader);
        r = copy(reader);
        close(reader->fd);
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
