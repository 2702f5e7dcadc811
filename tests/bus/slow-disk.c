/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into twitchd by a test: while the file $SLOW_DISK is there, what is written does not reach the disk. The
 * size of that file says how many threads have come to wait.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
        const char *flag = getenv("SLOW_DISK");
        int fd = flag ? open(flag, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

        if (fd < 0)
                return;
        if (write(fd, ".", 1) != 1)
                abort();
        close(fd);
        while (access(flag, F_OK) == 0)
                usleep(10000);
}

int fdatasync(int fd) {
        wait_for_disk();
        return ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int fsync(int fd) {
        wait_for_disk();
        return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(fd);
}
