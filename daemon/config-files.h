/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files that settings are read from, as in systemd (UAPI group, "Configuration Files Specification"):
 *
 *   twitchd.conf   the first there is of /etc/twitchd, /run/twitchd and /usr/lib/twitchd
 *   conf.d/        then all NAME.conf of the three folders together, by name; of two of one name the one of
 *                  /etc goes before that of /run, and that before that of /usr/lib; a link to
 *                  /dev/null hides it

 *
 * What comes later wins. A setting of all channels, [device] gain, gives way to one of a single channel in
 * the same file. Before all of them /etc/twitchd.conf and /etc/twitchd.conf.d are read, which were the place
 * of old and count channels from 0; that they are there is said.
 *
 * A mistake is named by file and line, and has no effect: the value before it stays, because a service that
 * measures with the default rate is better than none.
 */
#pragma once

#include "config.h"

typedef struct ConfigListener {
        /* line 0: the file as a whole */
        void (*mistake)(const char *path, unsigned line, const char *what, void *userdata);
        /* One that took effect; may be NULL. [device] gain is told for each channel that it changes, too. */
        void (*set)(const Setting *s, unsigned channel, const char *path, unsigned line, void *userdata);
        void *userdata;
} ConfigListener;

/*
 * Reads over what is in *c. path: that file and path.d instead of those above, or NULL. A
 * file that is not there is none. root: folder that stands
 * for /; "" for the machine's own. Returns the number of mistakes, or a negative errno.
 */
int config_read(Config *c, const char *root, const char *path, const ConfigListener *listener);

/* As the service does: mistakes go to the log, a few of them line by line. path may be NULL. */
int config_load(Config *c, const char *path);
