# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh
# A daisy chain is one device with the channels of all its chips: their samples, status words,
# single conversions, and a limit to what the firmware may say.
# limit: 200
# time: exact
# expected: registers were lost and are written again
. /lib.sh

for daisy in 2 3 4 9; do
        plug daisy=$daisy wire=1
        channels=$((8 * daisy))
        expect $channels count "$IIO"/in_voltage*-voltage*_raw
        expect $daisy count "$IIO"/in_temp*_raw
        # Nine frames take 98 us at 20 MHz
        rates="250 4000 16000"
        [ $daisy -lt 9 ] || rates="250 4000 8000"
        for rate in $rates; do
                put "$IIO/sampling_frequency" "$rate"
                buffer_on 4096
                ramp $channels 2000 "$BUFFER" || fail "$daisy chips, $rate Hz: $(lost) lost"
                expect "0 0 0 0" lost
                buffer_off
        done
        expect 0 counter decode_violations
        for f in "$IIO"/in_voltage*-voltage*_raw; do expect 0 cat "$f"; done

        # The status word of every chip is looked at: bit 0 of a status word is its first on the wire
        buffer_on 4096
        cat "$BUFFER" > /dev/null &
        reader=$!
        chip=0
        while [ $chip -lt $daisy ]; do
                put "$SIM_DEBUG/faults/flip" "100 $((chip * 216))"
                sleep 0.2
                chip=$((chip + 1))
        done
        expect "0 0 $daisy 0" lost
        # ... and the chip that only the frames tell of is recovered, too
        put "$SIM_DEBUG/faults/reset" 1
        until_ok 2 reads 1 "$IIO/recoveries" || fail "not recovered"
        kill $reader
        wait $reader 2>/dev/null
        buffer_off
        unplug
        echo "figure: $daisy chips: 6000 frames of $channels channels, all there"
done
