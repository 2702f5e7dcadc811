/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.twitchd1.Monitor */
#include "boot-id.h"
#include "bus.h"
#include "errors.h"
#include "log.h"

int bus_monitor_path(const Monitor *monitor, char **ret) {
        return sd_bus_path_encode(TWITCHD_MONITOR_PATH, monitor->name, ret);
}

int bus_find_monitor(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                     sd_bus_error *error) {
        _cleanup_free_ char *name = NULL;

        int r = sd_bus_path_decode(path, TWITCHD_MONITOR_PATH, &name);
        if (r <= 0)
                return r;
        Monitor *monitor = manager_find_monitor(userdata, name);
        if (!monitor)
                return 0;
        *ret_found = monitor;
        return 1;
}

/* --- properties -------------------------------------------------------------- */

#define DEFINE_GETTER(name, type, expression)                                                           \
        static int name(sd_bus *bus, const char *path, const char *interface, const char *property,     \
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {                   \
                Monitor *m = userdata;                                                                  \
                return sd_bus_message_append(reply, type, expression);                                  \
        }

DEFINE_GETTER(get_device, "s", m->info.device)
DEFINE_GETTER(get_place, "s", m->place.path)
DEFINE_GETTER(get_address, "s", m->place.name)
DEFINE_GETTER(get_serial, "s", m->place.serial)
DEFINE_GETTER(get_instance, "s", SD_ID128_TO_STRING(m->instance))
DEFINE_GETTER(get_state, "s", monitor_state_to_string(m->state))
DEFINE_GETTER(get_nominal_rate_hz, "d", monitor_nominal_rate_hz(m))
DEFINE_GETTER(get_error, "s", m->error < 0 && strerrorname_np(-m->error) ? strerrorname_np(-m->error) : "")
DEFINE_GETTER(get_rate_hz, "d", m->opened ? frame_clock_rate_hz(&m->clock) : 0)
DEFINE_GETTER(get_false_alarms_per_hour, "d", m->config.false_alarms_per_hour)
DEFINE_GETTER(get_contact_method, "s", monitor_contact_method(m))
DEFINE_GETTER(get_bias_electrode, "s", monitor_bias_electrode(m))
DEFINE_GETTER(get_scans, "t", m->n_scans)
DEFINE_GETTER(get_events, "t", m->n_events)

static int get_boot_id(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        sd_id128_t boot;

        int r = boot_id_get(&boot);
        return r < 0 ? r : sd_bus_message_append(reply, "s", SD_ID128_TO_STRING(boot));
}

static int get_lost(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Monitor *m = userdata;

        int r = sd_bus_message_open_container(reply, 'a', "{st}");
        for (LostCause c = 0; c < _LOST_CAUSE_MAX && r >= 0; c++)
                if (monitor_lost_is_known(m, c))
                        r = sd_bus_message_append(reply, "{st}", lost_cause_to_string(c), m->lost[c]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void unref_message(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

/* A detail of several values */
static int append_array(sd_bus_message *s, const char *name, char type, const void *values, size_t size) {
        const char contents[] = { 'a', type, 0 };
        int r = sd_bus_message_open_container(s, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(s, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(s, 'v', contents);
        if (r >= 0)
                r = sd_bus_message_append_array(s, type, values, size);
        if (r >= 0)
                r = sd_bus_message_close_container(s);
        return r < 0 ? r : sd_bus_message_close_container(s);
}

/* --- raw scans ------------------------------------------------------------------ */

static int read_channels(sd_bus_message *call, const Monitor *m, unsigned *ret, size_t *ret_n,
                         sd_bus_error *error) {
        const uint32_t *channels;
        size_t size;
        int r;

        if ((r = sd_bus_message_enter_container(call, 'v', "au")) < 0 ||
            (r = sd_bus_message_read_array(call, 'u', (const void**) &channels, &size)) < 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "channels is an array of numbers.");
        *ret_n = size / sizeof(channels[0]);
        if (*ret_n == 0 || *ret_n > m->n_channels)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "channels: 1 to %u of them.",
                                         m->n_channels);
        for (size_t i = 0; i < *ret_n; i++) {
                if (channels[i] >= m->n_channels)
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                                 "channels: there are %u only.", m->n_channels);
                ret[i] = channels[i];
        }
        return sd_bus_message_exit_container(call);
}

static int read_stream_options(sd_bus_message *call, const Monitor *m, unsigned *ret, size_t *ret_n,
                               sd_bus_error *error) {
        const char *name;
        int r;

        *ret_n = m->n_channels;
        for (unsigned i = 0; i < m->n_channels; i++)
                ret[i] = i;
        if ((r = sd_bus_message_enter_container(call, 'a', "{sv}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
                if ((r = sd_bus_message_read_basic(call, 's', &name)) < 0)
                        return r;
                if (!streq(name, "channels"))
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                                 "There is no option \"%.60s\".", name);
                if ((r = read_channels(call, m, ret, ret_n, error)) < 0 ||
                    (r = sd_bus_message_exit_container(call)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(call);
}

static int append_format(sd_bus_message *reply, const Monitor *m, const unsigned *channels, size_t n) {
        uint32_t index[DEVICE_CHANNELS_MAX];
        double lsb_uv[DEVICE_CHANNELS_MAX];
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        for (size_t i = 0; i < n; i++) {
                index[i] = channels[i];
                lsb_uv[i] = m->info.channels[channels[i]].lsb_uv;
        }
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}{sv}{sv}", "record_bytes", "u",
                                          (uint32_t) stream_record_bytes(n),
                                          "rate_hz", "d", monitor_nominal_rate_hz(m), "instance", "s",
                                          SD_ID128_TO_STRING(m->instance));
        if (r >= 0)
                r = append_array(reply, "channels", 'u', index, n * sizeof(index[0]));
        if (r >= 0)
                r = append_array(reply, "lsb_uv", 'd', lsb_uv, n * sizeof(lsb_uv[0]));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_open_stream(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(unref_message) sd_bus_message *reply = NULL;
        Monitor *m = userdata;
        Manager *manager = m->sinks.userdata;
        unsigned channels[DEVICE_CHANNELS_MAX];
        _cleanup_close_ int fd = -EBADF;
        size_t n;

        if (!m->opened)
                return bus_error_from_errno(error, -ENODEV);
        int r = read_stream_options(call, m, channels, &n, error);
        if (r < 0)
                return r;
        r = streams_open(&manager->streams, m, sd_bus_message_get_sender(call), channels, n, &fd);
        if (r < 0)
                return bus_error_from_errno(error, r);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "h", fd);
        if (r >= 0)
                r = append_format(reply, m, channels, n);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* --- self-test -------------------------------------------------------------------- */

static int answer_check(sd_bus_message *call, const SourceCheck *c) {
        _cleanup_(unref_message) sd_bus_message *reply = NULL;

        int r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sisdddb)");
        for (size_t i = 0; i < c->n && r >= 0; i++) {
                const SourceCheckItem *k = &c->items[i];

                r = sd_bus_message_append(reply, "(sisdddb)", k->name, (int32_t) k->channel, k->unit, k->value,
                                          k->min, k->max, (int) source_check_item_is_right(k));
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static void on_checked(Monitor *m, int error, const char *what, const SourceCheck *c, void *userdata) {
        _cleanup_(unref_message) sd_bus_message *call = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        if (error >= 0)
                r = answer_check(call, c);
        else if (what)
                r = sd_bus_reply_method_errorf(call, TWITCHD_ERROR("CheckFailed"), "%s: %s", what,
                                               strerror(-error));
        else {
                (void) bus_error_from_errno(&e, error == -ECANCELED ? -ESTALE : error);
                r = sd_bus_reply_method_error(call, &e);
        }
        if (r < 0)
                log_warning_errno(r, "%s: the result of a check was not sent: %m", m->name);
}

static int method_self_test(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int r = monitor_check(userdata, on_checked, call);

        if (r < 0)
                return bus_error_from_errno(error, r);
        sd_bus_message_ref(call);
        return 1;
}

const sd_bus_vtable monitor_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Device", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Place", "s", get_place, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Address", "s", get_address, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Serial", "s", get_serial, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Instance", "s", get_instance, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("BootId", "s", get_boot_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Error", "s", get_error, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NominalRateHz", "d", get_nominal_rate_hz, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("RateHz", "d", get_rate_hz, 0, 0),
        SD_BUS_PROPERTY("FalseAlarmsPerHour", "d", get_false_alarms_per_hour, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ContactMethod", "s", get_contact_method, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("BiasElectrode", "s", get_bias_electrode, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Scans", "t", get_scans, 0, 0),
        SD_BUS_PROPERTY("Lost", "a{st}", get_lost, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Events", "t", get_events, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("OpenStream", SD_BUS_ARGS("a{sv}", options),
                                SD_BUS_RESULT("h", fd, "a{sv}", format),
                                method_open_stream, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SelfTest", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sisdddb)", items),
                                method_self_test, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("TwitchNoticed",
                                SD_BUS_ARGS("t", id, "t", boottime_usec, "au", channels, "d", amplitude_uv,
                                            "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Twitch",
                                SD_BUS_ARGS("t", id, "t", boottime_usec, "s", kind, "au", channels,
                                            "d", amplitude_uv, "d", duration_ms, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Artefact",
                                SD_BUS_ARGS("t", from_boottime_usec, "t", to_boottime_usec, "s", cause,
                                            "au", channels, "a{sv}", details), 0),
        SD_BUS_VTABLE_END,
};

/* --- signals ----------------------------------------------------------------- */

static int append_channels(sd_bus_message *s, const unsigned *channels, size_t n) {
        uint32_t index[DETECT_EVENT_CHANNELS_MAX];

        for (size_t i = 0; i < n; i++)
                index[i] = channels[i];
        return sd_bus_message_append_array(s, 'u', index, n * sizeof(index[0]));
}

static int new_signal(sd_bus *bus, const Monitor *monitor, const char *member, sd_bus_message **ret) {
        _cleanup_free_ char *path = NULL;

        int r = bus_monitor_path(monitor, &path);
        return r < 0 ? r : sd_bus_message_new_signal(bus, ret, path, TWITCHD_MONITOR_INTERFACE, member);
}

static int send_notice(sd_bus *bus, const Monitor *monitor, const MonitorNotice *n) {
        _cleanup_(unref_message) sd_bus_message *s = NULL;
        const DetectNotice *d = n->notice;

        int r = new_signal(bus, monitor, "TwitchNoticed", &s);
        if (r >= 0)
                r = sd_bus_message_append(s, "tt", d->id, n->boottime_usec);
        if (r >= 0)
                r = append_channels(s, d->channels, d->n_channels);
        if (r >= 0)
                r = sd_bus_message_append(s, "da{sv}", d->amplitude_uv, 2,
                                          "snr", "d", d->snr,
                                          "instance", "s", SD_ID128_TO_STRING(monitor->instance));
        return r < 0 ? r : sd_bus_send(bus, s, NULL);
}

void bus_emit_notice(sd_bus *bus, const Monitor *monitor, const MonitorNotice *n) {
        int r = send_notice(bus, monitor, n);
        if (r < 0)
                log_warning_errno(r, "%s: notice %" PRIu64 " was not sent: %m", monitor->name,
                                  n->notice->id);
}

/* In the order of the channels. */
static int append_lags(sd_bus_message *s, const MonitorEvent *e) {
        double lags_ms[DETECT_EVENT_CHANNELS_MAX];
        const DetectEvent *d = e->event;

        for (size_t i = 0; i < d->n_channels; i++)
                lags_ms[i] = d->lags[i] * e->frame_ms;
        return append_array(s, "lags_ms", 'd', lags_ms, d->n_channels * sizeof lags_ms[0]);
}

static int append_details(sd_bus_message *s, const Monitor *monitor, const MonitorEvent *e) {
        const DetectEvent *d = e->event;

        int r = sd_bus_message_open_container(s, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(s, "{sv}{sv}{sv}{sv}{sv}",
                                          "snr", "d", d->snr,
                                          "discharges", "u", (uint32_t) d->discharges,
                                          "onset_boottime_usec", "t", e->onset_boottime_usec,
                                          "end_boottime_usec", "t", e->end_boottime_usec,
                                          "instance", "s", SD_ID128_TO_STRING(monitor->instance));
        if (r >= 0 && d->unit > 0)
                r = sd_bus_message_append(s, "{sv}", "unit", "u", (uint32_t) d->unit);
        if (r >= 0 && d->n_channels > 1)
                r = append_lags(s, e);
        if (r >= 0 && d->n_merged > 0)
                r = append_array(s, "merged", 't', d->merged, d->n_merged * sizeof d->merged[0]);
        return r < 0 ? r : sd_bus_message_close_container(s);
}

static int send_twitch(sd_bus *bus, const Monitor *monitor, const MonitorEvent *e) {
        _cleanup_(unref_message) sd_bus_message *s = NULL;
        const DetectEvent *d = e->event;

        int r = new_signal(bus, monitor, "Twitch", &s);
        if (r >= 0)
                r = sd_bus_message_append(s, "tts", e->id, e->boottime_usec, event_kind_to_string(d->kind));
        if (r >= 0)
                r = append_channels(s, d->channels, d->n_channels);
        if (r >= 0)
                r = sd_bus_message_append(s, "dd", d->amplitude_uv, e->duration_ms);
        if (r >= 0)
                r = append_details(s, monitor, e);
        return r < 0 ? r : sd_bus_send(bus, s, NULL);
}

void bus_emit_twitch(sd_bus *bus, const Monitor *monitor, const MonitorEvent *e) {
        int r = send_twitch(bus, monitor, e);
        if (r < 0)
                log_warning_errno(r, "%s: event %" PRIu64 " was not sent: %m", monitor->name, e->id);
}

static int send_artefact(sd_bus *bus, const Monitor *monitor, const MonitorArtefact *a) {
        _cleanup_(unref_message) sd_bus_message *s = NULL;
        const DetectArtefact *d = &a->artefact;

        int r = new_signal(bus, monitor, "Artefact", &s);
        if (r >= 0)
                r = sd_bus_message_append(s, "tts", a->from_boottime_usec, a->to_boottime_usec,
                                          artefact_cause_to_string(d->cause));
        if (r >= 0)
                r = append_channels(s, d->channels, d->n_channels);
        if (r >= 0)
                r = sd_bus_message_open_container(s, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(s, "{sv}{sv}{sv}",
                                          "instance", "s", SD_ID128_TO_STRING(monitor->instance),
                                          "parts", "u", (uint32_t) a->parts,
                                          "excluded_usec", "t",
                                          (uint64_t) (a->excluded * monitor->clock.period_ns / 1e3));
        if (r >= 0 && a->n_notices > 0)
                r = append_array(s, "withdrawn", 't', a->notices, a->n_notices * sizeof a->notices[0]);
        if (r >= 0)
                r = sd_bus_message_close_container(s);
        return r < 0 ? r : sd_bus_send(bus, s, NULL);
}

void bus_emit_artefact(sd_bus *bus, const Monitor *monitor, const MonitorArtefact *a) {
        int r = send_artefact(bus, monitor, a);
        if (r < 0)
                log_warning_errno(r, "%s: an artefact was not sent: %m", monitor->name);
}

void bus_monitor_changed(sd_bus *bus, const Monitor *monitor, const char *property, const char *also) {
        _cleanup_free_ char *path = NULL;

        int r = bus_monitor_path(monitor, &path);
        if (r >= 0)
                r = sd_bus_emit_properties_changed(bus, path, TWITCHD_MONITOR_INTERFACE, property, also,
                                                   NULL);
        if (r < 0)
                log_warning_errno(r, "%s: a change of %s was not sent: %m", monitor->name, property);
}

static int channel_changed(sd_bus *bus, const char *path) {
        return sd_bus_emit_properties_changed(bus, path, TWITCHD_CHANNEL_INTERFACE, "Label", "Gain", "LsbUv",
                                              NULL);
}

/* By interface: the object is none any more. */
static int channel_removed(sd_bus *bus, const char *path) {
        return sd_bus_emit_interfaces_removed(bus, path, TWITCHD_CHANNEL_INTERFACE, NULL);
}

/* Each is an object of its own. */
static int for_channels(sd_bus *bus, const Monitor *monitor, unsigned from, unsigned to,
                        int (*f)(sd_bus *bus, const char *path)) {
        int r = 0;

        for (unsigned i = from; i < to && r >= 0; i++) {
                _cleanup_free_ char *channel = NULL;

                r = bus_channel_path(monitor, i, &channel);
                if (r >= 0)
                        r = f(bus, channel);
        }
        return r;
}

static int for_objects(sd_bus *bus, const Monitor *monitor, int (*f)(sd_bus *bus, const char *path)) {
        _cleanup_free_ char *path = NULL;

        int r = bus_monitor_path(monitor, &path);
        if (r >= 0)
                r = f(bus, path);
        return r < 0 ? r : for_channels(bus, monitor, 0, monitor->n_channels, f);
}

void bus_announce_monitor(sd_bus *bus, const Monitor *monitor) {
        int r = for_objects(bus, monitor, sd_bus_emit_object_added);
        if (r < 0)
                log_warning_errno(r, "%s: its coming was not sent: %m", monitor->name);
}

void bus_withdraw_monitor(sd_bus *bus, const Monitor *monitor) {
        int r = for_objects(bus, monitor, sd_bus_emit_object_removed);
        if (r < 0)
                log_warning_errno(r, "%s: its going was not sent: %m", monitor->name);
}

void bus_monitor_opened(sd_bus *bus, const Monitor *monitor, unsigned n_before) {
        _cleanup_free_ char *path = NULL;
        unsigned n = monitor->n_channels;

        int r = bus_monitor_path(monitor, &path);
        if (r >= 0)
                r = sd_bus_emit_properties_changed(bus, path, TWITCHD_MONITOR_INTERFACE, "Instance",
                                                   "Device", "NominalRateHz", "FalseAlarmsPerHour", "ContactMethod",
                                                   "BiasElectrode", NULL);
        if (r >= 0)
                r = for_channels(bus, monitor, 0, MIN(n, n_before), channel_changed);
        if (r >= 0)
                r = for_channels(bus, monitor, n, n_before, channel_removed);
        if (r >= 0)
                r = for_channels(bus, monitor, n_before, n, sd_bus_emit_object_added);
        if (r < 0)
                log_warning_errno(r, "%s: its opening was not sent: %m", monitor->name);
}
