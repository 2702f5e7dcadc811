/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints each twitch as it is found, and says what is wrong if none can be heard.
 *
 *      cc listen.c $(pkg-config --cflags --libs libsystemd) && ./a.out
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <twitchd.h>

static int on_twitch(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint64_t id, boottime_usec;
        const char *kind;

        /* What more there is in the message need not be read. */
        int r = sd_bus_message_read(m, "tts", &id, &boottime_usec, &kind);
        if (r < 0)
                return r;
        uint64_t usec = twitchd_realtime_usec(boottime_usec);
        printf("%" PRIu64 ".%06" PRIu64 " %s\n", usec / 1000000, usec % 1000000, kind);
        fflush(stdout);
        return 0;
}

/* The bus tells nobody that signals are kept from them: a call is answered. */
static int ask(sd_bus *bus) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        int r = sd_bus_call_method(bus, TWITCHD_BUS_NAME, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE,
                                   "ListMonitors", &error,
                                   NULL, "");
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED))
                fprintf(stderr,
                        "You are not in the group twitchd: sudo usermod -aG twitchd $USER, then log in "
                        "again.\n");
        else if (r < 0)
                fprintf(stderr, "twitchd: %s\n", error.message ? error.message : strerror(-r));
        sd_bus_error_free(&error);
        return r;
}

int main(void) {
        sd_bus *bus = NULL;

        int r = sd_bus_open_system(&bus);
        if (r < 0 ||
            (r = sd_bus_match_signal(bus, NULL, TWITCHD_BUS_NAME, NULL, TWITCHD_MONITOR_INTERFACE, "Twitch",
                                     on_twitch,
                                     NULL)) < 0) {
                fprintf(stderr, "No way to the system bus: %s\n", strerror(-r));
                return 1;
        }
        if (ask(bus) < 0)
                return 1;
        for (;;) {
                r = sd_bus_process(bus, NULL);
                if (r < 0 || (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0))
                        return 1;
        }
}
