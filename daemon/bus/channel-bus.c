/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.twitchd1.Channel */
#include "bus.h"
#include "log.h"

#define CHANNEL "/channel/"

/* By hand, because sd_bus_path_encode() would escape the digit. */
int bus_channel_path(const Monitor *monitor, unsigned channel, char **ret) {
        _cleanup_free_ char *path = NULL;

        int r = bus_monitor_path(monitor, &path);
        if (r < 0)
                return r;
        return asprintf(ret, "%s" CHANNEL "%u", path, channel) < 0 ? -ENOMEM : 0;
}

int bus_find_channel(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                     sd_bus_error *error) {
        _cleanup_free_ char *monitor_path = NULL, *canonical = NULL;
        const char *tail = strstr(path, CHANNEL);
        void *found;

        if (!tail)
                return 0;
        monitor_path = strndup(path, (size_t) (tail - path));
        if (!monitor_path)
                return -ENOMEM;
        int r = bus_find_monitor(bus, monitor_path, interface, userdata, &found, error);
        if (r <= 0)
                return r;

        Monitor *monitor = found;
        unsigned long i = strtoul(tail + strlen(CHANNEL), NULL, 10);
        if (i >= monitor->n_channels)
                return 0;
        /* "007" and "7x" are not the path of channel 7 */
        r = bus_channel_path(monitor, (unsigned) i, &canonical);
        if (r < 0)
                return r;
        if (!streq(path, canonical))
                return 0;
        *ret_found = &monitor->channels[i];
        return 1;
}

#define DEFINE_GETTER(name, type, expression)                                                           \
        static int name(sd_bus *bus, const char *path, const char *interface, const char *property,     \
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {                   \
                const MonitorChannel *c = userdata;                                                     \
                return sd_bus_message_append(reply, type, expression);                                  \
        }

static DetectChannelStats stats(const MonitorChannel *c) {
        DetectChannelStats s;

        monitor_channel_stats(c->monitor, c->index, &s);
        return s;
}

static const SourceChannel* info(const MonitorChannel *c) {
        return monitor_channel_info(c->monitor, c->index);
}

DEFINE_GETTER(get_index, "u", (uint32_t) c->index)
DEFINE_GETTER(get_label, "s", info(c)->label)
DEFINE_GETTER(get_gain, "u", (uint32_t) info(c)->gain)
DEFINE_GETTER(get_lsb_uv, "d", info(c)->lsb_uv)
DEFINE_GETTER(get_noise_uv, "d", stats(c).noise_uv)
DEFINE_GETTER(get_floor_uv, "d", stats(c).floor_uv)
DEFINE_GETTER(get_exposure_sec, "d", stats(c).exposure_s)
DEFINE_GETTER(get_events, "t", stats(c).events)
DEFINE_GETTER(get_lead_off, "b", (int) c->lead_off)
DEFINE_GETTER(get_status, "s", c->status)

DEFINE_GETTER(get_contact, "s", contact_state_to_string(c->contact))
DEFINE_GETTER(get_impedance_ohm, "d", monitor_channel_ohm(c->monitor, c->index))
DEFINE_GETTER(get_electrodes_off, "s", c->electrodes_off)

DEFINE_GETTER(get_minutes, "u", (uint32_t) stats(c).minutes)
DEFINE_GETTER(get_voluntary_minutes, "u", (uint32_t) stats(c).voluntary_minutes)
DEFINE_GETTER(get_rest_sec, "d", stats(c).rest_s)
DEFINE_GETTER(get_rest_twitches, "t", stats(c).rest_twitches)

/* --- minutes ------------------------------------------------------------------- */

#define MINUTE_TYPE "ttda{sd}ddttba{sv}"

static void unref_message(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

/* The contents of one, without the brackets. */
static int append_minute(sd_bus_message *s, const MonitorMinute *m) {
        const DetectMinute *d = &m->found;

        int r = sd_bus_message_append(s, "ttd", m->from_boottime_usec, m->to_boottime_usec, d->exposure_s);
        if (r >= 0)
                r = sd_bus_message_open_container(s, 'a', "{sd}");
        for (unsigned i = 0; i < _EXCLUSION_MAX && r >= 0; i++)
                if (d->excluded_s[i] > 0)
                        r = sd_bus_message_append(s, "{sd}", exclusion_to_string((Exclusion) i), d->excluded_s[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(s);
        return r < 0 ? r : sd_bus_message_append(s, "ddttba{sv}", d->noise_uv, d->floor_uv, (uint64_t) d->events,
                                                 (uint64_t) d->twitches, (int) d->voluntary, 0);
}

static int method_get_minutes(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(unref_message) sd_bus_message *reply = NULL;
        const MonitorChannel *c = userdata;
        uint64_t first = c->n_minutes > MONITOR_MINUTES_KEPT ? c->n_minutes - MONITOR_MINUTES_KEPT : 0;

        int r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(" MINUTE_TYPE ")");
        for (uint64_t i = first; i < c->n_minutes && r >= 0; i++) {
                r = sd_bus_message_open_container(reply, 'r', MINUTE_TYPE);
                if (r >= 0)
                        r = append_minute(reply, &c->minutes[i % MONITOR_MINUTES_KEPT]);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int send_minute(sd_bus *bus, const Monitor *monitor, const MonitorMinute *minute) {
        _cleanup_(unref_message) sd_bus_message *s = NULL;
        _cleanup_free_ char *path = NULL;

        int r = bus_channel_path(monitor, minute->found.channel, &path);
        if (r >= 0)
                r = sd_bus_message_new_signal(bus, &s, path, TWITCHD_CHANNEL_INTERFACE, "Minute");
        if (r >= 0)
                r = append_minute(s, minute);
        return r < 0 ? r : sd_bus_send(bus, s, NULL);
}

void bus_emit_minute(sd_bus *bus, const Monitor *monitor, const MonitorMinute *minute) {
        int r = send_minute(bus, monitor, minute);
        if (r < 0)
                log_warning_errno(r, "%s: a minute of channel %u was not sent: %m", monitor->name,
                                  minute->found.channel + 1);
}

const sd_bus_vtable channel_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Index", "u", get_index, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Label", "s", get_label, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Gain", "u", get_gain, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LsbUv", "d", get_lsb_uv, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NoiseUv", "d", get_noise_uv, 0, 0),
        SD_BUS_PROPERTY("FloorUv", "d", get_floor_uv, 0, 0),
        SD_BUS_PROPERTY("ExposureSec", "d", get_exposure_sec, 0, 0),
        SD_BUS_PROPERTY("Events", "t", get_events, 0, 0),
        SD_BUS_PROPERTY("Minutes", "u", get_minutes, 0, 0),
        SD_BUS_PROPERTY("VoluntaryMinutes", "u", get_voluntary_minutes, 0, 0),
        SD_BUS_PROPERTY("RestSec", "d", get_rest_sec, 0, 0),
        SD_BUS_PROPERTY("RestTwitches", "t", get_rest_twitches, 0, 0),
        SD_BUS_PROPERTY("LeadOff", "b", get_lead_off, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Contact", "s", get_contact, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ElectrodesOff", "s", get_electrodes_off, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ImpedanceOhm", "d", get_impedance_ohm, 0, 0),
        SD_BUS_PROPERTY("Status", "s", get_status, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("GetMinutes", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(" MINUTE_TYPE ")", minutes),
                                method_get_minutes, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Minute",
                                SD_BUS_ARGS("t", from_boottime_usec, "t", to_boottime_usec, "d", exposure_sec,
                                            "a{sd}", excluded_sec, "d", noise_uv, "d", floor_uv, "t", events, "t", twitches, "b", voluntary,
                                            "a{sv}", details), 0),
        SD_BUS_VTABLE_END,
};

void bus_channel_changed(sd_bus *bus, const Monitor *monitor, unsigned channel) {
        _cleanup_free_ char *path = NULL;

        int r = bus_channel_path(monitor, channel, &path);
        if (r >= 0)
                r = sd_bus_emit_properties_changed(bus, path, TWITCHD_CHANNEL_INTERFACE,
                                                   "LeadOff", "Contact", "ElectrodesOff", "Status", NULL);
        if (r < 0)
                log_warning_errno(r, "%s: a change of channel %u was not sent: %m", monitor->name, channel + 1);
}
