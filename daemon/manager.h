/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the monitors and the bus, and decides when the service is ready and when it ends. */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "devices.h"
#include "felt-key.h"
#include "stream.h"
#include "monitor.h"
#include "record.h"
#include "recorder.h"

#define MANAGER_MONITORS_MAX 16u

/*
 * The last device has gone (EX_NOINPUT of sysexits.h): the unit has RestartPreventExitStatus= for this
 * one, because udev starts the service when there is one again. After any other end systemd starts it
 * anew.
 */
#define EXIT_NO_DEVICE 66

typedef struct Manager {
        Config config;
        const char *config_path;

        sd_event *event;
        sd_bus *bus;
        sd_event_source *tick, *rescan, *linger;
        DevicesWatch *watch;
        FeltKey *felt_key;              /* NULL: none is configured */
        Record *record;                 /* NULL: nothing is remembered */
        StoreStatus history_told;       /* its state as clients know it */
        Recorder recorder;
        unsigned rescans_left;
        Streams streams;

        /* by name */
        Monitor *monitors[MANAGER_MONITORS_MAX];
        size_t n_monitors;

        bool named;                     /* it owns its name on the bus: only then anything is sent */
        bool ready, stopping;
        char status[512];               /* last STATUS= */
} Manager;

/*
 * config_path: as of config_load(), for SIGHUP; or NULL. uris: of IIO contexts whose first ADS1299 is read instead of those of
 * this machine, if there are any.
 */
int manager_new(const Config *config, const char *config_path, const char *const *uris, size_t n_uris,
                Manager **ret);
Manager* manager_free(Manager *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(Manager*, manager_free);

/*
 * Until the devices of this machine are gone, SIGTERM, SIGINT or an error: returns the exit status, or a
 * negative errno.
 */
int manager_run(Manager *m);

/* Into what is being recorded. site: "" if it was not said */
void manager_note_felt(Manager *m, usec_t boottime_usec, const char *site);

/* NULL if there is none of that name. */
Monitor* manager_find_monitor(const Manager *m, const char *name);
