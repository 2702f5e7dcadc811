/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A GPIO pin of the chip with that label:
 *
 *   gpio LABEL PIN          make it an input and print its level
 *   gpio LABEL PIN as-is    print its level
 *   gpio LABEL PIN 0|1      drive it; it stays so
 */

#include <fcntl.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_chip(const char *label) {
        for (unsigned i = 0; i < 16; i++) {
                struct gpiochip_info info = {};
                char path[32];
                int fd;

                snprintf(path, sizeof(path), "/dev/gpiochip%u", i);
                fd = open(path, O_RDWR);
                if (fd < 0)
                        continue;
                if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info) == 0 && strcmp(info.label, label) == 0)
                        return fd;
                close(fd);
        }

        fprintf(stderr, "no GPIO chip '%s'\n", label);
        return -1;
}

int main(int argc, char *argv[]) {
        struct gpio_v2_line_request request = { .num_lines = 1, .consumer = "test" };
        struct gpio_v2_line_values values = { .mask = 1 };
        int fd;

        if (argc < 3 || argc > 4)
                return 2;

        fd = open_chip(argv[1]);
        if (fd < 0)
                return 1;

        request.offsets[0] = strtoul(argv[2], NULL, 10);
        if (argc == 3)
                request.config.flags = GPIO_V2_LINE_FLAG_INPUT;
        else if (strcmp(argv[3], "as-is") != 0) {
                request.config.flags = GPIO_V2_LINE_FLAG_OUTPUT;
                request.config.num_attrs = 1;
                request.config.attrs[0].mask = 1;
                request.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
                request.config.attrs[0].attr.values = strtoul(argv[3], NULL, 10);
        }
        if (ioctl(fd, GPIO_V2_GET_LINE_IOCTL, &request) < 0) {
                perror("gpio line");
                return 1;
        }
        if (request.config.flags == GPIO_V2_LINE_FLAG_OUTPUT)
                return 0;

        if (ioctl(request.fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0) {
                perror("gpio level");
                return 1;
        }
        printf("%u\n", (unsigned) (values.bits & 1));
        return 0;
}
