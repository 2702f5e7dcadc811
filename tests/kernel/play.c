/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Write numbered frames (numbered.h) into the simulated hat and wait until it has converted all:
 *
 *   play CHANNELS FRAMES [DEVICE]
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "numbered.h"

int main(int argc, char *argv[]) {
        int32_t frame[NUMBERED_MAX_CHANNELS];
        unsigned channels;
        long frames;
        int fd;

        if (argc < 3) {
                fprintf(stderr, "usage: play CHANNELS FRAMES [DEVICE]\n");
                return 1;
        }
        channels = atoi(argv[1]);
        frames = atol(argv[2]);
        if (channels < 1 || channels > NUMBERED_MAX_CHANNELS || frames < 1 || frames > NUMBERED_MAX_FRAMES) {
                fprintf(stderr, "play: at most %d channels and %d frames\n", NUMBERED_MAX_CHANNELS, NUMBERED_MAX_FRAMES);
                return 1;
        }

        fd = open(argc > 3 ? argv[3] : "/dev/ads1299-sim0", O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
                perror("play");
                return 1;
        }
        for (long n = 0; n < frames; n++) {
                for (unsigned ch = 0; ch < channels; ch++)
                        frame[ch] = numbered_nanovolts(n, ch);
                if (write(fd, frame, sizeof(*frame) * channels) < 0) {
                        perror("play: write");
                        return 1;
                }
        }
        if (fsync(fd) < 0) {
                perror("play: fsync");
                return 1;
        }
        return 0;
}
