/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into twitchd by a test: while the file $SLOW_DISK is there, what is written does not reach the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
        const char *flag = getenv("SLOW_DISK");

        while (flag && access(flag, F_OK) == 0)
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
