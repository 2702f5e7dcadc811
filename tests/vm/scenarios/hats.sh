# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# Two hats on one service, under the real systemd and udev: a fault of one is told of that one, cured for
# that one alone, and never touches the other. One line a fault.
# needs: modules service
# limit: 400
. "$LIB"

GOOD=/org/twitchd1/monitor/spi0_2e0
BAD=/org/twitchd1/monitor/spi0_2e1
FAULTS=/sys/kernel/debug/ads1299-sim1/faults

of() { busctl get-property org.twitchd1 "$1" org.twitchd1.Monitor "$2" | cut -d' ' -f2-; }
state_is() { [ "$(of "$1" State)" = "\"$2\"" ]; }
active() { [ "$(systemctl is-active twitchd)" = active ]; }
since=$(date +%s)
# lines about the second hat since the last call of mark
mark() { sleep 1; since=$(date +%s); }
lines() { journalctl --quiet --since "@$since" -u twitchd | grep -c "spi0.1: " || true; }

both_run() {
        wait_for 60 state_is $GOOD running
        wait_for 90 state_is $BAD running
}

sum_lost() { of $GOOD Lost | awk '{ for (i = 3; i <= NF; i += 2) n += $i; print n + 0 }'; }
# The first hat since `before`: the same run, hardly a scan lost, the service never restarted
before() {
        instance=$(of $GOOD Instance)
        restarts=$(systemctl show -P NRestarts twitchd)
        lost_before=$(sum_lost)
        scans_before=$(of $GOOD Scans)
}
untouched() {
        expect "$instance" of $GOOD Instance
        expect "$restarts" systemctl show -P NRestarts twitchd
        # Not none: both chips are on one bus, and an emulated guest is slow at the registers of the other.
        lost=$(($(sum_lost) - lost_before))
        scans=$(($(of $GOOD Scans) - scans_before))
        [ $((lost * 100)) -le $scans ] || fail "the other lost $lost of $scans scans"
}

configure
modprobe ads1299-sim chips=2
wait_for 60 active
both_run
expect '"spi0.1"' of $BAD Address
say "two hats: both run, named by their places"

before
mark
echo 1 > $FAULTS/drdy_stuck
wait_for 20 state_is $BAD no-data
sleep 40
state_is $BAD no-data || fail "$(of $BAD State) instead of no-data"
expect 1 lines
untouched
echo 0 > $FAULTS/drdy_stuck
wait_for 90 state_is $BAD running
untouched
say "no data: 40 s of silence, 1 line, cured by itself; the other lost $lost of $scans scans"

systemctl stop twitchd
second=$(basename "$(dirname "$(grep -l . /sys/bus/spi/devices/spi0.1/iio:device*/name)")")
iio_readdev -b 25 -s 30000 "$second" > /dev/null &
reader=$!
wait_for 10 grep -q 1 "/sys/bus/iio/devices/$second/buffer/enable"
mark
systemctl start twitchd
wait_for 60 state_is $GOOD running
state_is $BAD busy || fail "$(of $BAD State) instead of busy"
before
sleep 10
expect 2 lines
untouched
kill $reader
wait_for 90 state_is $BAD running
untouched
say "busy: 2 lines in 10 s (seen, busy), goes on when it is free"

systemctl stop twitchd
chmod 0600 "/dev/$second"
chown root:root "/dev/$second"
systemctl start twitchd
wait_for 60 state_is $GOOD running
state_is $BAD no-permission || fail "$(of $BAD State) instead of no-permission"
before
chgrp twitchd "/dev/$second"
chmod 0660 "/dev/$second"
wait_for 90 state_is $BAD running
untouched
say "no permission: told, and goes on when udev has opened it"

before
for round in 1 2 3; do
        echo spi0.1 > /sys/bus/spi/drivers/ads1299/unbind
        wait_for 20 sh -c "! busctl tree --list org.twitchd1 | grep -q spi0_2e1"
        echo spi0.1 > /sys/bus/spi/drivers/ads1299/bind
        wait_for 60 state_is $BAD running
done
untouched
say "unplugged and plugged again: $round times, the same name each time"

before
fds() { find "/proc/$(systemctl show -P MainPID twitchd)/fd" -mindepth 1 | wc -l; }
n=$(fds)
echo spi0.1 > /sys/bus/spi/drivers/ads1299/unbind
wait_for 20 sh -c "! busctl tree --list org.twitchd1 | grep -q spi0_2e1"
echo spi0.1 > /sys/bus/spi/drivers/ads1299/bind
wait_for 60 state_is $BAD running
expect "$n" fds
untouched
say "replugged: $n descriptors before and after"

systemctl kill -s HUP twitchd
sleep 2
active || fail "SIGHUP ended it"
systemctl kill -s TERM twitchd
wait_for 20 sh -c "[ \$(systemctl show -P NRestarts twitchd) -gt $restarts ]"
both_run
say "SIGHUP: goes on; SIGTERM by somebody: comes back while hats are there"

rmmod ads1299-sim
wait_for 30 is_stopped
expect success systemctl show -P Result twitchd
say "the last one gone: it leaves"
