# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2013,SC2154
# What there is on boards and was not on the first one: controllers that do not say how fast they were, power
# that takes its time, a register that takes nothing, firmware that is wrong.
# limit: 600
# time: exact
# expected: no DRDY interrupts: |registers were lost|must be an edge-triggered|ID 0x.. is not|a reference of 0 uV is none
# expected: probe (of spi.*|with driver ads1299) failed|reads 0x.., not 0x.. as written
. /lib.sh

FAULTS=$SIM_DEBUG/faults

# stream SECONDS: numbers in $conversions, $scans, $all_lost; each conversion is a scan or counted
stream() {
        conversions=$(($(counter conversions) - $(counter drdy_masked)))
        buffer_on 16384
        cat "$BUFFER" > /tmp/scans 2>/dev/null &
        reader=$!
        sleep "$1"
        buffer_off
        conversions=$(($(counter conversions) - $(counter drdy_masked) - conversions))
        sleep 0.1
        kill $reader
        wait $reader 2>/dev/null
        scans=$(($(stat -c %s /tmp/scans) / 40))
        all_lost=0
        for n in $(lost); do all_lost=$((all_lost + n)); done
        [ $((scans + all_lost)) -eq $conversions ] ||
                fail "$conversions conversions, but $scans scans and $all_lost lost"
}

# --- both kinds of controllers, and what the fastest rates lose on a usual and on a too slow bus ---
for speed in 5000000 3600000; do
        for report in 1 0; do
                plug wire=1 speed_hz=$speed report_speed=$report stall_help=0
                figures=
                for rate in ${RATES:-8000 16000}; do
                        put "$IIO/sampling_frequency" "$rate"
                        stream 0.1
                        figures="$figures $rate:$all_lost/$conversions"
                        # Eq. 9: 3.7 MHz at 16000 samples/s
                        what="$speed Hz, $rate Hz, report_speed=$report: $all_lost of $conversions"
                        [ $((rate * 232)) -gt $speed ] || [ $all_lost -eq 0 ] || fail "$what lost"
                        [ $all_lost -lt $((conversions / 4)) ] || fail "$what lost"
                done
                unplug
                echo "figure: SCLK $speed Hz, report_speed=$report, rate:lost/conversions$figures"
        done
done

# --- power that takes its time ---
for ms in 200 1500; do
        plug vcap1_ms=$ms
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        unplug
done
plug vcap1_ms=500 supplies=1 pins=1
expect 0 cat "$IIO/in_voltage0-voltage1_raw"
unplug
insmod /modules/ads1299.ko
insmod /modules/ads1299-sim.ko vcap1_ms=60000
sleep 4
iio && fail "bound to a chip that does not answer"
unplug

# --- DRDY that stays away until the chip is reset, or its power has been off ---
for stuck in 2 3; do
        plug supplies=1 pins=1
        power_ups=$(counter power_ups)
        dmesg > /tmp/before
        buffer_on 16384
        ramp 8 4000 "$BUFFER" lossy > /tmp/ramp &
        reader=$!
        sleep 0.3
        put "$FAULTS/drdy_stuck" $stuck
        wait $reader || fail "no samples any more, stuck until $stuck"
        tried=$(dmesg | tail -n +$(($(wc -l < /tmp/before) + 1)) | grep -c 'no DRDY')
        [ "$tried" -eq $stuck ] || fail "told $tried times of a DRDY that is stuck until $stuck"
        [ $(($(counter power_ups) - power_ups)) -eq $((stuck - 2)) ] ||
                fail "$(($(counter power_ups) - power_ups)) power cycles"
        buffer_off
        unplug
done

# --- a register that does not take what is written to it ---
plug
put "$FAULTS/stuck_register" "0x17 0x02"
put "$FAULTS/reset" 1
cat "$IIO/in_voltage0-voltage1_raw" 2>/dev/null
sleep 2
cat "$IIO/in_voltage0-voltage1_raw" 2>/dev/null && fail "a register that cannot be written was not noticed"
dmesg | grep -q 'register 0x17 reads 0x02, not 0x00 as written' || fail "not told which register"
put "$FAULTS/stuck_register" "0 0"
unplug

# --- what firmware must not say ---
insmod /modules/ads1299.ko
insmod /modules/ads1299-sim.ko level_irq=1
sleep 1
iio && fail "bound with a level-triggered interrupt"
unplug
insmod /modules/ads1299.ko
insmod /modules/ads1299-sim.ko external_vref_uv=4500000 vref_says_uv=0
sleep 1
iio && fail "bound with a reference of 0 V"
unplug
