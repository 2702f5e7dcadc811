/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Do one thing again and again, each time with another allocation in the kernel failing on the
 * way, until all have failed once:
 *
 *   sweep NAME ACT [UNDO [RENEW...]]
 *
 * where ACT, UNDO and RENEW are `write:FILE=TEXT`, `read:FILE`, `open:FILE`, `insmod:FILE[ PARAMETERS]` or
 * `rmmod:NAME`.
 *
 * Whatever came of the failure (most make ACT fail, some the kernel can do without), UNDO must
 * work where ACT did, and then both once more with nothing failing. RENEW is done before that where
 * ACT went on without its allocation: the kernel's own code may have lost something then. Prints
 * how many allocations there were. Status 0: all of this held.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ALLOCATIONS 20000

static int fail_nth = -1;       /* /proc/self/fail-nth */

static int arm(unsigned n) {
        char text[16];
        int len = snprintf(text, sizeof(text), "%u", n);

        if (pwrite(fail_nth, text, len, 0) >= 0)
                return 0;
        perror("fail-nth");
        return -1;
}

/* 1: the allocation was reached; 0: it was not, there are fewer */
static int disarm(void) {
        char left[16] = "";

        if (pread(fail_nth, left, sizeof(left) - 1, 0) < 0 || pwrite(fail_nth, "0", 1, 0) < 0) {
                perror("fail-nth");
                return -1;
        }
        return atoi(left) == 0;
}

static int on_file(const char *how, const char *path, const char *text, unsigned nth) {
        char buf[256];
        int fd, r;

        fd = open(path, !strcmp(how, "write") ? O_WRONLY : O_RDONLY);
        if (fd < 0)
                return -errno;
        /* The opening of a file is not what is tried, unless it is */
        if (nth && arm(nth) < 0)
                exit(2);
        if (!strcmp(how, "insmod"))
                r = syscall(SYS_finit_module, fd, text ?: "", 0);
        else if (text)
                r = write(fd, text, strlen(text));
        else
                r = read(fd, buf, sizeof(buf));
        r = r < 0 ? -errno : 0;
        if (nth) {
                nth = disarm();
                if (nth == 0)
                        r = 1;
        }
        close(fd);
        return r;
}

/* Negative errno: failed; 0: done; 1: done, and with @nth there was nothing left to fail */
static int act(const char *spec, unsigned nth) {
        char how[256], *path, *text;
        int r, reached = 1;

        snprintf(how, sizeof(how), "%s", spec);
        path = strchr(how, ':');
        if (!path) {
                fprintf(stderr, "sweep: what is '%s'?\n", spec);
                exit(2);
        }
        *path++ = 0;
        text = NULL;
        if (!strcmp(how, "write")) {
                /* the names of devices have colons, too */
                text = strrchr(path, '=');
                if (!text)
                        exit(2);
                *text++ = 0;
        } else if (!strcmp(how, "insmod")) {
                text = strchr(path, ' ');
                if (text)
                        *text++ = 0;
        }

        if (!strcmp(how, "write") || !strcmp(how, "read") || !strcmp(how, "insmod"))
                return on_file(how, path, text, nth);

        if (nth && arm(nth) < 0)
                exit(2);
        if (!strcmp(how, "open"))
                r = open(path, O_RDONLY);
        else
                r = syscall(SYS_delete_module, path, O_NONBLOCK);
        if (r < 0)
                r = -errno;
        if (nth)
                reached = disarm();
        if (r >= 0 && !strcmp(how, "open")) {
                close(r);
                r = 0;
        }
        return reached ? r : 1;
}

static int must(const char *name, unsigned n, const char *what, int r) {
        if (r < 0)
                printf("%s: allocation %u: %s: %s\n", name, n, what, strerror(-r));
        return r;
}

int main(int argc, char *argv[]) {
        const char *name = argv[1], *undo = argc > 3 ? argv[3] : NULL;
        unsigned n, spared = 0;
        int r;

        if (argc < 3) {
                fprintf(stderr, "usage: sweep NAME ACT [UNDO [RENEW...]]\n");
                return 2;
        }
        fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
        if (fail_nth < 0) {
                perror("fail-nth");
                return 2;
        }

        for (n = 1; n <= MAX_ALLOCATIONS; n++) {
                r = act(argv[2], n);
                if (r == 0)
                        spared++;
                if (r >= 0 && undo && must(name, n, "undo", act(undo, 0)) < 0)
                        return 1;
                if (r == 1)
                        break;
                for (int i = 4; r == 0 && i < argc; i++)
                        if (must(name, n, argv[i], act(argv[i], 0)) < 0)
                                return 1;
                if (must(name, n, "once more", act(argv[2], 0)) < 0)
                        return 1;
                if (undo && must(name, n, "undo once more", act(undo, 0)) < 0)
                        return 1;
        }

        if (n == 1 || n > MAX_ALLOCATIONS) {
                printf("%s: %u allocations\n", name, n - 1);
                return 1;
        }
        printf("figure: %s: %u allocations, each failed once; without %u of them it went on\n", name, n - 1, spared);
        return 0;
}
