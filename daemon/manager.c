/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "bus/bus.h"
#include "config-files.h"
#include "log.h"
#include "manager.h"
#include "record-calls.h"

#define TICK_USEC USEC_PER_SEC

/* udev needs a moment between the coming of a node and the end of its rules. */
#define RESCAN_USEC (300 * USEC_PER_MSEC)
#define RESCANS 10u

/* Ready when it is known of each device how it is; not later than this, should one hang. */
#define READY_USEC (5 * USEC_PER_SEC)

/* Without a device, time for a client that activated the service to hear so. */
#define LINGER_USEC (3 * USEC_PER_SEC)

/* A stop takes less than 2 s, whatever hangs: all threads together, then the files, then the bus. */
#define STOP_JOIN_USEC (1 * USEC_PER_SEC)
#define STOP_FLUSH_USEC (300 * USEC_PER_MSEC)
#define STOP_BARRIER_USEC (300 * USEC_PER_MSEC)
/* The history has what is left of this, and the second number at least. */
#define STOP_RECORDINGS_USEC (1300 * USEC_PER_MSEC)
#define STOP_HISTORY_USEC (1500 * USEC_PER_MSEC)
#define STOP_HISTORY_USEC_MIN (200 * USEC_PER_MSEC)

/* --- the list of monitors ---------------------------------------------------- */

Monitor* manager_find_monitor(const Manager *m, const char *name) {
        for (size_t i = 0; i < m->n_monitors; i++)
                if (streq(m->monitors[i]->name, name))
                        return m->monitors[i];
        return NULL;
}

static Monitor* find_device(const Manager *m, const char *id) {
        for (size_t i = 0; i < m->n_monitors; i++)
                if (m->monitors[i]->id && streq(m->monitors[i]->id, id))
                        return m->monitors[i];
        return NULL;
}

static int compare_names(const void *a, const void *b) {
        return strcmp((*(Monitor *const*) a)->name, (*(Monitor *const*) b)->name);
}

static void remove_monitor(Manager *m, Monitor *monitor) {
        for (size_t i = 0; i < m->n_monitors; i++)
                if (m->monitors[i] == monitor) {
                        memmove(&m->monitors[i], &m->monitors[i + 1],
                                (m->n_monitors - i - 1) * sizeof(m->monitors[0]));
                        m->n_monitors--;
                        break;
                }
        recorder_end(&m->recorder, monitor);
        record_end(m->record, monitor, "failed");       /* of one that hangs, whose run cannot end */
        if (m->named)
                bus_withdraw_monitor(m->bus, monitor);
        streams_close(&m->streams, monitor);
        monitor_free(monitor);
}

/* --- systemd ------------------------------------------------------------------ */

static size_t describe_monitor(const Monitor *monitor, char *s, size_t size) {
        double rate_hz = frame_clock_rate_hz(&monitor->clock);
        int n = snprintf(s, size, "%s: %s", monitor->name, monitor_state_to_string(monitor->state));
        bool first = true;

        if (monitor->n_channels > 0 && (size_t) n < size)
                n += snprintf(s + n, size - (size_t) n,
                              ", %u channels, %.1f Hz, %" PRIu64 " lost, %" PRIu64 " events",
                              monitor->n_channels,
                              monitor->opened && rate_hz > 0 ? rate_hz : monitor_nominal_rate_hz(monitor),
                              monitor_lost_total(monitor), monitor->n_events);
        for (unsigned i = 0; i < monitor->n_channels && (size_t) n < size; i++)
                if (monitor->channels[i].lead_off) {
                        n += snprintf(s + n, size - (size_t) n, "%s%u", first ? ", lead off: " : " ", i);
                        first = false;
                }
        return MIN((size_t) n, size - 1);
}

static void notify_status(Manager *m) {
        char s[sizeof(m->status)] = "";
        size_t n = 0;

        for (size_t i = 0; i < m->n_monitors && n < sizeof(s) - 3; i++) {
                if (n > 0)
                        n += (size_t) snprintf(s + n, sizeof(s) - n, "; ");
                n += describe_monitor(m->monitors[i], s + n, sizeof(s) - n);
        }
        if (n == 0 || streq(s, m->status))
                return;
        strcpy(m->status, s);
        (void) sd_notifyf(false, "STATUS=%s", s);
}

static void notify_ready(Manager *m) {
        if (m->ready)
                return;
        m->ready = true;
        (void) sd_notify(false, "READY=1");
}

/* Who waits for the start hears when there is something to hear. */
static void notify_ready_when_known(Manager *m) {
        for (size_t i = 0; i < m->n_monitors; i++)
                if (m->monitors[i]->state == MONITOR_OPENING &&
                    now_usec() - m->monitors[i]->seen_usec < READY_USEC)
                        return;
        if (m->named && m->n_monitors > 0)
                notify_ready(m);
}

/* --- the end ------------------------------------------------------------------- */

static void flush_bus(Manager *m) {
        usec_t until = now_usec() + STOP_FLUSH_USEC, now;
        uint64_t queued;

        while (sd_bus_get_n_queued_write(m->bus, &queued) >= 0 && queued > 0 && (now = now_usec()) < until)
                if (sd_bus_process(m->bus, NULL) < 0 || sd_bus_wait(m->bus, until - now) < 0)
                        return;
}

static int found_one(const char *id, void *userdata) {
        return -EEXIST;
}

/*
 * udev starts this service when a device appears, unless it counts as active: then nothing happens, and a
 * device that came between the end of the last one and now would wait for ever. So systemd is told that the
 * service ends and, by the barrier, known to know. Whatever comes after that starts it again as soon as it
 * has ended. What came before is seen here.
 */
static bool replugged(Manager *m) {
        (void) sd_notify_barrier(false, STOP_BARRIER_USEC);
        return devices_foreach(found_one, NULL) == -EEXIST;
}

static void stop_history(Manager *m, usec_t began_usec) {
        usec_t until = began_usec + STOP_HISTORY_USEC, now = now_usec();

        m->record = record_stop(m->record, MAX(until > now ? until - now : 0, STOP_HISTORY_USEC_MIN));
}

static void stop(Manager *m, int exit_status) {
        usec_t began = now_usec(), until = began + STOP_JOIN_USEC;

        if (m->stopping)
                return;
        m->stopping = true;
        (void) sd_notify(false, "STOPPING=1");

        for (size_t i = 0; i < m->n_monitors; i++)
                monitor_cancel(m->monitors[i]);
        while (m->n_monitors > 0) {
                usec_t now = now_usec();

                if (monitor_finish(m->monitors[0], until > now ? until - now : 0) >= 0) {
                        remove_monitor(m, m->monitors[0]);
                        continue;
                }
                log_error("%s: the device does not let go; leaving all the same.", m->monitors[0]->name);
                remove_monitor(m, m->monitors[0]);
        }
        recorder_finish(&m->recorder, MAX(began + STOP_RECORDINGS_USEC, now_usec() + STOP_HISTORY_USEC_MIN));
        stop_history(m, began);
        flush_bus(m);
        (void) sd_event_exit(m->event, exit_status);
}

static void stop_when_idle(Manager *m) {
        if (m->stopping || m->n_monitors > 0 || !m->named)
                return;

        /* It may have gone before it was known: an end without READY=1 would be a failed start. */
        notify_ready(m);
        (void) sd_notify(false, "STOPPING=1\nSTATUS=No device any more");
        if (replugged(m)) {
                log_info("A device is there again: starting anew.");
                stop(m, EXIT_SUCCESS);
        } else
                stop(m, EXIT_NO_DEVICE);
}

static int on_signal(sd_event_source *es, const struct signalfd_siginfo *si, void *userdata) {
        stop(userdata, EXIT_SUCCESS);
        return 0;
}

/* --- sinks ----------------------------------------------------------------------- */

static void on_opened(Monitor *monitor, unsigned n_before, void *userdata) {
        Manager *m = userdata;

        if (m->named)
                bus_monitor_opened(m->bus, monitor, n_before);
}

static void on_streaming(Monitor *monitor, void *userdata) {
        Manager *m = userdata;

        record_begin(m->record, monitor);
        recorder_begin(&m->recorder, monitor);
}

static void on_run_ended(Monitor *monitor, int error, void *userdata) {
        Manager *m = userdata;

        recorder_end(&m->recorder, monitor);
        record_end(m->record, monitor, m->stopping ? "shutdown" : error == -ENODEV ? "unplugged" :
                                       error < 0 ? "failed" : "next");
        streams_close(&m->streams, monitor);
}

static void on_frames(Monitor *monitor, uint64_t position, const int32_t *samples, size_t n, void *userdata) {
        Manager *m = userdata;

        record_frames(m->record, monitor, position, samples, n);
        recorder_frames(&m->recorder, monitor, position, samples, n);
}

static void on_frame(Monitor *monitor, const Frame *f, void *userdata) {
        streams_push(&((Manager*) userdata)->streams, monitor, f);
}

static void on_frames_taken(Monitor *monitor, void *userdata) {
        streams_flush(&((Manager*) userdata)->streams, monitor);
}

static void on_notice(Monitor *monitor, const MonitorNotice *n, void *userdata) {
        bus_emit_notice(((Manager*) userdata)->bus, monitor, n);
}

static void on_event(Monitor *monitor, const MonitorEvent *e, void *userdata) {
        Manager *m = userdata;

        record_event(m->record, monitor, e);
        recorder_event(&m->recorder, monitor, e);
        bus_emit_twitch(m->bus, monitor, e);
}

static void on_artefact(Monitor *monitor, const MonitorArtefact *a, void *userdata) {
        bus_emit_artefact(((Manager*) userdata)->bus, monitor, a);
}

static void on_state_changed(Monitor *monitor, void *userdata) {
        Manager *m = userdata;

        if (m->named)
                bus_monitor_changed(m->bus, monitor, "State", "Error");
        notify_status(m);
        notify_ready_when_known(m);
}

static void on_lost_changed(Monitor *monitor, void *userdata) {
        Manager *m = userdata;

        record_lost(m->record, monitor);
        if (m->named)
                bus_monitor_changed(m->bus, monitor, "Lost", NULL);
}

static void on_minute(Monitor *monitor, const MonitorMinute *minute, void *userdata) {
        Manager *m = userdata;

        record_minute(m->record, monitor, minute);
        bus_emit_minute(m->bus, monitor, minute);
}

static void on_channel_changed(Monitor *monitor, unsigned channel, void *userdata) {
        bus_channel_changed(((Manager*) userdata)->bus, monitor, channel);
}

static void schedule_rescan(Manager *m);

static void on_gone(Monitor *monitor, void *userdata) {
        Manager *m = userdata;

        remove_monitor(m, monitor);
        if (m->stopping)
                return;
        if (m->n_monitors > 0)
                schedule_rescan(m);     /* its successor of the same name may be there already */
        stop_when_idle(m);
}

static void add_monitor(Manager *m, const char *uri, const char *id, DevicePlace place) {
        MonitorSinks sinks = {
                .opened = on_opened,
                .streaming = on_streaming,
                .run_ended = on_run_ended,
                .frames = on_frames,
                .frame = on_frame,
                .frames_taken = on_frames_taken,
                .notice = on_notice,
                .event = on_event,
                .artefact = on_artefact,
                .minute = on_minute,
                .state_changed = on_state_changed,
                .lost_changed = on_lost_changed,
                .channel_changed = on_channel_changed,
                .gone = on_gone,
                .userdata = m,
        };

        if (m->n_monitors == MANAGER_MONITORS_MAX) {
                log_warning("%s: more than %u devices; this one is left alone.", place.name,
                            MANAGER_MONITORS_MAX);
                return;
        }
        int r = monitor_new(m->event, uri, id, &place, &m->config, &sinks, &m->monitors[m->n_monitors]);
        if (r < 0) {
                log_error_errno(r, "%s: cannot be watched: %m", place.name);
                return;
        }
        Monitor *monitor = m->monitors[m->n_monitors++];
        m->linger = sd_event_source_disable_unref(m->linger);
        qsort(m->monitors, m->n_monitors, sizeof(m->monitors[0]), compare_names);
        log_info("%s: a front end, at %s.", place.name, place.path);
        if (m->named)
                bus_announce_monitor(m->bus, monitor);
        notify_status(m);
}

/* --- devices ---------------------------------------------------------------------- */

static int take_device(const char *id, void *userdata) {
        Manager *m = userdata;
        DevicePlace place;

        if (m->stopping || find_device(m, id))
                return 0;
        int r = device_place(id, &place);
        if (r == -ENODEV)
                return 0;               /* gone already */
        if (r < 0) {
                log_error_errno(r, "%s: cannot find out where it is: %m", id);
                return 0;
        }
        /* Two parents of one name, on buses of different kinds: rare, and told apart by the whole path. */
        if (manager_find_monitor(m, place.name))
                snprintf(place.name, sizeof(place.name), "%s", place.path);
        add_monitor(m, IIO_LOCAL_URI, id, place);
        return 0;
}

static int scan(Manager *m) {
        int r = devices_foreach(take_device, m);

        return r < 0 ? log_error_errno(r, "Cannot list the IIO devices: %m") : 0;
}

static int on_rescan(sd_event_source *es, uint64_t usec, void *userdata) {
        Manager *m = userdata;

        m->rescans_left--;
        (void) scan(m);
        if (m->rescans_left > 0) {
                (void) sd_event_source_set_time_relative(es, RESCAN_USEC);
                (void) sd_event_source_set_enabled(es, SD_EVENT_ONESHOT);
        } else if (!m->linger)
                stop_when_idle(m);      /* it went away before udev had opened it */
        return 0;
}

static void schedule_rescan(Manager *m) {
        if (!m->rescan)
                return;
        m->rescans_left = RESCANS;
        (void) sd_event_source_set_time_relative(m->rescan, RESCAN_USEC);
        (void) sd_event_source_set_enabled(m->rescan, SD_EVENT_ONESHOT);
}

static void on_device_came(void *userdata) {
        schedule_rescan(userdata);
}

static void on_device_gone(const char *id, void *userdata) {
        Monitor *monitor = find_device(userdata, id);

        if (monitor)
                monitor_device_gone(monitor);
}

static int on_linger(sd_event_source *es, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        int coming = SD_EVENT_OFF;

        /* Something came, and udev is not done with it yet. */
        if (sd_event_source_get_enabled(m->rescan, &coming) >= 0 && coming != SD_EVENT_OFF) {
                (void) sd_event_source_set_time_relative(es, LINGER_USEC);
                (void) sd_event_source_set_enabled(es, SD_EVENT_ONESHOT);
        } else {
                m->linger = sd_event_source_disable_unref(m->linger);
                stop_when_idle(m);
        }
        return 0;
}

static int start_local(Manager *m) {
        /* First watch, then look: nothing is missed in between. */
        int r = devices_watch(m->event, on_device_came, on_device_gone, m, &m->watch);
        if (r < 0)
                return log_error_errno(r, "Cannot watch /dev: %m");
        r = sd_event_add_time_relative(m->event, &m->rescan, CLOCK_MONOTONIC, 0, 0, on_rescan, m);
        if (r < 0 || (r = sd_event_source_set_enabled(m->rescan, SD_EVENT_OFF)) < 0)
                return log_error_errno(r, "Cannot set a timer: %m");
        r = scan(m);
        if (r < 0 || m->n_monitors > 0)
                return r;

        log_message(LOG_NOTICE, TWITCHD_MESSAGE_NO_DEVICE, NULL, "No ADS1299 found. Connect the hat and enable its device-tree overlay, or load the "
                   "simulated one (modprobe ads1299-sim): this service starts by itself when an IIO "
                   "device named ads1299 appears.");
        (void) sd_notify(false, "STATUS=No ADS1299 found");
        return sd_event_add_time_relative(m->event, &m->linger, CLOCK_MONOTONIC, LINGER_USEC, 0,
                                          on_linger, m);
}

/* --- the bus ------------------------------------------------------------------------ */

/* What was seen before was seen in silence. */
static int name_acquired(Manager *m) {
        log_info("twitchd " TWITCHD_VERSION " is " TWITCHD_BUS_NAME " on the bus.");
        m->named = true;
        if (m->n_monitors == 0)
                notify_ready(m);
        else
                notify_ready_when_known(m);
        return 0;
}

static int explain_refused_name(int r) {
        if (r == -EACCES || r == -EPERM)
                return log_message_errno(LOG_ERR, TWITCHD_MESSAGE_NAME_REFUSED, NULL, r, "The bus does not let this user own " TWITCHD_BUS_NAME ": is "
                                       "org.twitchd1.conf in /usr/share/dbus-1/system.d, and is this the "
                                       "user twitchd?");
        if (r == -EEXIST)
                return log_message_errno(LOG_ERR, TWITCHD_MESSAGE_NAME_REFUSED, NULL, r, TWITCHD_BUS_NAME " is taken: another twitchd is running.");
        return log_error_errno(r, "Cannot get the name " TWITCHD_BUS_NAME ": %m");
}

/* RequestName: reply codes of the D-Bus specification */
enum { NAME_PRIMARY_OWNER = 1, NAME_ALREADY_OWNER = 4 };

static int on_name_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Manager *m = userdata;
        uint32_t code = 0;
        int r;

        if (m->stopping)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL))
                r = explain_refused_name(-sd_bus_message_get_errno(reply));
        else if (sd_bus_message_read(reply, "u", &code) < 0 ||
                 (code != NAME_PRIMARY_OWNER && code != NAME_ALREADY_OWNER))
                r = explain_refused_name(-EEXIST);
        else
                r = name_acquired(m);
        if (r < 0)
                stop(m, EXIT_FAILURE);
        return 0;
}

/*
 * The name comes before the first signal: the bus policy keeps strangers away from the signals of whoever
 * owns it. The devices come before the name, so that the first answer tells of them.
 */
static int open_bus(Manager *m) {
        int r = sd_bus_open_system_with_description(&m->bus, "twitchd");
        if (r < 0)
                return log_error_errno(r, "Cannot connect to the system bus: %m");
        r = bus_register(m->bus, m);
        if (r >= 0)
                r = sd_bus_attach_event(m->bus, m->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(m->bus, true);
        if (r >= 0)
                r = sd_bus_request_name_async(m->bus, NULL, TWITCHD_BUS_NAME, 0, on_name_reply, m);
        return r < 0 ? log_error_errno(r, "Cannot register on the bus: %m") : 0;
}

/* --- ------------------------------------------------------------------------------- */

static int on_tick(sd_event_source *es, uint64_t usec, void *userdata) {
        Manager *m = userdata;

        for (size_t i = m->n_monitors; i > 0; i--)      /* one may go */
                monitor_tick(m->monitors[i - 1]);
        record_tick(m->record);
        felt_key_tick(m->felt_key);
        recorder_tick(&m->recorder);
        notify_ready_when_known(m);
        notify_status(m);
        (void) sd_event_source_set_time_relative(es, TICK_USEC);
        return 0;
}

static void on_felt_marked(RecordAnswer *a, void *userdata) {
        if (a->result < 0)
                log_warning_errno(a->result, "A felt twitch was not kept: %m");
}

static void on_felt_pressed(void *userdata) {
        Manager *m = userdata;

        if (!m->record)
                return;
        record_mark_felt(m->record, m->config.felt_site, "key", on_felt_marked, m);
        manager_note_felt(m, record_now_usec(), m->config.felt_site);
}

void manager_note_felt(Manager *m, usec_t boottime_usec, const char *site) {
        char text[CONFIG_LABEL_MAX + 8];

        snprintf(text, sizeof(text), "felt%s%s", site[0] ? " " : "", site);
        recorder_note(&m->recorder, (int64_t) boottime_usec, NAN, text);
}

static void open_felt_key(Manager *m) {
        m->felt_key = felt_key_free(m->felt_key);
        if (!m->config.felt_input[0])
                return;
        int r = felt_key_new(m->event, m->config.felt_input, m->config.felt_key, on_felt_pressed, m, &m->felt_key);
        if (r < 0)
                log_error_errno(r, "%s: %m", m->config.felt_input);
}

static int on_reload(sd_event_source *es, const struct signalfd_siginfo *si, void *userdata) {
        Manager *m = userdata;
        Config config;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_usec());
        config_default(&config);
        int r = config_load(&config, m->config_path);
        if (r < 0)
                log_error_errno(r, "The settings cannot be read, so those before stay: %m");
        else {
                m->config = config;
                log_info("Settings read again.");
                for (size_t i = 0; i < m->n_monitors; i++)
                        monitor_configure(m->monitors[i], &m->config);
                open_felt_key(m);
                bool was_on = recorder_is_on(&m->recorder);
                recorder_configure(&m->recorder, &m->config);
                if (m->named && recorder_is_on(&m->recorder) != was_on)
                        bus_recording_changed(m->bus);
        }
        (void) sd_notify(false, "READY=1");
        return 0;
}

static int set_up_event(Manager *m) {
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;

        int r = sd_event_new(&m->event);
        if (r >= 0)
                r = sd_event_add_signal(m->event, NULL, SIGTERM, on_signal, m);
        if (r >= 0)
                r = sd_event_add_signal(m->event, NULL, SIGINT, on_signal, m);
        if (r >= 0)
                r = sd_event_add_signal(m->event, NULL, SIGHUP, on_reload, m);
        /*
         * It says that the loop turns. A device that does not is told by its state, and opened again by
         * itself.
         */
        if (r >= 0)
                r = sd_event_set_watchdog(m->event, true);
        if (r >= 0)
                r = sd_event_add_time_relative(m->event, &m->tick, CLOCK_MONOTONIC, TICK_USEC, 0,
                                               on_tick, m);
        if (r >= 0)
                r = sd_event_source_set_enabled(m->tick, SD_EVENT_ON);
        return r;
}

static void on_history_changed(void *userdata) {
        Manager *m = userdata;
        bool was_on = recorder_is_on(&m->recorder);
        StoreStatus status, *told = &m->history_told;

        for (size_t i = 0; i < m->n_monitors; i++) {
                int64_t session;
                bool begun;

                if (record_get_session(m->record, m->monitors[i], &session, &begun))
                        recorder_session(&m->recorder, m->monitors[i], session, begun);
        }
        if (m->named && recorder_is_on(&m->recorder) != was_on)
                bus_recording_changed(m->bus);

        /* Jobs that are done leave it as it is, mostly. */
        store_get_status(m->record->store, &status);
        if (!m->named || (status.state == told->state && streq(status.aside, told->aside)))
                return;
        *told = status;
        bus_history_changed(m->bus);
}

/* --- recordings ----------------------------------------------------------------------- */

typedef struct Began {
        Manager *manager;
        RecordingNews file;
        char place[DEVICE_PATH_MAX];
} Began;

static void on_recording_kept(RecordAnswer *a, void *userdata) {
        _cleanup_free_ Began *b = userdata;

        if (a->result < 0) {
                log_warning_errno(a->result, "%s: not in the history until it is closed: %m", b->file.name);
                return;
        }
        for (size_t i = 0; i < a->words->n; i++)
                recorder_note_file(&b->manager->recorder, &b->file, b->place, a->words->words[i].channel,
                                   a->words->words[i].text);
}

static void on_recording_file(const char *place, const RecordingNews *news, void *userdata) {
        Manager *m = userdata;
        KeptRecording f = { .boottime_usec = (usec_t) MAX(news->boottime_usec, INT64_C(0)) };

        if (!m->record)
                return;
        snprintf(f.identity, sizeof(f.identity), "%s", place);
        snprintf(f.name, sizeof(f.name), "%s", news->name);
        if (news->what == RECORDING_DELETED) {
                log_notice("%s: the oldest recording is deleted for want of room.", news->name);
                record_recording_deleted(m->record, &f);
                return;
        }
        if (news->what == RECORDING_CLOSED) {
                f.end_boottime_usec =
                        f.boottime_usec + MAX((usec_t) (news->duration_s * USEC_PER_SEC), UINT64_C(1));
                record_recording_closed(m->record, &f);
                return;
        }
        Began *b = calloc(1, sizeof(*b));
        if (!b)
                return;
        *b = (Began) { .manager = m, .file = *news };
        snprintf(b->place, sizeof(b->place), "%s", place);
        record_recording_began(m->record, &f, on_recording_kept, b);
}

static int open_recorder(Manager *m) {
        const RecorderSinks sinks = { .file = on_recording_file, .userdata = m };

        return recorder_init(&m->recorder, m->event, getenv("STATE_DIRECTORY"), &m->config, &sinks);
}

/* A monitor without a memory is better than none. */
static void open_history(Manager *m) {
        const char *dir = getenv("STATE_DIRECTORY");

        if (!dir || !dir[0]) {
                log_notice("No $STATE_DIRECTORY: nothing is remembered.");
                return;
        }
        int r = record_new(m->event, dir, on_history_changed, m, &m->record);
        if (r < 0)
                log_error_errno(r, "%s: the history cannot be set up, nothing is remembered: %m", dir);
}

/* Those of other contexts that the command line names, else those of this machine. */
static int find_devices(Manager *m, const char *const *uris, size_t n_uris) {
        for (size_t i = 0; i < n_uris; i++) {
                DevicePlace place;

                device_place_of_uri(uris[i], &place);
                if (!manager_find_monitor(m, place.name))
                        add_monitor(m, uris[i], NULL, place);
        }
        return n_uris > 0 ? 0 : start_local(m);
}

int manager_new(const Config *config, const char *config_path, const char *const *uris, size_t n_uris,
                Manager **ret) {
        _cleanup_(manager_freep) Manager *m = NULL;

        assert(config);
        assert(ret);

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->config = *config;
        m->config_path = config_path;

        int r = set_up_event(m);
        if (r < 0)
                return log_error_errno(r, "Cannot set up the event loop: %m");
        open_history(m);
        open_felt_key(m);
        r = open_recorder(m);
        if (r < 0)
                return r;
        r = open_bus(m);
        if (r >= 0)
                r = find_devices(m, uris, n_uris);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

Manager* manager_free(Manager *m) {
        if (!m)
                return NULL;
        while (m->n_monitors > 0)
                remove_monitor(m, m->monitors[0]);
        felt_key_free(m->felt_key);
        recorder_done(&m->recorder);
        (void) record_stop(m->record, STOP_HISTORY_USEC_MIN);
        devices_watch_free(m->watch);
        sd_event_source_disable_unref(m->tick);
        sd_event_source_disable_unref(m->rescan);
        sd_event_source_disable_unref(m->linger);
        sd_bus_close_unref(m->bus);
        sd_event_unref(m->event);
        free(m);
        return NULL;
}

int manager_run(Manager *m) {
        int r = sd_event_loop(m->event);

        stop(m, r);     /* the bus went away, or the loop failed: the monitors are still there */
        return r;
}
