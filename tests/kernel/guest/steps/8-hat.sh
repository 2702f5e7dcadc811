# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2317
# Every knob of the simulated hat does what it says, and no more: what other steps build on.
# limit: 300
# time: exact
# expected: SPI transfer failed|failed to transfer one message|is not that of an ADS1299|probe (of spi.*|with driver ads1299) failed|must be (ads1299|1 to [49])
. /lib.sh

FAULTS=$SIM_DEBUG/faults
BOARD=$SIM_DEBUG/board

# grows COUNTER BY COMMAND...: while that runs
grows() {
        name=$1 by=$2; shift 2
        before=$(counter "$name")
        "$@"
        after=$(counter "$name")
        [ $((after - before)) -eq "$by" ] || fail "$*: $name $((after - before)) instead of $by"
}

# fault FILE TEXT: and time for it to happen
fault() {
        put "$FAULTS/$1" "$2"
        sleep 0.2
}

register() {
        sed -n "s/^$1: //p" "$SIM_DEBUG/registers"
}

plug
buffer_on 8192
cat "$BUFFER" > /dev/null 2>&1 &
reader=$!
sleep 0.2

grows drdy_missing 5 fault drdy_missing "10 5"
grows drdy_missing 1 fault drdy_missing 1
grows drdy_missing 0 fault drdy_missing 0
grows drdy_extra 3 fault drdy_extra "2 3"
grows drdy_extra 1 fault drdy_extra "1 1 500"
grows spi_failed 2 fault spi_fail "5 2"
grows spi_delayed 1 fault spi_delay "3 300"
grows flipped 4 fault flip "2 30 4"
grows flipped 1 fault flip "1 215"
# An edge for each conversion but the missing ones, and what is armed far ahead can be taken back
fault spi_fail 100000
grows spi_failed 0 fault spi_fail 0

put "$FAULTS/drdy_stuck" 1
before=$(counter drdy_edges)
sleep 0.1
[ "$(counter drdy_edges)" -eq "$before" ] || fail "DRDY is not stuck"
put "$FAULTS/drdy_stuck" 0
sleep 0.1
[ "$(counter drdy_edges)" -gt "$before" ] || fail "DRDY is still stuck"
kill $reader
buffer_off

for bad in "" 1 "1 216" "1 2 3 4" "1 2 0" -1 nonsense; do refused "$FAULTS/flip" "$bad" Invalid; done
for bad in "" "1 2 3" "1 0" 4294967296; do refused "$FAULTS/spi_fail" "$bad" ''; done
for bad in "1" "24 0" "1 256" "1 1 1"; do refused "$FAULTS/register" "$bad" Invalid; done
for bad in 2 "0 0"; do refused "$FAULTS/reset" "$bad" Invalid; done

fault register "0x0d 0xa5"
expect a5 register 0d
grows resets 1 fault reset 1
expect 61 register 05
expect 00 register 0d

put "$FAULTS/id" 0x3c
expect 3c register 00
put "$DRIVER/unbind" "$SPI"
put "$FAULTS/id" 0x12
refused "$DRIVER/bind" "$SPI" device
put "$FAULTS/id" 0
expect 3e register 00
put "$DRIVER/bind" "$SPI"
until_ok 5 find_iio || fail "not there after bind"

put "$BOARD/p_off" 0x81
put "$IIO/leadoff_current_nanoamp" 6
expect 81 register 12
put "$BOARD/p_off" 0
expect 00 register 12
put "$IIO/leadoff_current_nanoamp" 0
put "$BOARD/temperature_mc" -12345
expect -12345 cat "$BOARD/temperature_mc"
for bad in 0x100 -1 nonsense ''; do refused "$BOARD/p_off" "$bad" ''; done
refused "$BOARD/bias_off" 2 Invalid
refused "$BOARD/gpio_pins" 16 Invalid
refused "$BOARD/temperature_mc" 200000 Invalid

# With its START pin high a chip that was reset converts on, at 250 Hz
put "$BOARD/start_pin" 1
fault reset 1
expect 250 cat "$SIM_CLASS/sampling_frequency"
put "$BOARD/start_pin" 0
sleep 0.1
expect 0 cat "$SIM_CLASS/sampling_frequency"

refused "$BOARD/frame_unit_nv" 0 Invalid
put "$BOARD/frame_unit_nv" 1000
unplug

# The lines of the chip: the driver finds them, and resets the chip with one of them
plug pins=1
grep -q 'reset.*out' /sys/kernel/debug/gpio || fail "the driver has no reset line"
before=$(counter resets)
put "$DRIVER/unbind" "$SPI"
put "$DRIVER/bind" "$SPI"
until_ok 5 find_iio || fail "not there after bind"
[ "$(counter resets)" -gt "$before" ] || fail "the chip was not reset"
expect 0 counter too_soon
unplug

# The older family, for its own driver; ours is not asked
insmod /modules/ads1299-sim.ko part=ads1298 || fail "no ADS1298"
expect 92 register 00
expect 06 register 01
expect spi:ads1298 cat /sys/bus/spi/devices/spi*/modalias
rmmod ads1299_sim

# A chain: one device, and what happens to the last chip is seen in its channels only
for n in 2 3 4; do
        plug daisy=$n
        expect $((8 * n)) count "$IIO"/in_voltage*-voltage*_raw
        expect $((8 * n)) cat "$SIM_CLASS/channels"
        put "$IIO/sampling_frequency" 4000
        buffer_on 4096
        cat "$BUFFER" > /tmp/scans &
        reader=$!
        sleep 1
        buffer_off
        sleep 0.1
        kill $reader
        expect "0 0 0 0" lost
        # 32 bits a channel and a timestamp of 64
        scans=$(($(stat -c %s /tmp/scans) / (32 * n + 8)))
        expect "$scans" counter frames_read
        [ "$scans" -gt 3900 ] || fail "chain of $n: $scans scans"

        put "$SIM_DEBUG/board/p_off" $((1 << (8 * n - 1)))
        put "$IIO/leadoff_current_nanoamp" 6
        [ "$(register 12)" = "$(printf '00 %.0s' $(seq 2 "$n"))80" ] || fail "chain of $n: LOFF_STATP $(register 12)"
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        expect 8388607 cat "$IIO"/in_voltage$((16 * n - 2))-voltage*_raw
        unplug
        echo "figure: chain of $n: $scans scans, all there"
done

# A cascade: each chip its own device, all on one bus, none disturbs another
plug chips=4
sleep 1
devices=
for d in /sys/bus/iio/devices/iio:device*; do
        devices="$devices ${d##*/}"
        for f in "$d"/scan_elements/*_en; do put "$f" 1; done
        put "$d/buffer0/length" 1024
        put "$d/buffer0/enable" 1
done
# shellcheck disable=SC2086
expect 4 count $devices
put /sys/kernel/debug/ads1299-sim2/faults/drdy_missing "5 3"
sleep 0.5
for d in $devices; do put "/sys/bus/iio/devices/$d/buffer0/enable" 0; done
for k in 0 1 2 3; do
        [ -c /dev/ads1299-sim$k ] || fail "no /dev/ads1299-sim$k"
        SIM_DEBUG=/sys/kernel/debug/ads1299-sim$k
        missing=$(counter drdy_missing)
        case $k in 2) [ "$missing" -eq 3 ] ;; *) [ "$missing" -eq 0 ] ;; esac || fail "chip $k: $missing edges missing"
        read=$(counter frames_read)
        [ "$read" -gt 400 ] || fail "chip $k: $read frames read"
        echo "figure: chip $k: $(counter conversions) conversions, $read frames read"
done
unplug

for bad in chips=0 chips=5 daisy=0 daisy=10 channels=7 part=ads1297; do
        insmod /modules/ads1299-sim.ko "$bad" 2>/dev/null && fail "the hat took $bad"
done
exit 0
