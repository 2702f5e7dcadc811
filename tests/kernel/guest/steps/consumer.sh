# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2013
# What another driver in the kernel reads of a channel, in the units of the ABI: no number of codes.
# limit: 60
# time: exact
. /lib.sh

CONSUMER=/sys/module/consumer/parameters

# consumer INDEX: of the channels of the device, as they are registered
consumer() {
        insmod /modules/consumer.ko device="${IIO##*/}" index="$1" || fail "no channel $1 for others"
        read -r micro < $CONSUMER/processed_micro
        read -r scales < $CONSUMER/scales
        rmmod consumer
}

# within LOW HIGH WHAT
within() {
        if [ "$micro" -lt "$1" ] || [ "$micro" -gt "$2" ]; then fail "$3 reads $micro"; fi
}

plug
put "$IIO/test_signal_frequency" 0
put "$IIO/in_voltage2-voltage3_mux" test
for scale in $(cat "$IIO/in_voltage-voltage_scale_available"); do
        put "$IIO/in_voltage2-voltage3_scale" "$scale"
        consumer 1
        within -1876 -1874 "the test signal of -1875 uV at $scale mV"
        [ "$scales" -eq 7 ] || fail "$scales scales to choose from"
done
# Behind the inputs and the timestamp: the die, and the supplies
consumer 9
within 24900000 25100000 "a die of 25 degrees"
consumer 10
within 4999000 5001000 "AVDD of 5 V"
unplug
