/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "bus.h"
#include "ctl.h"
#include "scans.h"
#include "twitchd.h"

static int append_channels(sd_bus_message *call, const char *list) {
        _cleanup_free_ char *copy = strdup(list);
        uint32_t channels[SCANS_CHANNELS_MAX];
        size_t n = 0;
        char *saved, *end;
        int r;

        if (!copy)
                return -ENOMEM;
        for (char *w = strtok_r(copy, ",", &saved); w; w = strtok_r(NULL, ",", &saved)) {
                unsigned long channel = strtoul(w, &end, 10);

                if (*w < '0' || *w > '9' || *end || channel < 1 || channel > SCANS_CHANNELS_MAX ||
                    n == SCANS_CHANNELS_MAX) {
                        fprintf(stderr,
                                "twitchctl: --channels takes numbers from 1, as in 1,3, not \"%s\"\n",
                                list);
                        return EXIT_USAGE;
                }
                channels[n++] = (uint32_t) channel - 1;
        }
        if ((r = sd_bus_message_open_container(call, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(call, "s", "channels")) < 0 ||
            (r = sd_bus_message_open_container(call, 'v', "au")) < 0 ||
            (r = sd_bus_message_append_array(call, 'u', channels, n * sizeof channels[0])) < 0 ||
            (r = sd_bus_message_close_container(call)) < 0)
                return r;
        return sd_bus_message_close_container(call);
}

static int read_array(sd_bus_message *m, char type, void *ret, size_t item, size_t *ret_n) {
        const char contents[] = { 'a', type, 0 };
        const void *data;
        size_t size;
        int r;

        if ((r = sd_bus_message_enter_container(m, 'v', contents)) < 0 ||
            (r = sd_bus_message_read_array(m, type, &data, &size)) < 0)
                return r;
        *ret_n = MIN(size / item, (size_t) SCANS_CHANNELS_MAX);
        memcpy(ret, data, *ret_n * item);
        return sd_bus_message_exit_container(m);
}

static int read_format(sd_bus_message *m, Scans *s) {
        const char *name;
        size_t n;
        int r;

        if ((r = sd_bus_message_enter_container(m, 'a', "{sv}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                if ((r = sd_bus_message_read_basic(m, 's', &name)) < 0)
                        return r;
                if (streq(name, "record_bytes"))
                        r = sd_bus_message_read(m, "v", "u", &s->record_bytes);
                else if (streq(name, "rate_hz"))
                        r = sd_bus_message_read(m, "v", "d", &s->rate_hz);
                else if (streq(name, "channels"))
                        r = read_array(m, 'u', s->channels, sizeof s->channels[0], &s->n_channels);
                else if (streq(name, "lsb_uv"))
                        r = read_array(m, 'd', s->lsb_uv, sizeof s->lsb_uv[0], &n);
                else
                        r = sd_bus_message_skip(m, "v");
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return s->n_channels == 0 || s->record_bytes != SCANS_HEAD_BYTES + 4 * s->n_channels ? -EBADMSG : 0;
}

int scans_open(sd_bus *bus, const char *path, const char *channels, Scans *s, sd_bus_error *ret_error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int r, fd;

        if ((r = bus_new_call(bus, path, TWITCHD_MONITOR_INTERFACE, "OpenStream", &call)) < 0 ||
            (r = sd_bus_message_open_container(call, 'a', "{sv}")) < 0 ||
            (r = channels ? append_channels(call, channels) : 0) < 0)
                return r;
        if (r == EXIT_USAGE)
                return r;
        if ((r = sd_bus_message_close_container(call)) < 0 ||
            (r = bus_call(bus, call, ret_error, &reply)) < 0 ||
            (r = sd_bus_message_read(reply, "h", &fd)) < 0 ||
            (r = read_format(reply, s)) < 0)
                return r;
        s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return s->fd < 0 ? -errno : 0;
}
