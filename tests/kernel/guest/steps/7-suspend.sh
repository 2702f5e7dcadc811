# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2119
# System sleep, idle and under a stream: settings survive, the gap is told, all else arrives.
# limit: 300
# expected: PM: suspend debug|suspend.*: Waiting
. /lib.sh

system_sleep() {
        echo freeze > /sys/power/state || fail "suspend"
}

echo devices > /sys/power/pm_test
echo 1 > /sys/module/suspend/parameters/pm_test_delay
plug
# Here computing takes the host's time, and programs get little of it between two conversions: at 4000
# samples/s up to 16 000 of 36 000 found no frame of the ramp
put "$IIO/sampling_frequency" 1000
put "$IIO/in_voltage2-voltage3_scale" "$(cut -d ' ' -f 3 "$IIO/in_voltage-voltage_scale_available")"
before=$(cat $SIM_DEBUG/registers)
system_sleep
[ "$before" = "$(cat $SIM_DEBUG/registers)" ] || fail "registers differ after resume"
expect 0 cat "$IIO/in_voltage0-voltage1_raw"

put "$IIO/in_voltage2-voltage3_scale" "$(cat "$IIO/in_voltage0-voltage1_scale")"
for n in 1 2 3 4 5; do
        buffer_on 8192
        ramp 8 4000 "$BUFFER" lossy > /tmp/ramp &
        reader=$!
        sleep 0.$n
        system_sleep
        wait $reader || fail "reader: status $?"
        cat /tmp/ramp
        buffer_off
        grep -q 'flagged [1-9]' /tmp/ramp || fail "nobody told of the gap"
done
unplug
