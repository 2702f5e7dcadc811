# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2317
# A chip that loses its registers under a stream is noticed within a second and set up again; the gap
# is flagged, and every conversion is a scan or counted, whatever happens to DRDY and the bus.
# limit: 300
# time: exact
# expected: registers were lost and are written again|callbacks suppressed|will go on trying|no DRDY interrupts: |SPI transfer failed|failed to transfer one message|noqueue transfer failed
. /lib.sh

FAULTS=$SIM_DEBUG/faults

registers() {
        grep -v '^1[23]' $SIM_DEBUG/registers    # not the lead-off status
}

start() {
        conversions=$(counter conversions)
        buffer_on 16384
        cat "$BUFFER" > /tmp/scans 2>/dev/null &
        reader=$!
        sleep 0.3
}

# stop WHAT [OFF]: no scan twice, none unaccounted, or but for OFF
stop() {
        buffer_off
        conversions=$(($(counter conversions) - conversions))
        sleep 0.1
        kill $reader
        wait $reader 2>/dev/null
        scans=$(($(stat -c %s /tmp/scans) / 40))
        all=$scans
        for n in $(lost); do all=$((all + n)); done
        echo "$1 at $rate Hz: conversions $conversions scans $scans lost $(lost) recoveries $(cat "$IIO/recoveries")"
        off=$((conversions - all))
        [ ${off#-} -le "${2:-0}" ] || fail "$1 at $rate Hz: $conversions conversions, but $all scans and losses"
        [ "$written" = "$(registers)" ] || fail "$1: registers differ: $(registers)"
}

flagged() {
        hexdump -v -e '10/4 "%08x " "\n"' /tmp/scans | grep -c '^.......[4-7]'
}

recovered() {
        reads "$1" "$IIO/recoveries"
}

# hit WHAT: recovers within a second, and goes on
hit() {
        n=$(cat "$IIO/recoveries")
        at=$(awk '{ print $1 * 100 }' /proc/uptime)
        until_ok 2 recovered $((n + 1)) || fail "$1 at $rate Hz: not noticed"
        took=$(awk -v at="$at" '{ print $1 * 1000 - at * 10 }' /proc/uptime)
        [ "$took" -le 1200 ] || fail "$1 at $rate Hz: took $took ms, 170 ms of them for the reference"
        [ "$took" -le "$longest" ] || longest=$took
        sleep 0.1
}

plug
longest=0
for rate in ${RATES:-250 1000 16000}; do
        put "$IIO/sampling_frequency" "$rate"
        written=$(registers)
        start
        put $FAULTS/reset 1
        hit reset
        put $FAULTS/reset 1
        put $SIM_DEBUG/board/start_pin 1
        hit "reset with START high"
        put $SIM_DEBUG/board/start_pin 0
        # data rate, test signal, reference, lead-off, gain, bias, comparators
        for hit in "01 0x92" "02 0xd0" "03 0x60" "04 0x02" "05 0x01" "0c 0x00" "0e 0x0f" "0f 0xff" "17 0x02"; do
                put $FAULTS/register "0x$hit"
                hit "register $hit"
        done
        stop "eleven hits"
        expect 11 cat "$IIO/recoveries"
        [ "$(flagged)" -ge 11 ] || fail "$(flagged) flags for eleven gaps"
done
echo "figure: 33 chips that lost registers, each set up again within $longest ms"

# Idle chips too: when they are woken, and when the buffer is enabled
rate=1000
put "$IIO/sampling_frequency" "$rate"
written=$(registers)
put $FAULTS/reset 1
start
stop "reset before"
[ "$(cat "$IIO/lost_sync")" -eq 0 ] || fail "started a chip that had lost its registers"
sleep 2
put $FAULTS/reset 1
expect 0 cat "$IIO/in_voltage0-voltage1_raw"
[ "$written" = "$(registers)" ] || fail "a reset while idle was not noticed"

# DRDY does not move though the chip converts: a line for each thing that is tried, all counted, and the buffer can
# be disabled
start
put $FAULTS/drdy_stuck 1
sleep 3
[ "$(dmesg | grep -c 'no DRDY')" -eq 3 ] || fail "told of it $(dmesg | grep -c 'no DRDY') times"
stop "DRDY stuck"
start
sleep 1
stop "DRDY stuck from the beginning"
start
put $FAULTS/drdy_stuck 0
sleep 1
# Without a first edge the phase of the grid is that of START, and the driver restarts again and again
stop "DRDY stuck no more" 1
[ $scans -gt 500 ] || fail "$scans scans only"
expect 0 cat "$IIO/recoveries"

# A bus on which nothing works
start
put $FAULTS/spi_fail "1 1000000"
sleep 3
{ echo 0 > "$IIO/buffer0/enable"; } 2>/dev/null && fail "nobody told that STOP was not sent"
expect 0 cat "$IIO/buffer0/enable"
put $FAULTS/spi_fail 0
kill $reader
wait $reader 2>/dev/null
sleep 1
start
# A STOP that did not get through is sent before START, and ends a conversion of its own
stop "after a dead bus" 1
[ $scans -gt 200 ] || fail "$scans scans only"
unplug
