# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2317
# Supplies, an external reference and an external clock: the driver switches them, waits as long as
# the chip wants, and counts with them.
# limit: 120
# time: exact
# expected: cannot add supplies and clock|probe (of|with driver) ads1299-sim failed
. /lib.sh

REGULATORS=/sys/class/regulator

# supply NAME: is it on?
supply() {
        for d in "$REGULATORS"/regulator.*; do
                [ "$(cat "$d/name")" = "ads1299-sim-$1" ] && cat "$d/state"
        done
}

plug supplies=1 external_vref_uv=4096000 external_clock_hz=2000000
for s in avdd dvdd vref; do expect enabled supply $s; done
expect 0 counter too_soon

# 2 MHz / 2048
expect "15625 7813 3906 1953 977 488 244" cat "$IIO/sampling_frequency_available"
# 4.096 V / 24 / 2^23 in millivolts is 0.000020345052; the IIO core prints nine decimals
expect 0.000020345 cat "$IIO/in_voltage0-voltage1_scale"
buffer_on
cat "$BUFFER" > /dev/null &
reader=$!
sleep 0.1         # the filter has settled
before=$(counter conversions)
sleep 10
after=$(counter conversions)
buffer_off
kill $reader
expect "0 0 0 0" lost
# 976.5625 a second
n=$((after - before))
if [ $n -lt 9764 ] || [ $n -gt 9767 ]; then fail "$n conversions in 10 s"; fi

put "$DRIVER/unbind" "$SPI"
for s in avdd dvdd vref; do expect disabled supply $s; done
expect 00 sed -n 's/^0d: //p' "$SIM_DEBUG/registers"
put "$DRIVER/bind" "$SPI"
until_ok 5 find_iio || fail "not there after bind"
for s in avdd dvdd vref; do expect enabled supply $s; done
expect 0 counter too_soon
unplug

insmod /modules/ads1299-sim.ko external_clock_hz=1 2>/dev/null && fail "the hat took a clock of 1 Hz"
exit 0
