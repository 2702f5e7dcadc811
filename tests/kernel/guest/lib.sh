# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash disable=SC2034,SC2120
# What the steps share. A step runs with `sh -u`, and begins with `. /lib.sh`.

SIM=/dev/ads1299-sim0
SIM_CLASS=/sys/class/misc/ads1299-sim0
SIM_DEBUG=/sys/kernel/debug/ads1299-sim0
DRIVER=/sys/bus/spi/drivers/ads1299

fail() {
        echo "$0: $*"
        exit 1
}

# expect WANTED COMMAND...
expect() {
        wanted=$1; shift
        got=$("$@" 2>&1)
        [ "$got" = "$wanted" ] || fail "$*: '$got' instead of '$wanted'"
}

# reads WANTED FILE
reads() {
        [ "$(cat "$2")" = "$1" ]
}

# refused FILE TEXT ERROR: writing it gives that error
refused() {
        got=$( { echo "$2" > "$1"; } 2>&1 ) && fail "$1 took '$2'"
        case $got in
        *"$3"*) ;;
        *) fail "$1: '$got' for '$2' instead of '$3'" ;;
        esac
}

put() {
        echo "$2" > "$1" || fail "$1 does not take '$2'"
}

# until_ok SECONDS COMMAND...
until_ok() {
        tries=$(($1 * 20)); shift
        while ! "$@"; do
                tries=$((tries - 1))
                [ $tries -gt 0 ] || return 1
                sleep 0.05
        done
}

# The IIO device of the hat, by its name; there is at most one
iio() {
        for d in /sys/bus/iio/devices/iio:device*; do
                [ -c "/dev/${d##*/}" ] || continue
                case $(cat "$d/name" 2>/dev/null) in ads1299*) echo "$d"; return 0 ;; esac
        done
        return 1
}

count() {
        echo $#
}

find_iio() {
        IIO=$(iio) && BUFFER=/dev/${IIO##*/}
}

find_spi() {
        for d in /sys/bus/spi/devices/*; do
                [ "$(cat "$d/modalias" 2>/dev/null)" = spi:ads1299 ] && SPI=${d##*/} && return 0
        done
        return 1
}

# plug [PARAMETER=VALUE...]: the driver, then the hat with those parameters
plug() {
        insmod /modules/ads1299.ko || fail "insmod ads1299"
        insmod /modules/ads1299-sim.ko "$@" || fail "insmod ads1299-sim"
        find_spi || fail "no SPI device"
        until_ok 5 find_iio || fail "the driver did not bind"
}

# A program that just reads one of the hat's files keeps its module for a moment
unplug() {
        until_ok 5 rmmod ads1299_sim 2> /tmp/rmmod || fail "rmmod ads1299-sim: $(cat /tmp/rmmod)"
        until_ok 5 rmmod ads1299 2> /tmp/rmmod || fail "rmmod ads1299: $(cat /tmp/rmmod)"
}

bound() {
        [ -e "$DRIVER/$SPI" ]
}

buffer_on() {
        for f in "$IIO"/scan_elements/*_en; do put "$f" 1; done
        put "$IIO/buffer0/length" "${1:-1024}"
        put "$IIO/buffer0/enable" 1
}

buffer_off() {
        put "$IIO/buffer0/enable" 0
}

lost() {
        cat "$IIO/lost_drdy" "$IIO/lost_spi" "$IIO/lost_sync" "$IIO/lost_fifo" | paste -s -d ' '
}

# counter NAME: of the simulated hat
counter() {
        sed -n "s/^$1 //p" $SIM_DEBUG/counters
}

# random LOW HIGH: from SEED on, so that a failure can be had again
random() {
        SEED=$(( (SEED * 1103515245 + 12345) % 2147483648 ))
        RANDOM_VALUE=$(( $1 + SEED / 65536 % ($2 - $1 + 1) ))
}

# Objects younger than 5 s are never reported, and what changed since the last scan is not either
leaks() {
        sleep 6
        echo scan > /sys/kernel/debug/kmemleak
        sleep 6
        echo scan > /sys/kernel/debug/kmemleak
        cat /sys/kernel/debug/kmemleak
        echo clear > /sys/kernel/debug/kmemleak
}
