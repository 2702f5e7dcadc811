# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2120
# For the scenarios: they start with `. "$LIB"`, run as root in the guest, print what they do and
# end with status 0 (passed), 77 (skipped) or another (failed). $RESULTS is a folder that the host
# sees, $DATA the real recordings, where the host has them; the current folder is theirs, and empty.

set -eu

SIM=/sys/class/misc/ads1299-sim0
SIM_DEVICE=/dev/ads1299-sim0

say() {
        printf '  %s\n' "$*"
}

fail() {
        printf '  FAILED: %s\n' "$*"
        exit 1
}

skip() {
        printf '  skipped: %s\n' "$*"
        exit 77
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails with the command after SECONDS
wait_for() {
        local seconds=$1
        shift
        local tries=$((seconds * 5))
        until "$@" >/dev/null 2>&1; do
                tries=$((tries - 1))
                [ "$tries" -gt 0 ] || fail "waited $seconds s for: $*"
                sleep 0.2
        done
}

# expect VALUE COMMAND...: the command prints exactly VALUE
expect() {
        local wanted=$1 got
        shift
        got=$("$@") || fail "$*: status $?"
        [ "$got" = "$wanted" ] || fail "$*: '$got' instead of '$wanted'"
}

# The sysfs folder of the front end
iio_path() {
        local name
        for name in /sys/bus/iio/devices/iio:device*/name; do
                case $(cat "$name" 2>/dev/null) in
                ads1299*)
                        dirname "$name"
                        return
                        ;;
                esac
        done
        return 1
}

# The path on the bus of the front end that plug() found
BUS_MONITOR=

# plug [PARAMETER...]: load the simulated hat; udev does the rest
plug() {
        modprobe ads1299-sim "$@" || fail "modprobe ads1299-sim $*"
        wait_for 30 iio_path
        IIO=$(iio_path)
        BUS_MONITOR=$(monitor_of "$IIO")
}

# monitor_of DIRECTORY: the path on the bus of a front end, by its place: spi0.0, or spi-ads1299-sim0 since Linux 6.9
monitor_of() {
        local place
        place=$(basename "$(dirname "$(readlink -f "$1")")")
        place=${place//./_2e}
        echo "/org/twitchd1/monitor/${place//-/_2d}"
}

unplug() {
        rmmod ads1299-sim || fail "rmmod ads1299-sim"
}

sim_loaded() {
        [ -d "$SIM" ]
}

# add_user NAME [GROUP]: a person who may log in
add_user() {
        id "$1" >/dev/null 2>&1 || useradd --create-home "$1"
        [ $# -lt 2 ] || usermod --append --groups "$2" "$1"
}

# as USER COMMAND...: with the groups the user has now
as() {
        local user=$1
        shift
        HOME=/home/$user setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "$@"
}

# start USER COMMAND...: the same in the background; $! is the command itself, not a shell around it
start() {
        local user=$1 group
        group=$(id -g "$1")
        shift
        HOME=/home/$user setpriv --reuid "$user" --regid "$group" --init-groups -- "$@" &
}

# configure LINE...: settings of twitchd; none: its defaults
configure() {
        rm -f /etc/twitchd/conf.d/scenario.conf
        [ $# -gt 0 ] || return 0
        mkdir -p /etc/twitchd/conf.d
        printf '%s\n' "$@" > /etc/twitchd/conf.d/scenario.conf
}

# property NAME: of the Monitor, as busctl prints it without the type
property() {
        busctl get-property org.twitchd1 "$BUS_MONITOR" org.twitchd1.Monitor "$1" | cut -d' ' -f2-
}

is_running() {
        [ "$(property State)" = '"running"' ]
}

is_stopped() {
        case $(systemctl is-active twitchd) in
        inactive | failed) ;;
        *) return 1 ;;
        esac
}

# The service has come up by itself, or was started, and samples arrive
wait_running() {
        wait_for 60 systemctl is-active --quiet twitchd
        wait_for 60 is_running
}

# What was lost, by every layer that can lose: prints it, fails where it is not nothing
expect_nothing_lost() {
        local cause lost
        for cause in drdy spi sync fifo; do
                expect 0 cat "$IIO/lost_$cause"
        done
        lost=$(property Lost)
        say "lost: $lost"
        # a{st}: the number of causes, then a name and a number each
        echo "$lost" | awk '{ for (i = 3; i <= NF; i += 2) if ($i != 0) exit 1 }' || fail "twitchd lost scans"
}
