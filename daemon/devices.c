/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <sys/inotify.h>
#include <systemd/sd-device.h>

#include "devices.h"
#include "source/iio.h"
#include "utf8.h"
#include "util.h"

#define NODE_PREFIX "iio:device"

static void unref_enumerator(sd_device_enumerator **e) {
        sd_device_enumerator_unref(*e);
}

static void unref_device(sd_device **d) {
        sd_device_unref(*d);
}

static bool is_node(const char *name) {
        return strncmp(name, NODE_PREFIX, strlen(NODE_PREFIX)) == 0;
}

/* The node goes first when a device goes, and is there before a new one is announced. */
static bool has_node(const char *id) {
        char node[128];

        snprintf(node, sizeof(node), "/dev/%s", id);
        return access(node, F_OK) >= 0;
}

int devices_foreach(int (*f)(const char *id, void *userdata), void *userdata) {
        _cleanup_(unref_enumerator) sd_device_enumerator *e = NULL;

        int r = sd_device_enumerator_new(&e);
        if (r >= 0)
                r = sd_device_enumerator_add_match_subsystem(e, "iio", true);
        if (r >= 0)
                r = sd_device_enumerator_add_match_sysattr(e, "name", IIO_DEVICE_NAME_PREFIX "*", true);
        if (r < 0)
                return r;

        for (sd_device *d = sd_device_enumerator_get_device_first(e); d;
             d = sd_device_enumerator_get_device_next(e)) {
                const char *id;

                /* not a trigger, which may bear the device's name too, and not one on its way out */
                if (sd_device_get_sysname(d, &id) < 0 || !is_node(id) || !has_node(id))
                        continue;
                r = f(id, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool device_is_accessible(const char *id) {
        char node[128], attribute[128];

        /* the attribute that 60-twitchd.rules opens last */
        snprintf(node, sizeof(node), "/dev/%s", id);
        snprintf(attribute, sizeof(attribute), "/sys/bus/iio/devices/%s/buffer/enable", id);
        return access(node, R_OK | W_OK) >= 0 && access(attribute, W_OK) >= 0;
}

/* --- the place ------------------------------------------------------------------ */

#define DEVICE_TREE "/sys/firmware/devicetree/base"

static bool read_line(const char *path, char *ret, size_t size) {
        _cleanup_fclose_ FILE *f = fopen(path, "re");

        if (!f || !fgets(ret, (int) size, f))
                return false;
        ret[strcspn(ret, "\n")] = '\0';
        return ret[0] != '\0';
}

/*
 * The firmware puts what the EEPROM of a hat says into the device tree. Not all of them have a number of
 * their own.
 */
static void find_serial(char *ret, size_t size) {
        char product[128];

        if (!read_line(DEVICE_TREE "/hat/product", product, sizeof(product)) ||
            !strstr(product, "ADS1299") ||
            !read_line(DEVICE_TREE "/hat/uuid", ret, size) || strspn(ret, "0-") == strlen(ret) ||
            strspn(ret, "0123456789abcdefABCDEF-") != strlen(ret))
                ret[0] = '\0';
}

int device_place(const char *id, DevicePlace *ret) {
        _cleanup_(unref_device) sd_device *d = NULL;
        const char *name, *path;
        char link[DEVICE_PATH_MAX + 16];
        sd_device *parent;

        int r = sd_device_new_from_subsystem_sysname(&d, "iio", id);
        if (r < 0 || (r = sd_device_get_parent(d, &parent)) < 0 ||
            (r = sd_device_get_sysname(parent, &name)) < 0 ||
            (r = sd_device_get_syspath(parent, &path)) < 0)
                return r;

        *ret = (DevicePlace) {};
        (void) utf8_clean(ret->name, sizeof(ret->name), name, strlen(name));
        path += strlen("/sys");
        (void) utf8_clean(ret->path, sizeof(ret->path), path, strlen(path));
        snprintf(link, sizeof(link), "/sys%s/of_node", path);
        _cleanup_free_ char *node = realpath(link, NULL);
        if (node && strncmp(node, DEVICE_TREE "/", strlen(DEVICE_TREE "/")) == 0) {
                path = node + strlen(DEVICE_TREE);
                (void) utf8_clean(ret->path, sizeof(ret->path), path, strlen(path));
                find_serial(ret->serial, sizeof(ret->serial));
        }
        return 0;
}

void device_place_of_uri(const char *uri, DevicePlace *ret) {
        *ret = (DevicePlace) {};
        (void) utf8_clean(ret->name, sizeof(ret->name), uri, strlen(uri));
        (void) utf8_clean(ret->path, sizeof(ret->path), uri, strlen(uri));
}

bool device_has_sinc3(const char *id) {
        _cleanup_(unref_device) sd_device *d = NULL;
        const char *value;

        return sd_device_new_from_subsystem_sysname(&d, "iio", id) < 0 ||
                sd_device_get_property_value(d, "TWITCHD_SINC3", &value) < 0 || !streq(value, "no");
}

struct DevicesWatch {
        sd_event_source *source;
        void (*came)(void *userdata);
        void (*gone)(const char *id, void *userdata);
        void *userdata;
};

static int on_inotify(sd_event_source *es, const struct inotify_event *event, void *userdata) {
        DevicesWatch *w = userdata;

        if (event->mask & IN_Q_OVERFLOW)
                w->came(w->userdata);
        else if (event->len > 0 && is_node(event->name)) {
                if (event->mask & IN_DELETE)
                        w->gone(event->name, w->userdata);
                else
                        w->came(w->userdata);
        }
        return 0;
}

int devices_watch(sd_event *event, void (*came)(void *userdata),
                  void (*gone)(const char *id, void *userdata), void *userdata, DevicesWatch **ret) {
        assert(came);
        assert(gone);
        assert(ret);

        DevicesWatch *w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (DevicesWatch) { .came = came, .gone = gone, .userdata = userdata };

        int r = sd_event_add_inotify(event, &w->source, "/dev",
                                     IN_CREATE | IN_ATTRIB | IN_DELETE | IN_ONLYDIR, on_inotify, w);
        if (r < 0) {
                devices_watch_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

DevicesWatch* devices_watch_free(DevicesWatch *w) {
        if (w)
                sd_event_source_disable_unref(w->source);
        free(w);
        return NULL;
}
