/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "../util.h"
#include "input.h"

#define WRITER_WAIT_MSEC 10000

int temporary_file(void) {
        const char *folder = getenv("TMPDIR") ?: "/var/tmp";

        int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EOPNOTSUPP)
                return fd < 0 ? -errno : fd;

        char path[4096]; /* a file system that needs names */
        snprintf(path, sizeof path, "%s/twitch-XXXXXX", folder);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        unlink(path);
        return fd;
}

int write_exactly(int fd, const void *bytes, size_t n) {
        const char *p = bytes;

        while (n > 0) {
                ssize_t k = write(fd, p, n);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                p += k;
                n -= (size_t) k;
        }
        return 0;
}

/* All that comes through a pipe, to a file */
static int spool(int from, uint64_t *ret_size) {
        static char bytes[65536];
        _cleanup_close_ int to = temporary_file();

        if (to < 0)
                return to;
        *ret_size = 0;
        for (;;) {
                ssize_t n = read(from, bytes, sizeof bytes);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return TAKE_FD(to);
                int r = write_exactly(to, bytes, (size_t) n);
                if (r < 0)
                        return r;
                *ret_size += (uint64_t) n;
        }
}

static int open_pipe(int fd, bool named, uint64_t *ret_size, char **ret_error) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        if (named && poll(&p, 1, WRITER_WAIT_MSEC) == 0) {
                *ret_error = strdup("this is a pipe, and nobody writes to it");
                return -EBADMSG;
        }
        if (fcntl(fd, F_SETFL, 0) < 0) /* blocking again */
                return -errno;
        int r = spool(fd, ret_size);
        if (r < 0 &&
            asprintf(ret_error, "cannot keep what comes through the pipe in %s: %s",
                     getenv("TMPDIR") ?: "/var/tmp", strerror(-r)) < 0)
                *ret_error = NULL;
        return r;
}

int input_open(const char *path, uint64_t *ret_size, char **ret_error) {
        bool standard = streq(path, "-");
        struct stat st;

        /* O_NONBLOCK: a FIFO without a writer must not hang us. */
        _cleanup_close_ int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
                                            open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
                return open_pipe(fd, !standard, ret_size, ret_error);
        if (!S_ISREG(st.st_mode)) {
                *ret_error = strdup("this is neither an ordinary file nor a pipe");
                return -EBADMSG;
        }
        *ret_size = (uint64_t) st.st_size;
        return TAKE_FD(fd);
}
