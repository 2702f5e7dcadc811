/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Let every allocation of the kernel fail, whoever asks, for some milliseconds:
 *
 *   starve MILLISECONDS
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILSLAB "/sys/kernel/debug/failslab/"

static int set(int fd, const char *value) {
        if (write(fd, value, strlen(value)) >= 0)
                return 0;
        perror("failslab");
        return -1;
}

static int open_knob(const char *path) {
        int fd = open(path, O_WRONLY);

        if (fd < 0) {
                perror(path);
                exit(2);
        }
        return fd;
}

int main(int argc, char *argv[]) {
        int times = open_knob(FAILSLAB "times"), probability = open_knob(FAILSLAB "probability");

        if (argc != 2 || set(times, "-1") < 0 || set(probability, "0") < 0)
                return 2;

        /* Between the two nothing must be opened: it could not */
        if (set(probability, "100") < 0)
                return 1;
        usleep(atoi(argv[1]) * 1000);
        return set(probability, "0") < 0;
}
