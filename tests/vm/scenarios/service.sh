# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The service when something else goes wrong than the hat: a bad configuration, a device that is taken, a
# kill, a hang, a clock that is set; and what it does when the bus activates it without a hat.
# needs: modules service
# limit: 360
. "$LIB"

since=$(date +%s)

active() { [ "$(systemctl is-active twitchd)" = active ]; }
is_busy() { [ "$(property State)" = '"busy"' ]; }
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

BOARD=/sys/kernel/debug/ads1299-sim0/board
# contact CHANNEL: what is told of its electrodes (nothing moves on the simulated ones, which are flat for the rest)
contact() {
        busctl get-property org.twitchd1 "$BUS_MONITOR/channel/$1" org.twitchd1.Channel Contact | cut -d' ' -f2
}
contact_is() { [ "$(contact "$1")" = "\"$2\"" ]; }
# told WORD: how long until it is told of channel 3; the others are untouched
told() {
        local from=$EPOCHREALTIME
        wait_for 10 contact_is 3 "$1"
        ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000))
        expect '"good"' contact 2
}

configure "[device]" "rate_hz = 500"
echo 20000 > $BOARD/electrode_ohm
systemctl start twitchd
wait_for 60 is_running
told good
echo 8 > $BOARD/n_off
told off
expect 's "negative"' busctl get-property org.twitchd1 "$BUS_MONITOR/channel/3" org.twitchd1.Channel ElectrodesOff
say "an electrode comes off, direct current: told after $ms ms, and that it is the negative one"
echo 0 > $BOARD/n_off
told good

configure
systemctl reload twitchd
wait_for 60 sh -c "[ \$(cat $IIO/leadoff_frequency | cut -d. -f1) = 250 ]"
wait_for 60 is_running
told good
expect '"ac"' property ContactMethod
expect '"connected"' property BiasElectrode
expect 40 sh -c "busctl get-property org.twitchd1 $BUS_MONITOR/channel/3 org.twitchd1.Channel ImpedanceOhm | awk '{ printf \"%.0f\", \$2 / 1000 }'"
echo 8 > $BOARD/p_off
told off
off=$ms
echo 0 > $BOARD/p_off
told good
echo 80000 > $BOARD/electrode_ohm
wait_for 10 contact_is 3 poor
echo 20000 > $BOARD/electrode_ohm
wait_for 10 contact_is 3 good
# the half second in which it was put on is between the two
wait_for 10 sh -c "twitchctl status | grep -q '^ *4 .* 40 '"
say "the same, alternating current: told after $off ms; it dries, and another is put on: told; 40 kOhm measured as such"
# nothing is wrong; then what is built in is found, and nothing else
wrong() { twitchctl check --json | sed -n 's/.*"item":"\([^"]*\)".*"right":false.*/\1/p' | sort -u | tr '\n' ' '; }
expect "" wrong
wait_for 30 is_running
echo 0x80 > $BOARD/n_off
echo 1 > $BOARD/bias_off
echo 4400000 > $BOARD/avdd_uv
echo 1500000 > $BOARD/dvdd_uv
echo 90000 > $BOARD/temperature_mc
expect "bias-electrode impedance negative-electrode supply-analogue supply-digital temperature " wrong
say "self-test: nothing wrong with a hat that is well; found: an electrode, the bias electrode, both supplies, heat"
systemctl stop twitchd

say "another program holds the device: it says so, once, and goes on when that ends"
iio_readdev -b 25 -s 1000000 ads1299 > /dev/null &
reader=$!
wait_for 10 grep -q 1 "$IIO/buffer/enable"
systemctl start twitchd || fail "not started while the device was taken"
wait_for 10 is_busy
# it is tried again meanwhile, and not told again
sleep 4
kill $reader
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

# set_clock SECONDS: the time of day by so many
set_clock() { date -s "@$(($(date +%s) + $1))" > /dev/null; }
more_scans() { [ "$(property Scans)" != "$scans" ]; }
goes_on() {
        scans=$(property Scans)
        wait_for 10 more_scans
}
wait_for 60 is_running
instance=$(property Instance)
for step in 3600 -7200 3600; do
        set_clock $step
        goes_on
done
expect "$instance" property Instance
say "the clock is set by an hour ahead, two back, one ahead: the same run goes on"

# A suspend up to the moment in which the devices would be asked: all processes stand still.
echo 1 > /sys/module/suspend/parameters/pm_test_delay
echo freezer > /sys/power/pm_test
echo mem > /sys/power/state || fail "the processes cannot be frozen"
echo none > /sys/power/pm_test
goes_on
expect "$instance" property Instance
say "all processes frozen for 1 s, as for a suspend: the same run goes on; lost: $(property Lost)"

say "activated by the bus without a hat: it answers, and leaves"
unplug
wait_for 30 inactive
expect 'ao 0' busctl call org.twitchd1 /org/twitchd1 org.twitchd1.Manager ListMonitors
wait_for 30 inactive
expect success systemctl show -P Result twitchd
