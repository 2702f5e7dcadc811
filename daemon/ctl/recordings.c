/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/sendfile.h>

#include "bus.h"
#include "history.h"
#include "recordings.h"
#include "util.h"

int recordings_fetch(int64_t id, int *ret_fd) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int fd;

        int r = history_call("OpenRecording", &reply, "t", (uint64_t) id);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "h", &fd);
        if (r >= 0) {
                fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                r = fd < 0 ? -errno : 0;
        }
        if (r < 0)
                return bus_complain(r, NULL);
        *ret_fd = fd;
        return 0;
}

int recordings_copy(int from, const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        off_t at = 0;
        ssize_t n = 0;

        int r = fd < 0 ? -errno : 0;
        while (r >= 0 && (n = sendfile(fd, from, &at, 1 << 20)) > 0)
                ;
        if (r >= 0 && (n < 0 || fsync(fd) < 0))
                r = -errno;
        if (r < 0)
                fprintf(stderr, "twitchctl: %s: %s\n", path, strerror(-r));
        return r;
}
