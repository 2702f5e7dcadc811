/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stddef.h>

#include "bus.h"
#include "snapshot.h"
#include "text.h"
#include "twitchd.h"

/* A property of an object and where it goes; type as in D-Bus. */
typedef struct Property {
        const char *name;
        const char *type;
        size_t offset;
} Property;

static const Property monitor_properties[] = {
        { "Device",             "s",     offsetof(MonitorInfo, device)                },
        { "State",              "s",     offsetof(MonitorInfo, state)                 },
        { "ContactMethod",      "s",     offsetof(MonitorInfo, contact_method)        },
        { "BiasElectrode",      "s",     offsetof(MonitorInfo, bias_electrode)        },
        { "NominalRateHz",      "d",     offsetof(MonitorInfo, nominal_rate_hz)       },
        { "RateHz",             "d",     offsetof(MonitorInfo, rate_hz)               },
        { "FalseAlarmsPerHour", "d",     offsetof(MonitorInfo, false_alarms_per_hour) },
        { "Scans",              "t",     offsetof(MonitorInfo, scans)                 },
        { "Events",             "t",     offsetof(MonitorInfo, events)                },
        { "Lost",               "a{st}", 0                                            },
        {},
};

static const Property channel_properties[] = {
        { "Index",       "u", offsetof(ChannelInfo, index)      },
        { "Label",       "s", offsetof(ChannelInfo, label)      },
        { "Gain",        "u", offsetof(ChannelInfo, gain)       },
        { "LsbUv",       "d", offsetof(ChannelInfo, lsb_uv)     },
        { "NoiseUv",     "d", offsetof(ChannelInfo, noise_uv)   },
        { "FloorUv",     "d", offsetof(ChannelInfo, floor_uv)   },
        { "ExposureSec", "d", offsetof(ChannelInfo, exposure_s) },
        { "Events",      "t", offsetof(ChannelInfo, events)     },
        { "RestSec",     "d", offsetof(ChannelInfo, rest_s)     },
        { "RestTwitches", "t", offsetof(ChannelInfo, rest_twitches) },
        { "LeadOff",     "b", offsetof(ChannelInfo, lead_off)   },
        { "Status",      "s", offsetof(ChannelInfo, status)     },
        { "Contact",     "s", offsetof(ChannelInfo, contact)    },
        { "ElectrodesOff", "s", offsetof(ChannelInfo, electrodes_off) },
        { "ImpedanceOhm", "d", offsetof(ChannelInfo, impedance_ohm) },
        {},
};

static void channel_done(ChannelInfo *c) {
        free(c->path);
        free(c->label);
        free(c->status);
        free(c->contact);
        free(c->electrodes_off);
}

static void lost_done(MonitorInfo *m) {
        for (size_t i = 0; i < m->n_lost; i++)
                free(m->lost[i].cause);
        free(m->lost);
        m->lost = NULL;
        m->n_lost = 0;
}

static void monitor_done(MonitorInfo *m) {
        for (size_t i = 0; i < m->n_channels; i++)
                channel_done(m->channels + i);
        free(m->channels);
        lost_done(m);
        free(m->path);
        free(m->name);
        free(m->device);
        free(m->state);
        free(m->contact_method);
        free(m->bias_electrode);
}

void snapshot_done(Snapshot *s) {
        for (size_t i = 0; i < s->n_monitors; i++)
                monitor_done(s->monitors + i);
        free(s->monitors);
        *s = (Snapshot) {};
}

MonitorInfo* snapshot_find_monitor(const Snapshot *s, const char *path) {
        for (size_t i = 0; i < s->n_monitors; i++)
                if (streq(s->monitors[i].path, path))
                        return s->monitors + i;
        return NULL;
}

ChannelInfo* monitor_find_channel(const MonitorInfo *m, uint32_t index) {
        for (size_t i = 0; i < m->n_channels; i++)
                if (m->channels[i].index == index)
                        return m->channels + i;
        return NULL;
}

uint64_t monitor_lost_total(const MonitorInfo *m) {
        uint64_t n = 0;

        for (size_t i = 0; i < m->n_lost; i++)
                n += m->lost[i].n;
        return n;
}

const char* channel_label(const ChannelInfo *c, uint32_t index, char ret[static 32]) {
        if (c && c->label && c->label[0])
                return c->label;
        snprintf(ret, 32, "channel %u", index + 1);
        return ret;
}

const char* contact_to_words(const ChannelInfo *c) {
        const char *contact = or_unknown(c->contact), *off = or_unknown(c->electrodes_off);

        return streq(contact, "not-measured") ? "not measured" : !streq(contact, "off") ? contact :
                streq(off, "positive") ? "positive electrode off" : streq(off, "negative") ? "negative electrode off" :
                streq(off, "both") ? "both electrodes off" : "one or both off";
}

static int add_monitor(Snapshot *s, const char *path, MonitorInfo **ret) {
        _cleanup_free_ char *name = NULL, *copy = NULL;

        int r = sd_bus_path_decode(path, TWITCHD_MONITOR_PATH, &name);
        if (r < 0)
                return r;
        copy = strdup(path);
        MonitorInfo *monitors = reallocarray(s->monitors, s->n_monitors + 1, sizeof *monitors);
        if (monitors)
                s->monitors = monitors;
        if (r == 0 || !copy || !monitors)
                return r == 0 ? -EBADMSG : -ENOMEM;

        *ret = s->monitors + s->n_monitors++;
        **ret = (MonitorInfo) {
                .path = TAKE_PTR(copy),
                .name = TAKE_PTR(name),
        };
        return 0;
}

static int get_monitor(Snapshot *s, const char *path, MonitorInfo **ret) {
        MonitorInfo *m = snapshot_find_monitor(s, path);

        if (!m)
                return add_monitor(s, path, ret);
        *ret = m;
        return 0;
}

/* .../monitor/<name>/channel/<n>: the object of the monitor may come later. */
static int get_channel(Snapshot *s, const char *path, ChannelInfo **ret) {
        MonitorInfo *m;

        const char *end = strstr(path, "/channel/");
        if (!end)
                return -EBADMSG;
        _cleanup_free_ char *monitor_path = strndup(path, (size_t) (end - path)), *copy = strdup(path);
        if (!monitor_path || !copy)
                return -ENOMEM;
        int r = get_monitor(s, monitor_path, &m);
        if (r < 0)
                return r;
        for (size_t i = 0; i < m->n_channels; i++)
                if (streq(m->channels[i].path, path)) {
                        *ret = m->channels + i;
                        return 0;
                }

        ChannelInfo *channels = reallocarray(m->channels, m->n_channels + 1, sizeof *channels);
        if (!channels)
                return -ENOMEM;
        m->channels = channels;
        *ret = channels + m->n_channels++;
        **ret = (ChannelInfo) {
                .path = TAKE_PTR(copy),
                .noise_uv = NAN,
                .floor_uv = NAN,
        };
        return 0;
}

static int read_lost(sd_bus_message *message, MonitorInfo *m) {
        const char *cause;
        uint64_t n;
        int r;

        lost_done(m);
        if ((r = sd_bus_message_enter_container(message, 'a', "{st}")) < 0)
                return r;
        while ((r = sd_bus_message_read(message, "{st}", &cause, &n)) > 0) {
                LostInfo *lost = reallocarray(m->lost, m->n_lost + 1, sizeof *lost);
                if (!lost)
                        return -ENOMEM;
                m->lost = lost;
                char *copy = strdup(cause);
                if (!copy)
                        return -ENOMEM;
                m->lost[m->n_lost++] = (LostInfo) { .cause = copy, .n = n };
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_string(sd_bus_message *message, char **field) {
        const char *s;

        int r = sd_bus_message_read_basic(message, 's', &s);
        if (r < 0)
                return r;
        char *copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

/* A variant, into the field of the object it belongs to; what is not known is skipped. */
static int read_property(sd_bus_message *message, const char *name, const Property *properties, void *object) {
        const char *type;
        const Property *p;

        int r = sd_bus_message_peek_type(message, NULL, &type);
        if (r < 0)
                return r;
        for (p = properties; p->name; p++)
                if (streq(p->name, name) && streq(p->type, type))
                        break;
        if (!p->name)
                return sd_bus_message_skip(message, "v");

        if ((r = sd_bus_message_enter_container(message, 'v', type)) < 0)
                return r;
        void *field = (char*) object + p->offset;
        if (p->type[0] == 'a')
                r = read_lost(message, object);
        else if (p->type[0] == 's')
                r = read_string(message, field);
        else
                r = sd_bus_message_read_basic(message, p->type[0], field);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_properties(sd_bus_message *message, const Property *properties, void *object) {
        int r;

        if ((r = sd_bus_message_enter_container(message, 'a', "{sv}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const char *name;

                if ((r = sd_bus_message_read_basic(message, 's', &name)) < 0 ||
                    (r = read_property(message, name, properties, object)) < 0 ||
                    (r = sd_bus_message_exit_container(message)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_interface(Snapshot *s, sd_bus_message *message, const char *path, const char *interface) {
        int r;

        if (streq(interface, TWITCHD_MONITOR_INTERFACE)) {
                MonitorInfo *m;
                if ((r = get_monitor(s, path, &m)) < 0)
                        return r;
                return read_properties(message, monitor_properties, m);
        }
        if (streq(interface, TWITCHD_CHANNEL_INTERFACE)) {
                ChannelInfo *c;
                if ((r = get_channel(s, path, &c)) < 0)
                        return r;
                return read_properties(message, channel_properties, c);
        }
        return sd_bus_message_skip(message, "a{sv}");
}

int snapshot_add_object(Snapshot *s, sd_bus_message *message) {
        const char *path, *interface;
        int r;

        if ((r = sd_bus_message_read_basic(message, 'o', &path)) < 0 ||
            (r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0)
                if ((r = sd_bus_message_read_basic(message, 's', &interface)) < 0 ||
                    (r = read_interface(s, message, path, interface)) < 0 ||
                    (r = sd_bus_message_exit_container(message)) < 0)
                        return r;
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

void snapshot_remove_object(Snapshot *s, const char *path) {
        MonitorInfo *m = snapshot_find_monitor(s, path);

        if (!m)
                return;
        monitor_done(m);
        size_t rest = s->n_monitors - (size_t) (m - s->monitors) - 1;
        memmove(m, m + 1, rest * sizeof *m);
        s->n_monitors--;
}

static int compare_monitors(const void *a, const void *b) {
        const MonitorInfo *x = a, *y = b;

        return strcmp(x->name, y->name);
}

static int compare_channels(const void *a, const void *b) {
        const ChannelInfo *x = a, *y = b;

        return x->index < y->index ? -1 : x->index > y->index;
}

void snapshot_sort(Snapshot *s) {
        if (s->n_monitors > 0)
                qsort(s->monitors, s->n_monitors, sizeof *s->monitors, compare_monitors);
        for (size_t i = 0; i < s->n_monitors; i++)
                if (s->monitors[i].n_channels > 0)
                        qsort(s->monitors[i].channels, s->monitors[i].n_channels,
                              sizeof *s->monitors[i].channels, compare_channels);
}

int snapshot_parse(sd_bus_message *reply, Snapshot *ret) {
        _cleanup_(snapshot_done) Snapshot s = {};
        int r;

        if ((r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0)
                if ((r = snapshot_add_object(&s, reply)) < 0 ||
                    (r = sd_bus_message_exit_container(reply)) < 0)
                        return r;
        if (r < 0)
                return r;
        snapshot_sort(&s);
        *ret = s;
        s = (Snapshot) {};
        return 0;
}

int snapshot_new_call(sd_bus *bus, sd_bus_message **ret) {
        return bus_new_call(bus, TWITCHD_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ret);
}

int snapshot_fetch(sd_bus *bus, Snapshot *ret, sd_bus_error *ret_error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int r;

        if ((r = snapshot_new_call(bus, &call)) < 0 ||
            (r = bus_call(bus, call, ret_error, &reply)) < 0)
                return r;
        return snapshot_parse(reply, ret);
}

int snapshot_open(sd_bus **ret_bus, Snapshot *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if ((r = bus_open(ret_bus)) < 0)
                return r;
        r = snapshot_fetch(*ret_bus, ret, &error);
        return r < 0 ? bus_complain(r, &error) : 0;
}
