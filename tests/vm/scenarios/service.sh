# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The service when something else goes wrong than the hat: a bad configuration, a device that is taken, a
# kill, a hang; and what it does when the bus activates it without a hat.
# needs: modules service
# limit: 300
. "$LIB"

since=$(date +%s)

active() { [ "$(systemctl is-active twitchd)" = active ]; }
inactive() { [ "$(systemctl is-active twitchd)" = inactive ]; }
journal_count() { journalctl --quiet --since "@$since" -u twitchd | grep -c -- "$1"; }
journal_has() { journalctl --quiet --since "@$since" -u twitchd | grep -q -- "$1"; }

say "a setting that cannot be: it says in which line, and goes on with the others"
configure "[device]" "rate_hz = 500" "gain = 5"
plug
wait_for 60 active
expect 500 cat "$IIO/sampling_frequency"
journal_has 'scenario.conf:3: gain must be' || fail "no word about a bad gain"
systemctl stop twitchd
expect success systemctl show -P Result twitchd

say "another program holds the device: it says so, once, and goes on when that ends"
iio_readdev -b 25 -s 5000 ads1299 > /dev/null &
wait_for 10 grep -q 1 "$IIO/buffer/enable"
systemctl start twitchd || fail "not started while the device was taken"
expect '"busy"' property State
wait_for 90 is_running
expect 1 journal_count 'another program is reading it'

say "killed: the buffer it left switched on is no hindrance"
systemctl kill -s KILL twitchd
wait_for 30 journal_has "code=killed"
wait_for 60 active

say "stopped in its tracks: the watchdog starts it anew"
systemctl kill -s STOP twitchd
wait_for 90 journal_has "Watchdog timeout"
wait_for 60 active

say "activated by the bus without a hat: it answers, and leaves"
unplug
wait_for 30 inactive
expect 'ao 0' busctl call org.twitchd1 /org/twitchd1 org.twitchd1.Manager ListMonitors
wait_for 30 inactive
expect success systemctl show -P Result twitchd
