# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2013,SC2154
# What there is on boards and was not on the first one: controllers that do not say how fast they were, a
# slow bus, power that takes its time, a DRDY that needs more than a restart, firmware that is wrong.
# limit: 600
# time: exact
# expected: no DRDY interrupts: |registers (were lost|changed)|must be an edge-triggered|do(es)? not come right|no frame comes right|ID 0x.. is not|is not that of an ADS1299|a reference of 0 uV is none
# expected: probe (of spi.*|with driver ads1299) failed|reads 0x.., not 0x.. as written|will go on trying
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
        [ $((scans + all_lost)) -eq $conversions ] || fail "$conversions conversions, but $scans scans and $all_lost lost"
}

# --- both kinds of controllers, and what each rate loses on a fast, a usual and a too slow bus ---
for speed in 20000000 5000000 3600000; do
        for report in 1 0; do
                plug wire=1 speed_hz=$speed report_speed=$report stall_help=0
                figures=
                for rate in $(cat "$IIO/sampling_frequency_available"); do
                        put "$IIO/sampling_frequency" "$rate"
                        stream 0.3
                        figures="$figures $rate:$all_lost/$conversions"
                        # Eq. 9: 3.7 MHz at 16000 samples/s
                        [ $((rate * 232)) -gt $speed ] || [ $all_lost -eq 0 ] ||
                                fail "$speed Hz, $rate Hz, report_speed=$report: $all_lost of $conversions lost"
                        [ $all_lost -lt $((conversions / 4)) ] ||
                                fail "$speed Hz, $rate Hz, report_speed=$report: $all_lost of $conversions lost"
                done
                unplug
                echo "figure: SCLK $speed Hz, speed $([ $report -eq 1 ] || echo not) reported, rate:lost/conversions$figures"
        done
done

# --- a cable that is too long for what the firmware says ---
plug miso_max_hz=8000000
dmesg | grep -q 'frames do not come right at 20000000 Hz: SCLK is 5000000 Hz' || fail "not told of a slow bus"
stream 0.3
[ $all_lost -eq 0 ] || fail "$all_lost lost on a slow bus"
unplug
insmod /modules/ads1299.ko
insmod /modules/ads1299-sim.ko miso_max_hz=100000
sleep 1
iio && fail "bound on a bus on which no frame comes right"
unplug

# --- power that takes its time ---
for ms in 200 500 1500; do
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
        buffer_on 16384
        ramp 8 4000 "$BUFFER" lossy > /tmp/ramp &
        reader=$!
        sleep 0.3
        dmesg -c > /dev/null
        put "$FAULTS/drdy_stuck" $stuck
        wait $reader || fail "no samples any more, stuck until $stuck: $(dmesg)"
        [ "$(dmesg | grep -c 'no DRDY')" -eq $stuck ] || fail "told of it $(dmesg | grep -c 'no DRDY') times: $(dmesg)"
        [ $(($(counter power_ups) - power_ups)) -eq $((stuck - 2)) ] || fail "$(($(counter power_ups) - power_ups)) power cycles"
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

# --- registers that change under a stream: told at its end, right for the next ---
plug
buffer_on
sleep 0.1
put "$FAULTS/register" "5 0"
buffer_off
dmesg | grep -q 'registers changed while it streamed' || fail "nobody told that a gain changed"
buffer_on
ramp 8 500 "$BUFFER" || fail "the next stream"
buffer_off
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
