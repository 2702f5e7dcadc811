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

const sd_bus_vtable channel_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Index", "u", get_index, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Label", "s", get_label, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Gain", "u", get_gain, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("LsbUv", "d", get_lsb_uv, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("NoiseUv", "d", get_noise_uv, 0, 0),
        SD_BUS_PROPERTY("FloorUv", "d", get_floor_uv, 0, 0),
        SD_BUS_PROPERTY("ExposureSec", "d", get_exposure_sec, 0, 0),
        SD_BUS_PROPERTY("Events", "t", get_events, 0, 0),
        SD_BUS_PROPERTY("LeadOff", "b", get_lead_off, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Status", "s", get_status, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

void bus_channel_changed(sd_bus *bus, const Monitor *monitor, unsigned channel) {
        _cleanup_free_ char *path = NULL;

        int r = bus_channel_path(monitor, channel, &path);
        if (r >= 0)
                r = sd_bus_emit_properties_changed(bus, path, TWITCHD_CHANNEL_INTERFACE,
                                                   "LeadOff", "Status", NULL);
        if (r < 0)
                log_warning_errno(r, "%s: a change of channel %u was not sent: %m", monitor->name, channel);
}
