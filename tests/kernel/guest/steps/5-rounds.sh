# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2086
# ROUNDS of something at random, under load, and every edge of DRDY accounted for.
# limit: 600
. /lib.sh

plug
running=
readers=0

# The edges since the buffer was enabled are scans or losses, but for those that come while the chip
# is told to start and stop: one or two, or a burst where this slow kernel is behind the chip
start() {
        [ -z "$running" ] || return 0
        edges=$(counter conversions)
        buffer_on 8192
        timeout 100 cat "$BUFFER" > /tmp/scans 2>/dev/null &
        reader=$!
        running=yes
}

stop() {
        [ -n "$running" ] || return 0
        buffer_off
        edges=$(($(counter conversions) - edges))
        sleep 0.1
        kill "$reader" 2>/dev/null
        wait "$reader" 2>/dev/null
        running=
        scans=$(($(stat -c %s /tmp/scans) / 40))
        all=$scans
        for n in $(lost); do all=$((all + n)); done
        echo "edges $edges scans $scans lost $(lost)"
        slack=2
        [ "$(cat "$IIO/sampling_frequency")" -le 1000 ] || slack=20
        [ $((all - edges)) -le 1 ] || fail "$edges edges, but $all scans and losses"
        [ $((edges - all)) -le $slack ] || fail "$edges edges, but $all scans and losses only"
        readers=$((readers + 1))
}

rates=$(cat "$IIO/sampling_frequency_available")
scales=$(cat "$IIO/in_voltage-voltage_scale_available")
nth() { random 1 $#; shift $((RANDOM_VALUE - 1)); VALUE=$1; }

round=0
while [ $round -lt "$ROUNDS" ]; do
        round=$((round + 1))
        random 1 10
        case $RANDOM_VALUE in
        1|2|3) echo "$round: start"; start ;;
        4|5) echo "$round: stop"; stop ;;
        6)
                nth $rates
                echo "$round: rate $VALUE"
                if [ -n "$running" ]; then refused "$IIO/sampling_frequency" "$VALUE" busy
                else put "$IIO/sampling_frequency" "$VALUE"; fi
                ;;
        7)
                nth $scales
                echo "$round: scale $VALUE"
                if [ -n "$running" ]; then refused "$IIO/in_voltage2-voltage3_scale" "$VALUE" busy
                else put "$IIO/in_voltage2-voltage3_scale" "$VALUE"; fi
                ;;
        8)
                echo "$round: unbind"
                put "$DRIVER/unbind" "$SPI"
                [ -z "$running" ] || wait "$reader"
                running=
                put "$DRIVER/bind" "$SPI"
                find_iio || fail "not there after bind"
                ;;
        9)
                echo "$round: raw"
                if [ -n "$running" ]; then cat "$IIO/in_voltage0-voltage1_raw" 2>/dev/null && fail "a conversion under a stream"
                else expect 0 cat "$IIO/in_voltage0-voltage1_raw"; fi
                ;;
        10)
                echo "$round: other hat"
                stop
                unplug
                random 0 2
                plug clock_ppm=$((RANDOM_VALUE * 20000 - 20000)) spi_delay_us=$((RANDOM_VALUE * 40))
                ;;
        esac
        random 0 300
        usleep $((RANDOM_VALUE * 1000))
done
stop
unplug
echo "figure: $ROUNDS rounds, $readers streams accounted for"
