# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2012,SC2154,SC2317
# Chips with a chip select each are devices of their own: on one bus, at different rates, at once, one of
# them unbound or recovered while the others stream, and nothing lost that is not counted.
# limit: 200
# time: exact
# expected: registers were lost and are written again
. /lib.sh

# iio_of CHIP: the IIO device behind that chip select: of spi0.1, or since Linux 6.10 of spi-ads1299-sim1
iio_of() {
        ls -d /sys/bus/spi/devices/spi*"$1"/iio:device* 2>/dev/null
}

chip_counter() {
        sed -n "s/^$2 //p" "/sys/kernel/debug/ads1299-sim$1/counters"
}

all_there() {
        for chip in 0 1 2; do [ -n "$(iio_of "$chip")" ] || return 1; done
}

CHIPS="0 1 2"
insmod /modules/ads1299.ko || fail "insmod ads1299"
insmod /modules/ads1299-sim.ko chips=3 || fail "insmod ads1299-sim"
until_ok 5 all_there || fail "not all bound"

begin() {
        IIO=$(iio_of "$1")
        conversions=$(chip_counter "$1" conversions)
        buffer_on 16384
        cat "/dev/${IIO##*/}" > "/tmp/scans$1" 2>/dev/null &
        eval "reader$1=$! began$1=$conversions"
}

end() {
        IIO=$(iio_of "$1")
        buffer_off
        eval "reader=\$reader$1 conversions=\$(($(chip_counter "$1" conversions) - began$1))"
        sleep 0.1
        kill "$reader"
        wait "$reader" 2>/dev/null
        scans=$(($(stat -c %s "/tmp/scans$1") / 40))
        all=$scans
        for n in $(lost); do all=$((all + n)); done
        echo "chip $1: conversions $conversions scans $scans lost $(lost)"
        [ $all -eq "$conversions" ] || fail "chip $1: $conversions conversions, but $all scans and losses"
}

rate=1000
for chip in $CHIPS; do
        put "$(iio_of "$chip")/sampling_frequency" "$rate"
        rate=$((rate * 2))
done
for chip in $CHIPS; do begin "$chip"; done
sleep 0.5
put /sys/kernel/debug/ads1299-sim1/faults/reset 1
recovered() { reads 1 "$(iio_of 1)/recoveries"; }
until_ok 2 recovered || fail "chip 1 was not recovered"
expect 0 cat "$(iio_of 0)/recoveries"
end 0
put "$(iio_of 0)/sampling_frequency" 250
begin 0
sleep 0.3
SPI=$(basename "$(dirname "$(iio_of 2)")")
put "$DRIVER/unbind" "$SPI"
sleep 0.2
put "$DRIVER/bind" "$SPI"
sleep 0.2
for chip in 0 1; do end "$chip"; done
unplug
echo "figure: 3 devices on one bus: every conversion accounted for"
