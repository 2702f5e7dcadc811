/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "config-files.h"
#include "log.h"
#include "manager.h"

static const char *arg_config = NULL;
static const char *arg_uris[MANAGER_MONITORS_MAX];
static size_t arg_n_uris = 0;

static void help(void) {
        printf("twitchd [OPTIONS...]\n\n"
               "Finds muscle twitches in the signals of ADS1299 front ends and tells them on D-Bus.\n\n"
               "  -h --help           Show this help\n"
               "     --version        Show the version\n"
               "     --config=FILE    Read FILE and FILE.d/*.conf instead of what is in /etc/twitchd,\n"
               "                      /run/twitchd and /usr/lib/twitchd: see twitchd.conf(5)\n"
               "     --uri=URI        Read the first ADS1299 of another IIO context than this\n"
               "                      machine's, e.g. ip:192.168.1.5 (unencrypted: a wire of\n"
               "                      your own only); may be given several times\n");
}

/* 1: go on, 0: done, negative: bad usage */
static int parse_argv(int argc, char *argv[]) {
        enum { ARG_VERSION = 0x100, ARG_CONFIG, ARG_URI };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                { "config", required_argument, NULL, ARG_CONFIG },
                { "uri", required_argument, NULL, ARG_URI },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case ARG_VERSION:
                        puts("twitchd " TWITCHD_VERSION);
                        return 0;
                case ARG_CONFIG:
                        arg_config = optarg;
                        break;
                case ARG_URI:
                        if (arg_n_uris == ELEMENTSOF(arg_uris)) {
                                log_error("At most %zu URIs.", ELEMENTSOF(arg_uris));
                                return -E2BIG;
                        }
                        arg_uris[arg_n_uris++] = optarg;
                        break;
                default:
                        return -EINVAL;
                }
        if (optind < argc) {
                log_error("twitchd takes no arguments, only options; see --help.");
                return -EINVAL;
        }
        return 1;
}

static int run(void) {
        _cleanup_(manager_freep) Manager *m = NULL;
        Config config;

        config_default(&config);
        if (arg_config && access(arg_config, R_OK) < 0)
                return log_error_errno(errno, "%s: %m", arg_config);
        int r = config_load(&config, arg_config);
        if (r < 0)
                return r;

        r = manager_new(&config, arg_config, arg_uris, arg_n_uris, &m);
        return r < 0 ? r : manager_run(m);
}

int main(int argc, char *argv[]) {
        log_take_over_stderr();
        /* What it keeps is health data, whoever starts it. */
        (void) umask(0077);
        (void) signal(SIGPIPE, SIG_IGN);        /* readers of streams come and go */
        int r = parse_argv(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        r = run();
        /* On every way out, also before the event loop */
        (void) sd_notify(false, "STOPPING=1");
        return r < 0 ? EXIT_FAILURE : r;
}
