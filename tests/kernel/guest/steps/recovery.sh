# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2317
# A chip that loses its registers under a stream is noticed within a second and set up again; the gap
# is flagged, and every conversion is a scan or counted, whatever happens to DRDY and the bus.
# limit: 300
# time: exact
# expected: registers were lost and are written again|no DRDY interrupts: |callbacks suppressed|will go on trying|SPI transfer failed|failed to transfer one message|noqueue transfer failed
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
        echo "$1 at $rate Hz: conversions $conversions scans $scans lost $(lost) recoveries $(recoveries)"
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

# Not 4: a chip that is reset while START is high converts on, with its reference off, whatever a driver does
plug strict=11
longest=0
# CONFIG1 for a quarter and the fourfold of each rate
for rates in ${RATES:-"250 0xd7 0xd4" "1000 0xd6 0xd2" "4000 0xd4 0xd0"}; do
        # shellcheck disable=SC2086
        set -- $rates
        rate=$1 slower=$2 faster=$3
        put "$IIO/sampling_frequency" "$rate"
        written=$(registers)
        start
        put $FAULTS/reset 1
        hit reset
        put $FAULTS/reset 1
        put $SIM_DEBUG/board/start_pin 1
        hit "reset with START high"
        put $SIM_DEBUG/board/start_pin 0
        # the data rate, slower and faster: edges tell of it
        put $FAULTS/register "1 $slower"
        hit "register 1 $slower"
        put $FAULTS/register "1 $faster"
        hit "register 1 $faster"
        stop "four hits"
        expect 4 recoveries
        [ "$(flagged)" -ge 4 ] || fail "$(flagged) flags for four gaps"
done
echo "figure: 12 chips that lost registers, each set up again within $longest ms"

# Idle chips too: when they are woken, and when the buffer is enabled
rate=1000
put "$IIO/sampling_frequency" "$rate"
written=$(registers)
put $FAULTS/reset 1
start
stop "reset before"
[ "$(lost | cut -d ' ' -f 3)" -eq 0 ] || fail "started a chip that had lost its registers"
sleep 2
put $FAULTS/reset 1
expect 0 cat "$IIO/in_voltage0-voltage1_raw"
[ "$written" = "$(registers)" ] || fail "a reset while idle was not noticed"

# DRDY does not move though the chip converts: a line for each thing that is tried, all counted that was
# converted with power, and the buffer can be disabled
start
put $FAULTS/drdy_stuck 1
sleep 3
[ "$(dmesg | grep -c 'no DRDY')" -eq 3 ] || fail "told of it $(dmesg | grep -c 'no DRDY') times"
# Each time that it is started anew without a first edge the phase of the grid is that of START
stop "DRDY stuck" 3
start
sleep 1
stop "DRDY stuck from the beginning" 3
start
put $FAULTS/drdy_stuck 0
sleep 1
stop "DRDY stuck no more" 3
[ $scans -gt 500 ] || fail "$scans scans only"
expect 0 recoveries

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
