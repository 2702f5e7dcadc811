/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.twitchd1.Manager, and the registration of everything. */
#include "bus.h"
#include "errors.h"
#include "log.h"

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", TWITCHD_VERSION);
}

static void unref_message(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

static int append_monitors(sd_bus_message *reply, const Manager *m) {
        int r = sd_bus_message_open_container(reply, 'a', "o");

        for (size_t i = 0; i < m->n_monitors && r >= 0; i++) {
                _cleanup_free_ char *path = NULL;

                r = bus_monitor_path(m->monitors[i], &path);
                if (r >= 0)
                        r = sd_bus_message_append(reply, "o", path);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_list_monitors(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(unref_message) sd_bus_message *reply = NULL;

        int r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = append_monitors(reply, userdata);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int get_recording(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", recorder_is_on(&((Manager*) userdata)->recorder));
}

void bus_recording_changed(sd_bus *bus) {
        (void) sd_bus_emit_properties_changed(bus, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE, "Recording",
                                              NULL);
}

static int ask_recording(sd_bus_message *call, Manager *m, bool on, const char *name, sd_bus_error *error) {
        int r = recorder_ask(&m->recorder, on, name);

        if (r == -EOPNOTSUPP)
                return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                                        "The service has no directory to record to ($STATE_DIRECTORY)");
        if (r == -EINVAL)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "A name of files has at most 63 bytes, no \"/\" and no \".\" in front.");
        if (r >= 0)
                bus_recording_changed(sd_bus_message_get_bus(call));
        return r;
}

static int answer_recording(sd_bus_message *call, const Manager *m) {
        return sd_bus_reply_method_return(call, "sb", m->recorder.dir, recorder_is_on(&m->recorder));
}

static int start_recording(sd_bus_message *call, Manager *m, const char *name, sd_bus_error *error) {
        int r = ask_recording(call, m, true, name, error);

        return r < 0 ? r : answer_recording(call, m);
}

static int method_start_recording(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        return start_recording(call, userdata, "", error);
}

static int method_start_recording_as(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const char *name;

        int r = sd_bus_message_read(call, "s", &name);
        return r < 0 ? r : start_recording(call, userdata, name, error);
}

typedef struct StopCall {
        Manager *manager;
        sd_bus_message *message;
} StopCall;

static void on_recordings_closed(void *userdata) {
        StopCall *c = userdata;

        (void) answer_recording(c->message, c->manager);
        sd_bus_message_unref(c->message);
        free(c);
}

/* Answered when the files are closed */
static int method_stop_recording(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = userdata;

        int r = ask_recording(call, m, false, "", error);
        if (r < 0)
                return r;
        StopCall *c = malloc(sizeof(*c));
        if (!c)
                return -ENOMEM;
        *c = (StopCall) { m, sd_bus_message_ref(call) };
        r = recorder_wait(&m->recorder, on_recordings_closed, c);
        if (r >= 0)
                return 1;
        sd_bus_message_unref(c->message);
        free(c);
        return bus_error_from_errno(error, r);
}

/*
 * Methods are UNPRIVILEGED here and in the other vtables: who may call at all, root and the group
 * twitchd, is the decision of the bus policy; sd-bus would let in root alone.
 */
const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD_WITH_ARGS("ListMonitors", SD_BUS_NO_ARGS, SD_BUS_RESULT("ao", monitors),
                                method_list_monitors, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Recording", "b", get_recording, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("StartRecording", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", directory, "b", recording),
                                method_start_recording, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StartRecordingAs", SD_BUS_ARGS("s", name),
                                SD_BUS_RESULT("s", directory, "b", recording),
                                method_start_recording_as, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StopRecording", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", directory, "b", recording),
                                method_stop_recording, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void free_paths(char **paths) {
        for (char **p = paths; *p; p++)
                free(*p);
        free(paths);
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *error) {
        Manager *m = userdata;
        size_t n = 0, max = 1;
        int r = 0;

        for (size_t i = 0; i < m->n_monitors; i++)
                max += 1 + m->monitors[i]->n_channels;

        char **paths = calloc(max, sizeof(*paths));
        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < m->n_monitors && r >= 0; i++) {
                Monitor *monitor = m->monitors[i];

                r = bus_monitor_path(monitor, &paths[n]);
                for (unsigned c = 0; c < monitor->n_channels && r >= 0; c++)
                        r = bus_channel_path(monitor, c, &paths[++n]);
                n++;
        }
        if (r < 0) {
                free_paths(paths);
                return r;
        }
        *ret_nodes = paths;
        return 0;
}

int bus_register(sd_bus *bus, Manager *m) {
        int r = sd_bus_add_object_manager(bus, NULL, TWITCHD_PATH);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE,
                                             manager_vtable, m);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, TWITCHD_HISTORY_PATH, TWITCHD_HISTORY_INTERFACE,
                                             history_vtable, m);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
                                             log_control_vtable, NULL);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(bus, NULL, TWITCHD_MONITOR_PATH, TWITCHD_MONITOR_INTERFACE,
                                               monitor_vtable, bus_find_monitor, m);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(bus, NULL, TWITCHD_MONITOR_PATH, TWITCHD_CHANNEL_INTERFACE,
                                               channel_vtable, bus_find_channel, m);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(bus, NULL, TWITCHD_MONITOR_PATH, enumerate, m);
        return r;
}
