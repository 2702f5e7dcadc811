#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints each twitch as it is found, and says what is wrong if none can be heard.
set -eu

if ! error=$(busctl --system call org.twitchd1 /org/twitchd1 org.twitchd1.Manager ListMonitors 2>&1 >/dev/null); then
        case $error in
        *[Dd]enied*|*rejected*)
                echo "You are not in the group twitchd: sudo usermod -aG twitchd $(id -un), then log in again." ;;
        *)
                echo "twitchd: $error" ;;
        esac >&2
        exit 1
fi
twitchctl monitor --json | while read -r line; do
        case $line in
        '{"type":"event"'*) echo "$line" ;;
        esac
done
