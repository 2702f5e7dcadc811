# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2034,SC2086,SC2154
# Each fault that the simulated hat can play, and exactly what comes of it: which frames are missing,
# where it is told, what is counted, and that nothing else changes. From START to STOP every conversion is a
# scan or one count of one counter.
# limit: 300
# time: exact
# expected: SPI transfer failed|failed to transfer one message|is not that of an ADS1299|probe (of spi.*|with driver ads1299) failed|registers were lost and are written again
. /lib.sh

FAULTS=$SIM_DEBUG/faults
BOARD=$SIM_DEBUG/board
FRAMES=2000
RATE=1000
failed=0

wrong() {
        echo "WRONG: $case: $*"
        failed=$((failed + 1))
}

# What does not matter to a case keeps these values
nothing="missing=0 gaps=0 told=0 stray=0 wrong=0 wrong_bits=0x000000 backward=0 astray=0 p_off=0x0 n_off=0x0"
no_loss="drdy=0 spi=0 sync=0 fifo=0"

# begin NAME: numbered frames, a running buffer, and a reader
begin() {
        case=$1
        ended=
        put "$IIO/sampling_frequency" $RATE
        play 8 $FRAMES &
        player=$!
        sleep 0.1
        conversions=$(counter conversions)
        unseen=$(counter drdy_masked)
        buffer_on 8192
        cat "$BUFFER" > /tmp/scans 2>/dev/null &
        reader=$!
}

# Conversions whose edge came when nobody listened, before START had gone out or after the stream was
# told to end, are no loss
end() {
        ended=yes
        [ -z "$player" ] || wait $player || wrong "the player"
        sleep 0.01
        buffer_off
        sleep 0.1
        kill $reader
        wait $reader 2>/dev/null
        conversions=$(($(counter conversions) - conversions - $(counter drdy_masked) + unseen))
        eval "$(tell 8 $FRAMES /tmp/scans | tee /tmp/told)"
        drdy=$(cat "$IIO/lost_drdy") spi=$(cat "$IIO/lost_spi") sync=$(cat "$IIO/lost_sync") fifo=$(cat "$IIO/lost_fifo")
        echo "$case: conversions=$conversions drdy=$drdy spi=$spi sync=$sync fifo=$fifo $(cat /tmp/told)"
        [ $conversions -eq $((scans + drdy + spi + sync + fifo)) ] ||
                wrong "$conversions conversions, $scans scans and $((drdy + spi + sync + fifo)) losses"
}

# came NAME=VALUE...: that, and for what is not named, nothing
came() {
        [ -n "$ended" ] || end
        for pair in $nothing $no_loss "$@"; do
                name=${pair%%=*}
                for over in "$@"; do
                        [ "${over%%=*}" != "$name" ] || pair=$over
                done
                eval "value=\$$name"
                [ "$value" = "${pair#*=}" ] || wrong "$name is $value instead of ${pair#*=}"
        done
}

fault() {
        put "$FAULTS/$1" "$2"
}

plug

begin "no fault"
came

begin "one transfer fails"
fault spi_fail 100
came spi=1 missing=1 gaps=1 told=1

begin "three transfers in a row fail"
fault spi_fail "100 3"
came spi=3 missing=3 gaps=1 told=1

# The frame read then is that of its opcode, and the newest of the five that came meanwhile is read next
begin "a transfer takes 5.5 periods"
fault spi_delay "100 5500"
came drdy=4 missing=4 gaps=1 told=1

begin "a transfer takes 0.9 periods"
fault spi_delay "100 900"
came

for bit in 0 1 2 3; do
        begin "bit $bit of the status is flipped: no sync"
        fault flip "100 $bit"
        came sync=1 missing=1 gaps=1 told=1
done

begin "the lead-off bits of the status are flipped while lead-off is off: nobody looks"
fault flip "100 5"
came

# 24 bits of status, then channel 1; bit 9 of its code. No check of the chip can find it
begin "a bit of the data is flipped: the chip has no checksum"
fault flip "100 38"
came wrong=1 wrong_bits=0x000200

begin "seven edges are missing"
fault drdy_missing "200 7"
end
# found out too late to tell by a flag
came drdy=7 missing=7 gaps=1 told=$told

begin "three edges too many"
fault drdy_extra "100 3"
came

begin "three edges too many, far from the true ones"
fault drdy_extra "100 3 400"
came

# The last 30 of them are silent: what is not read of those is counted
begin "a transfer takes 30 periods while the stream ends"
wait $player
player=
fault spi_delay "1 30000"
sleep 0.005
end
came drdy=$drdy
[ "$drdy" -ge 25 ] || wrong "only $drdy lost under a transfer of 30 periods"

before=$(counter drdy_missing)
begin "DRDY is stuck for a fifth of a second"
sleep 0.3
fault drdy_stuck 1
sleep 0.2
fault drdy_stuck 0
end
stuck=$(($(counter drdy_missing) - before))
[ "$stuck" -ge 199 ] || wrong "only $stuck edges missing"
[ "$drdy" -eq "$stuck" ] || wrong "lost_drdy is $drdy, $stuck edges were missing"
[ "$missing" -eq "$stuck" ] || wrong "$missing frames missing, $stuck edges were"
[ "$astray$backward$wrong" = 000 ] || wrong "scans out of place"

put "$IIO/leadoff_current_nanoamp" 6
begin "electrodes come off and on again"
sleep 0.5
put $BOARD/p_off 0x05
put $BOARD/n_off 0x80
sleep 0.25
put $BOARD/p_off 0
put $BOARD/n_off 0
end
# an input whose electrode is off is at the end of its range, and that scan is not told from another
came p_off=0x5 n_off=0x80 wrong=$((8 * off_scans))
[ $((off_scans - 249)) -ge 0 ] || wrong "off in $off_scans scans only, not 250"
[ $((off_scans - 251)) -le 0 ] || wrong "off in $off_scans scans instead of 250"
put "$IIO/leadoff_current_nanoamp" 0

begin "electrodes come off while lead-off is off"
put $BOARD/p_off 0xff
put $BOARD/n_off 0xff
sleep 0.2
put $BOARD/p_off 0
put $BOARD/n_off 0
came

# Without START no frame is taken, so none is missing; but the scans after it say that there was a gap
registers=$(cat $SIM_DEBUG/registers)
begin "the registers go back to reset"
sleep 0.5
fault reset 1
end
came stray=1 drdy=$drdy astray=$astray
expect 1 cat "$IIO/recoveries"
[ "$(cat $SIM_DEBUG/registers)" = "$registers" ] || wrong "the registers are others than before"

# Found within a second; until then the samples of this channel are not what they should be
begin "the gain of a channel changes"
sleep 0.5
fault register "7 0"
end
came stray=$stray told=$told gaps=$gaps missing=$missing drdy=$drdy astray=$astray wrong=$wrong wrong_bits=$wrong_bits
expect 1 cat "$IIO/recoveries"
[ $((stray + told)) -eq 1 ] || wrong "the gap is told $((stray + told)) times"
[ "$wrong" -ge 1 ] || wrong "the gain did not change"
[ "$wrong" -le 1000 ] || wrong "$wrong scans with the wrong gain"
[ "$(cat $SIM_DEBUG/registers)" = "$registers" ] || wrong "the registers are others than before"

# Another chip, or none: the driver does not bind, and does when the right one is there
case="wrong ID"
for id in 0xff 0x01 0x92 0x3f 0x12; do
        put "$DRIVER/unbind" "$SPI"
        fault id $id
        refused "$DRIVER/bind" "$SPI" device
        fault id 0
        put "$DRIVER/bind" "$SPI"
        until_ok 5 find_iio || fail "not there after bind"
done

unplug
echo "figure: $failed of the faults had another effect than they should"
[ $failed -eq 0 ]
