# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh
# Chips with a chip select each that share DRDY, START, RESET and PWDN are one device, sampled at the same
# instant, with settings of its own for each chip; and go and come together.
# limit: 300
# time: exact
# expected: registers were lost and are written again|SPI transfer failed|failed to transfer one message|noqueue transfer failed
# expected: start together by start-gpios only|probe (of spi.*|with driver ads1299) failed
. /lib.sh

# registers of the chips, in columns
register() {
        sed -n "s/^$1: //p" "$SIM_DEBUG/registers"
}

holds() {
        [ "$(register "$1")" = "$2" ] || fail "register $1: $(register "$1") instead of $2"
}

for chips in "2 1" "4 1" "2 2"; do
        # shellcheck disable=SC2086
        set -- $chips
        plug cascade="$1" daisy="$2" pins=1 wire=1
        n=$(($1 * $2))
        channels=$((8 * n))
        expect $channels count "$IIO"/in_voltage*-voltage*_raw
        expect $n count "$IIO"/in_temp*_raw
        # Each conversion is there, of all chips the same one: the ramp is that of the frame
        for rate in 250 1000 4000 8000 16000; do
                [ $((rate * $1 * (8 + $2 * 216 + 60))) -lt 16000000 ] || continue
                put "$IIO/sampling_frequency" $rate
                buffer_on 4096
                ramp $channels 2000 "$BUFFER" || fail "$chips chips, $rate Hz: $(lost) lost"
                expect "0 0 0 0" lost
                buffer_off
        done
        for f in "$IIO"/in_voltage*-voltage*_raw "$IIO"/in_temp*_raw; do cat "$f" > /dev/null || fail "cannot read $f"; done
        expect 0 counter decode_violations
        unplug
        echo "figure: $1 chip selects x $2 chips: all frames of $channels channels there, at each rate"
done

plug cascade=2 pins=1
# A setting is that of its chip; what all share is that of both
put "$IIO/in_voltage18-voltage19_mux" shorted
holds 06 "60 61"
put "$IIO/in_voltage2-voltage3_scale" "$(cut -d ' ' -f 1 "$IIO/in_voltage-voltage_scale_available")"
holds 06 "00 61"
put "$IIO/sampling_frequency" 4000
holds 01 "d2 d2"
# One amplifier drives the bias electrode, one current goes through the common reference
holds 03 "ec e8"
put "$IIO/srb1" 1
put "$IIO/leadoff_current_nanoamp" 6
holds 0f "ff ff"
holds 10 "01 00"
put "$IIO/leadoff_current_nanoamp" 0
put "$IIO/srb1" 0
put "$IIO/in_voltage18-voltage19_mux" normal
put "$IIO/in_voltage2-voltage3_scale" "$(cat "$IIO/in_voltage0-voltage1_scale")"

# Both are set up again
buffer_on 8192
cat "$BUFFER" > /dev/null &
reader=$!
sleep 0.3
put "$SIM_DEBUG/faults/reset" 1
again() { expect_recovered=$(recoveries); [ "$expect_recovered" -eq 1 ]; }
until_ok 2 again || fail "not recovered"
holds 01 "d2 d2"
# One message of two fails: one scan is lost, and no more
put "$SIM_DEBUG/faults/spi_fail" 5
sleep 0.2
[ "$(lost | cut -d ' ' -f 2)" = 1 ] || fail "lost: $(lost)"
kill $reader
buffer_off

# System sleep, and the chips that follow cannot stay without the one that leads
echo devices > /sys/power/pm_test
echo 1 > /sys/module/suspend/parameters/pm_test_delay
before=$(cat $SIM_DEBUG/registers)
echo freeze > /sys/power/state || fail "suspend"
[ "$before" = "$(cat $SIM_DEBUG/registers)" ] || fail "registers differ after sleep"
for d in /sys/bus/spi/drivers/ads1299/spi*; do d=${d##*/}; [ "$d" = "$SPI" ] || follower=$d; done
put "$DRIVER/unbind" "$follower"
iio && fail "still there though a chip of it is gone"
put "$DRIVER/bind" "$follower"
put "$DRIVER/bind" "$SPI" 2>/dev/null
until_ok 5 find_iio || fail "not there again"
buffer_on 4096
ramp 16 1000 "$BUFFER" || fail "no stream after that"
buffer_off
unplug
