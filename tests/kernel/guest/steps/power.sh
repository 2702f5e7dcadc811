# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh
# The idle chip is in standby and wakes for whatever is asked of it; nothing that was written is lost. Lines
# for START, RESET and PWDN; the clock output; a transfer that fails at the wrong moment.
# limit: 200
# time: exact
# expected: PM: suspend debug|suspend.*: Waiting|SPI transfer failed|failed to transfer one message|noqueue transfer failed|registers were lost
. /lib.sh

DEVICE=
asleep() { reads suspended "$DEVICE/power/runtime_status"; }
awake() { reads active "$DEVICE/power/runtime_status"; }
nap() { until_ok 5 asleep || fail "does not go to standby: $(cat "$DEVICE/power/runtime_status")"; }

for pins in 0 1; do
        plug pins=$pins clock_output=1
        DEVICE=/sys/bus/spi/devices/$SPI
        nap

        # What needs no chip does not wake it, what needs it does
        cat "$IIO/sampling_frequency" "$IIO/lost_drdy" "$IIO/in_voltage0-voltage1_label" > /dev/null
        asleep || fail "woken for nothing"
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        awake || fail "asleep after a conversion"
        nap
        put "$IIO/sampling_frequency" 4000
        put "$IIO/in_voltage2-voltage3_scale" 0.000268220901
        nap
        grep -q '^01: b2' $SIM_DEBUG/registers || fail "rate or clock output: $(cat $SIM_DEBUG/registers)"
        grep -q '^06: 10' $SIM_DEBUG/registers || fail "gain: $(cat $SIM_DEBUG/registers)"
        put "/sys/kernel/debug/iio/${IIO##*/}/direct_reg_access" 0
        expect 0x3E cat "/sys/kernel/debug/iio/${IIO##*/}/direct_reg_access"

        # Streams and standby, again and again
        put "$IIO/in_voltage2-voltage3_scale" "$(cat "$IIO/in_voltage0-voltage1_scale")"
        for n in 1 2 3; do
                nap
                buffer_on 8192
                awake || fail "asleep under a stream"
                ramp 8 1000 "$BUFFER" || fail "stream $n"
                buffer_off
        done

        # Registers lost in standby
        nap
        put $SIM_DEBUG/faults/reset 1
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        grep -q '^06: 60' $SIM_DEBUG/registers || fail "registers lost in standby are not back"

        # The transfer that wakes it fails: told, and the next one works
        nap
        put $SIM_DEBUG/faults/spi_fail "1 2"     # cat tries twice
        cat "$IIO/in_voltage0-voltage1_raw" 2>/dev/null && fail "a conversion without waking"
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        nap
        put $SIM_DEBUG/faults/spi_fail 1
        { echo 1 > "$IIO/buffer0/enable"; } 2>/dev/null && fail "enabled without waking"
        for n in 2 3 4 5 6; do
                nap
                put $SIM_DEBUG/faults/spi_fail $n
                { echo 1 > "$IIO/buffer0/enable"; } 2>/dev/null
                put $SIM_DEBUG/faults/spi_fail 0
                put "$IIO/buffer0/enable" 0
        done
        # An edge of a chip that was not stopped is still pending
        buffer_on
        sleep 0.1
        buffer_off
        buffer_on
        ramp 8 500 "$BUFFER" || fail "no stream after transfers failed"
        buffer_off

        # System sleep from standby, and just awake
        echo devices > /sys/power/pm_test
        echo 1 > /sys/module/suspend/parameters/pm_test_delay
        nap
        before=$(cat $SIM_DEBUG/registers)
        echo freeze > /sys/power/state || fail "suspend"
        [ "$before" = "$(cat $SIM_DEBUG/registers)" ] || fail "registers differ after sleep"
        asleep || fail "not in standby again"
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        echo freeze > /sys/power/state || fail "suspend"
        [ "$before" = "$(cat $SIM_DEBUG/registers)" ] || fail "registers differ after sleep"
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"

        expect 2048000 cat "/sys/kernel/debug/clk/$SPI-clk/clk_rate"
        expect 0 counter decode_violations
        unplug
done

# Always awake where the administrator wants it
plug
put "/sys/bus/spi/devices/$SPI/power/control" on
sleep 2
DEVICE=/sys/bus/spi/devices/$SPI
awake || fail "in standby against the administrator's will"
unplug
