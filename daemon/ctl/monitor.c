/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twitchctl monitor: twitches as they are found. It outlives the service: what
 * comes and goes is said on standard error, and only events on standard output.
 */
#include <math.h>
#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "bus.h"
#include "ctl.h"
#include "json.h"
#include "monitor-plot.h"
#include "snapshot.h"
#include "text.h"
#include "twitchd.h"
#include "verbs.h"

#define EVENT_CHANNELS_MAX 1024u
#define LABEL_WIDTH 16

static bool arg_plot = false;

typedef struct Watch {
        sd_event *event;
        sd_bus *bus;
        Snapshot snapshot;              /* for labels */
        sd_bus_slot *fetch;             /* of a snapshot under way */
        Plots *plots;                   /* NULL: none are asked for */
} Watch;

/* A Twitch or an Artefact signal */
typedef struct Signal {
        bool is_event;
        uint64_t id;
        uint64_t boottime_usec, to_boottime_usec;       /* the latter of an artefact only */
        const char *word;               /* kind or cause */
        const uint32_t *channels;
        size_t n_channels;
        double amplitude_uv, duration_ms;
        double snr;                     /* NAN: not told */
        const double *lags_ms;
        size_t n_lags;                  /* 0: not told */
        uint32_t discharges, unit;      /* 0: not told */
        uint64_t onset_boottime_usec, end_boottime_usec;        /* 0: not told */
        const char *instance;           /* NULL: not told */
} Signal;

static void watch_done(Watch *w) {
        sd_bus_slot_unref(w->fetch);
        plots_free(w->plots);
        snapshot_done(&w->snapshot);
        sd_bus_flush_close_unref(w->bus);
        sd_event_unref(w->event);
}

static void say(const char *name, const char *text) {
        fputs("twitchctl: ", stderr);
        text_print(stderr, name, 0);
        fputs(": ", stderr);
        text_print(stderr, text, 0);
        fputc('\n', stderr);
}

/* --- reading signals ------------------------------------------------------ */

static int read_lags(sd_bus_message *m, Signal *s) {
        const void *lags;
        size_t size;
        int r;

        if ((r = sd_bus_message_enter_container(m, 'v', "ad")) < 0 ||
            (r = sd_bus_message_read_array(m, 'd', &lags, &size)) < 0)
                return r;
        s->lags_ms = lags;
        s->n_lags = MIN(size / sizeof s->lags_ms[0], (size_t) EVENT_CHANNELS_MAX);
        return sd_bus_message_exit_container(m);
}

static int read_detail(sd_bus_message *m, Signal *s) {
        const char *name, *type;
        int r;

        if ((r = sd_bus_message_read_basic(m, 's', &name)) < 0 ||
            (r = sd_bus_message_peek_type(m, NULL, &type)) < 0)
                return r;
        if (streq(name, "snr") && streq(type, "d"))
                return sd_bus_message_read(m, "v", "d", &s->snr);
        if (streq(name, "discharges") && streq(type, "u"))
                return sd_bus_message_read(m, "v", "u", &s->discharges);
        if (streq(name, "unit") && streq(type, "u"))
                return sd_bus_message_read(m, "v", "u", &s->unit);
        if (streq(name, "lags_ms") && streq(type, "ad"))
                return read_lags(m, s);
        if (streq(name, "onset_boottime_usec") && streq(type, "t"))
                return sd_bus_message_read(m, "v", "t", &s->onset_boottime_usec);
        if (streq(name, "end_boottime_usec") && streq(type, "t"))
                return sd_bus_message_read(m, "v", "t", &s->end_boottime_usec);
        if (streq(name, "instance") && streq(type, "s"))
                return sd_bus_message_read(m, "v", "s", &s->instance);
        return sd_bus_message_skip(m, "v");
}

static int read_details(sd_bus_message *m, Signal *s) {
        int r;

        if ((r = sd_bus_message_enter_container(m, 'a', "{sv}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0)
                if ((r = read_detail(m, s)) < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_channels(sd_bus_message *m, Signal *s) {
        const void *channels;
        size_t size;

        int r = sd_bus_message_read_array(m, 'u', &channels, &size);
        if (r < 0)
                return r;
        s->channels = channels;
        s->n_channels = MIN(size / sizeof(uint32_t), (size_t) EVENT_CHANNELS_MAX);
        return 0;
}

static int read_twitch(sd_bus_message *m, Signal *s) {
        int r;

        *s = (Signal) { .is_event = true, .snr = NAN };
        if ((r = sd_bus_message_read(m, "tts", &s->id, &s->boottime_usec, &s->word)) < 0 ||
            (r = read_channels(m, s)) < 0 ||
            (r = sd_bus_message_read(m, "dd", &s->amplitude_uv, &s->duration_ms)) < 0)
                return r;
        return read_details(m, s);
}

static int read_artefact(sd_bus_message *m, Signal *s) {
        int r;

        *s = (Signal) { .snr = NAN };
        if ((r = sd_bus_message_read(m, "tts", &s->boottime_usec, &s->to_boottime_usec, &s->word)) < 0 ||
            (r = read_channels(m, s)) < 0)
                return r;
        if (s->to_boottime_usec > s->boottime_usec)
                s->duration_ms = (double) (s->to_boottime_usec - s->boottime_usec) / USEC_PER_MSEC;
        return read_details(m, s);
}

/* --- printing ------------------------------------------------------------- */

/* The time of day it was by what the clock shows now. */
static void json_time(Json *j, const char *key, uint64_t boottime_usec) {
        if (boottime_usec > 0)
                json_put_unsigned(j, key, twitchd_realtime_usec(boottime_usec));
}

static void print_json(const char *monitor, const Signal *s) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_put_string(&j, "type", s->is_event ? "event" : "artefact");
        json_put_string(&j, "monitor", monitor);
        if (s->instance)
                json_put_string(&j, "instance", s->instance);
        if (s->is_event) {
                json_put_unsigned(&j, "id", s->id);
                json_time(&j, "time_usec", s->boottime_usec);
                json_put_unsigned(&j, "boottime_usec", s->boottime_usec);
                json_time(&j, "onset_usec", s->onset_boottime_usec);
                json_time(&j, "end_usec", s->end_boottime_usec);
        } else {
                json_time(&j, "from_usec", s->boottime_usec);
                json_time(&j, "to_usec", s->to_boottime_usec);
                json_put_unsigned(&j, "from_boottime_usec", s->boottime_usec);
                json_put_unsigned(&j, "to_boottime_usec", s->to_boottime_usec);
        }
        json_put_string(&j, s->is_event ? "kind" : "cause", s->word);
        json_begin_array(&j, "channels");
        for (size_t i = 0; i < s->n_channels; i++)
                json_put_unsigned(&j, NULL, s->channels[i]);
        json_end(&j);
        if (s->is_event) {
                json_put_double(&j, "amplitude_uv", s->amplitude_uv, 2);
                json_put_double(&j, "duration_ms", s->duration_ms, 1);
                if (!isnan(s->snr))
                        json_put_double(&j, "snr", s->snr, 1);
                if (s->discharges > 0)
                        json_put_unsigned(&j, "discharges", s->discharges);
                if (s->unit > 0)
                        json_put_unsigned(&j, "unit", s->unit);
                if (s->n_lags > 0)
                        json_lags(&j, s->lags_ms, s->n_lags);
        }
        json_end(&j);
        json_line(&j);
}

/* "2026-01-31 12:34:56.789" local time */
static void print_time(uint64_t usec) {
        time_t t = (time_t) (usec / USEC_PER_SEC);
        struct tm tm;
        char text[32];

        if (!localtime_r(&t, &tm) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
                printf("%-23s", "-");
                return;
        }
        printf("%s.%03u", text, (unsigned) (usec % USEC_PER_SEC / USEC_PER_MSEC));
}

/* The strongest channel, or all of them */
static void print_channels(const MonitorInfo *m, const Signal *s) {
        char name[32];

        if (s->n_channels == 0 || (m && m->n_channels > 1 && s->n_channels == m->n_channels))
                text_print(stdout, "all channels", LABEL_WIDTH);
        else
                text_print(stdout, channel_label(m ? monitor_find_channel(m, s->channels[0]) : NULL,
                                                 s->channels[0], name), LABEL_WIDTH);
}

static void print_text(const Watch *w, const MonitorInfo *m, const char *monitor, const Signal *s) {
        print_time(twitchd_realtime_usec(s->boottime_usec));
        fputs("  ", stdout);
        if (w->snapshot.n_monitors > 1) {
                text_print(stdout, monitor, 0);
                fputs("  ", stdout);
        }
        print_channels(m, s);
        fputs("  ", stdout);
        text_print(stdout, s->word, 18);
        if (s->is_event)
                printf("  %9.1f uV  %9.1f ms", s->amplitude_uv, s->duration_ms);
        else
                printf("  %12s  %9.3f s", "not counted", s->duration_ms / 1e3);
        if (s->n_channels > 1 && !(m && s->n_channels == m->n_channels))
                printf("  and %zu more", s->n_channels - 1);
        putchar('\n');
}

static void follow_all(Watch *w) {
        for (size_t i = 0; w->plots && i < w->snapshot.n_monitors; i++)
                plots_follow(w->plots, w->snapshot.monitors[i].path);
}

/* A monitor that reads no longer ends the watch: no failure. */
static int print_signal(Watch *w, const char *path, const Signal *s) {
        const MonitorInfo *m = snapshot_find_monitor(&w->snapshot, path);
        _cleanup_free_ char *name = NULL;

        (void) sd_bus_path_decode(path, TWITCHD_MONITOR_PATH, &name);
        if (arg_json)
                print_json(name ? name : path, s);
        else
                print_text(w, m, name ? name : path, s);
        if (w->plots && s->is_event && s->n_channels > 0) {
                plots_draw(w->plots, path, s->channels[0], s->boottime_usec, stdout);
                plots_follow(w->plots, path);
        }
        if (fflush(stdout) != 0)
                return sd_event_exit(w->event, errno == EPIPE ? 0 : -errno);
        return 0;
}

/* --- what arrives --------------------------------------------------------- */

static int on_twitch(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Signal s;

        int r = read_twitch(m, &s);
        if (r < 0) {
                fprintf(stderr, "twitchctl: a Twitch signal was not understood: %s\n", strerror(-r));
                return 0;
        }
        return print_signal(userdata, sd_bus_message_get_path(m), &s);
}

static int on_artefact(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Signal s;

        int r = read_artefact(m, &s);
        if (r < 0) {
                fprintf(stderr, "twitchctl: an Artefact signal was not understood: %s\n", strerror(-r));
                return 0;
        }
        return print_signal(userdata, sd_bus_message_get_path(m), &s);
}

static int on_interfaces_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Watch *w = userdata;
        size_t n = w->snapshot.n_monitors;

        int r = snapshot_add_object(&w->snapshot, m);
        if (r < 0)
                fprintf(stderr, "twitchctl: a new object was not understood: %s\n", strerror(-r));
        else if (w->snapshot.n_monitors > n)
                say(w->snapshot.monitors[n].name, "connected");
        return 0;
}

static int on_interfaces_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Watch *w = userdata;
        const char *path;

        if (sd_bus_message_read_basic(m, 'o', &path) < 0)
                return 0;
        const MonitorInfo *gone = snapshot_find_monitor(&w->snapshot, path);
        if (gone)
                say(gone->name, "disconnected");
        snapshot_remove_object(&w->snapshot, path);
        return 0;
}

static int on_snapshot(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Watch *w = userdata;
        Snapshot s;

        w->fetch = sd_bus_slot_unref(w->fetch);
        const sd_bus_error *error = sd_bus_message_get_error(m);
        if (error) {
                if (bus_error_is_absent(error))         /* gone again: that is told by its name */
                        return 0;
                return sd_event_exit(w->event, bus_complain(-sd_bus_message_get_errno(m), error));
        }
        if (snapshot_parse(m, &s) < 0)
                return 0;
        snapshot_done(&w->snapshot);
        w->snapshot = s;
        follow_all(w);
        return 0;
}

static int on_name_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Watch *w = userdata;
        const char *name, *old, *new;

        if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0 || !streq(name, TWITCHD_BUS_NAME))
                return 0;
        w->fetch = sd_bus_slot_unref(w->fetch);
        snapshot_done(&w->snapshot);
        if (!new[0]) {
                say("twitchd", "stopped; waiting for it to come back");
                return 0;
        }
        say("twitchd", "running");

        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = snapshot_new_call(w->bus, &call);
        if (r >= 0)
                r = sd_bus_call_async(w->bus, &w->fetch, call, on_snapshot, w, 0);
        return r < 0 ? sd_event_exit(w->event, bus_complain(r, NULL)) : 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Watch *w = userdata;

        /* The reader went away: no need to wait for the next twitch to notice. */
        return revents & (EPOLLERR | EPOLLHUP) ? sd_event_exit(w->event, 0) : 0;
}

/* --- starting ------------------------------------------------------------- */

static int add_matches(Watch *w) {
        static const struct {
                const char *sender, *path, *interface, *member;
                sd_bus_message_handler_t handler;
        } table[] = {
                { TWITCHD_BUS_NAME, NULL, TWITCHD_MONITOR_INTERFACE, "Twitch", on_twitch },
                { TWITCHD_BUS_NAME, NULL, TWITCHD_MONITOR_INTERFACE, "Artefact", on_artefact },
                { TWITCHD_BUS_NAME, TWITCHD_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                  on_interfaces_added },
                { TWITCHD_BUS_NAME, TWITCHD_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                  on_interfaces_removed },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int r = sd_bus_match_signal(w->bus, NULL, table[i].sender, table[i].path, table[i].interface,
                                            table[i].member, table[i].handler, w);
                if (r < 0)
                        return r;
        }
        /* With arg0, or every client that comes and goes would wake us. */
        return sd_bus_add_match(w->bus, NULL,
                                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                "arg0='" TWITCHD_BUS_NAME "'", on_name_owner_changed, w);
}

static int add_sources(Watch *w) {
        sigset_t mask;
        int r;

        sigemptyset(&mask);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;

        /* Without a handler, the signal ends the loop with 0. */
        if ((r = sd_event_add_signal(w->event, NULL, SIGINT, NULL, NULL)) < 0 ||
            (r = sd_event_add_signal(w->event, NULL, SIGTERM, NULL, NULL)) < 0 ||
            (r = sd_bus_attach_event(w->bus, w->event, SD_EVENT_PRIORITY_NORMAL)) < 0)
                return r;
        r = sd_event_add_io(w->event, NULL, STDOUT_FILENO, 0, on_output, w);
        return r == -EPERM ? 0 : r;     /* an ordinary file has no reader to go away */
}

static int start(Watch *w) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if ((r = sd_event_new(&w->event)) < 0 ||
            (r = sd_bus_set_exit_on_disconnect(w->bus, true)) < 0 ||
            (r = add_sources(w)) < 0 ||
            (arg_plot && (r = plots_new(w->bus, w->event, &w->plots)) < 0) ||
            (r = add_matches(w)) < 0)
                return bus_complain(r, NULL);

        /* The matches come first: nothing falls between this and the first signal. */
        r = snapshot_fetch(w->bus, &w->snapshot, &error);
        if (r >= 0) {
                follow_all(w);
                return 0;
        }
        (void) bus_complain(r, &error);
        if (!bus_error_is_absent(&error))
                return r;
        say("twitchd", "waiting for it to start");
        return 0;
}

static int run(int argc, char **argv) {
        _cleanup_(watch_done) Watch w = {};

        if (arg_plot && arg_json) {
                fprintf(stderr, "twitchctl: --plot does not go with --json\n");
                return EXIT_USAGE;
        }
        int r = bus_open(&w.bus);
        if (r < 0)
                return r;
        r = start(&w);
        if (r < 0)
                return r;
        r = sd_event_loop(w.event);
        if (r > 0) {            /* exit_on_disconnect */
                fprintf(stderr, "twitchctl: the connection to the bus was lost\n");
                return -ECONNRESET;
        }
        return r;
}

static const Option options[] = {
        { "plot", .flag = &arg_plot,
          .help = "Draw each one: 30 ms before and after its peak, of the channel where it is strongest." },
        {},
};

const Verb verb_monitor = {
        .name = "monitor",
        .args = "",
        .summary = "Print twitches as they are found, until Ctrl-C",
        .options = options,
        .json = true,
        .bus = true,
        .run = run,
};
