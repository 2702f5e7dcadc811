/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the monitors and the bus, and decides when the service is ready and when it ends. */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "devices.h"
#include "monitor.h"
#include "record.h"

#define MANAGER_MONITORS_MAX 16u

/*
 * A device came back while the service was on its way out and nobody will start it again: the unit
 * has RestartForceExitStatus= for this one (EX_TEMPFAIL of sysexits.h).
 */
#define EXIT_REPLUGGED 75

typedef struct Manager {
        Config config;
        const char *uri;                /* an IIO context of one's own instead of this machine's; or NULL */

        sd_event *event;
        sd_bus *bus;
        sd_event_source *tick, *rescan, *linger;
        DevicesWatch *watch;
        Record *record;                 /* NULL: nothing is remembered */
        unsigned rescans_left;
        bool inaccessible;              /* a device is there and udev has not opened it yet */

        /* by name; those being opened have none yet and come first */
        Monitor *monitors[MANAGER_MONITORS_MAX];
        size_t n_monitors;
        int failed;                     /* why the first monitor that failed did, 0 if none */

        bool ready, stopping;
        usec_t watchdog_usec;
        char status[512];               /* last STATUS= */
} Manager;

int manager_new(const Config *config, const char *uri, Manager **ret);
Manager* manager_free(Manager *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(Manager*, manager_free);

/* Until the devices are gone, SIGTERM, SIGINT or an error: returns the exit status, or a negative errno. */
int manager_run(Manager *m);

/* NULL if there is none of that name. */
Monitor* manager_find_monitor(const Manager *m, const char *name);
