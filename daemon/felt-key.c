/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <fcntl.h>
#include <linux/input.h>
#include <sys/epoll.h>

#include "felt-key.h"
#include "log.h"

#define RETRY_USEC (5 * USEC_PER_SEC)

struct FeltKey {
        sd_event *event;
        char *path;
        unsigned key;
        int fd;
        sd_event_source *io;
        bool told;                      /* why it cannot be read */
        usec_t next_usec;               /* when it is tried again */
        void (*pressed)(void *userdata);
        void *userdata;
};

static void close_device(FeltKey *f, int error) {
        f->io = sd_event_source_disable_unref(f->io);
        if (f->fd >= 0)
                close(TAKE_FD(f->fd));
        f->next_usec = now_usec() + RETRY_USEC;
        if (!f->told)
                log_warning_errno(error, "%s: the key for felt twitches cannot be read: %m; it is tried again. twitchd needs "
                                  "a drop-in with DeviceAllow=char-input r and SupplementaryGroups=input.", f->path);
        f->told = true;
}

static int on_input(sd_event_source *es, int fd, uint32_t revents, void *userdata) {
        FeltKey *f = userdata;
        struct input_event e;
        ssize_t n;

        while ((n = read(fd, &e, sizeof(e))) == sizeof(e))
                /* 1: pressed; 2, which follows while it is held, is no other one */
                if (e.type == EV_KEY && e.value == 1 && (f->key == 0 || e.code == f->key))
                        f->pressed(f->userdata);
        if (n >= 0 || errno != EAGAIN)
                close_device(f, n < 0 ? -errno : -ENODEV);
        return 0;
}

static int open_device(FeltKey *f) {
        f->fd = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (f->fd < 0)
                return -errno;
        int r = sd_event_add_io(f->event, &f->io, f->fd, EPOLLIN, on_input, f);
        if (r < 0)
                return r;
        log_info("%s: a key of it marks a felt twitch.", f->path);
        f->told = false;
        return 0;
}

int felt_key_new(sd_event *event, const char *path, unsigned key, void (*pressed)(void *userdata), void *userdata,
                 FeltKey **ret) {
        assert(pressed);
        assert(ret);

        FeltKey *f = calloc(1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        *f = (FeltKey) { .event = event, .path = strdup(path), .key = key, .fd = -EBADF, .pressed = pressed,
                         .userdata = userdata };
        if (!f->path) {
                free(f);
                return -ENOMEM;
        }
        felt_key_tick(f);
        *ret = f;
        return 0;
}

void felt_key_tick(FeltKey *f) {
        if (!f || f->fd >= 0 || now_usec() < f->next_usec)
                return;
        int r = open_device(f);
        if (r < 0)
                close_device(f, r);
}

FeltKey* felt_key_free(FeltKey *f) {
        if (!f)
                return NULL;
        sd_event_source_disable_unref(f->io);
        if (f->fd >= 0)
                close(f->fd);
        free(f->path);
        free(f);
        return NULL;
}
