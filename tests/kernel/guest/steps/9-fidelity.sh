# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2013,SC2046,SC2086
# The volts that come out are those that went in, within 1 LSB: at each gain and rate over the whole
# range and both ends of it, and at each gain for each other setting of the input.
# limit: 600
# time: exact
. /lib.sh

BOARD=$SIM_DEBUG/board
GAINS="1 2 4 6 8 12 24"

# of all channels
set_all() {
        for f in "$IIO"/in_voltage*-voltage*_"$1"; do put "$f" "$2"; done
}

# record COMMAND...: what comes meanwhile, in /tmp/scans
record() {
        buffer_on 8192
        cat "$BUFFER" > /tmp/scans 2>/dev/null &
        reader=$!
        "$@"
        buffer_off
        sleep 0.05
        kill $reader
        wait $reader 2>/dev/null
}

# Frames of 32 bits in nanovolts reach +-2.147 V, the gains 1 and 2 further
unit_of() {
        case $1 in 1) echo 3 ;; 2) echo 2 ;; *) echo 1 ;; esac
}

scales() {
        for n in 0 1 2 3 4 5 6 7; do cat "$IIO/in_voltage$((2 * n))-voltage$((2 * n + 1))_scale"; done
}

same() {
        for n in 1 2 3 4 5 6 7 8; do echo "$1"; done
}

# The microvolts that each channel should see with this setting: the board's, by the data sheet's 9.3.1.1
microvolts() {
        case $1 in
        shorted) same 0 ;;
        # channels 3 and 4 a quarter of DVDD, the others the middle of the analogue supply
        supply) echo 2610000 2610000 820000 820000 2610000 2610000 2610000 2610000 ;;
        # 145300 uV at 25 degrees, and 490 uV a degree: 37.5 degrees
        temperature) same 151425 ;;
        bias_measure | bias_drive_positive) same 12345.678 ;;
        bias_drive_negative) same -12345.678 ;;
        *) fail "nobody knows what '$1' is" ;;
        esac
}

plug
put $BOARD/avdd_uv 5220000
put $BOARD/dvdd_uv 3280000
put $BOARD/temperature_mc 37500
put $BOARD/bias_nv 12345678
gain_scales=$(cat "$IIO/in_voltage-voltage_scale_available")
worst=0 combinations=0
settings=0

for gain in $GAINS; do
        # the n-th scale is that of the n-th gain
        scale=${gain_scales%% *}
        gain_scales=${gain_scales#* }
        set_all scale "$scale"
        put $BOARD/frame_unit_nv $(unit_of $gain)

        set_all mux normal
        for rate in $(cat "$IIO/sampling_frequency_available"); do
                put "$IIO/sampling_frequency" $rate
                record levels play 8 $gain $(unit_of $gain)
                off=$(levels check 8 $gain $(unit_of $gain) /tmp/scans $(scales)) || fail "gain $gain, $rate Hz"
                worst=$(printf '%s\n' "$off" "$worst" | sort -g | tail -n 1)
                combinations=$((combinations + 1))
        done

        put "$IIO/sampling_frequency" 250
        for mux in $(cat "$IIO/in_voltage-voltage_mux_available"); do
                case $mux in normal | test) continue ;; esac
                set_all mux $mux
                record sleep 0.2
                levels constant 8 $gain /tmp/scans $(microvolts $mux) || fail "gain $gain, input $mux"
                settings=$((settings + 1))
        done

        # the test signal: 2 x VREF / 2400 peak to peak, or twice that; one period is 1.02 s, or half of it
        set_all mux test
        for uv in 1875 3750; do
                for frequency in 0.976563 1.953125; do
                        put "$IIO/test_signal_microvolt" $uv
                        put "$IIO/test_signal_frequency" $frequency
                        record sleep 1.2
                        levels square 8 $gain /tmp/scans $uv || fail "gain $gain, test signal of $uv uV and $frequency Hz"
                        settings=$((settings + 1))
                done
                # dc: the sign is that of -(VREFP - VREFN)
                put "$IIO/test_signal_frequency" 0
                record sleep 0.2
                levels constant 8 $gain /tmp/scans $(same -$uv) || fail "gain $gain, test signal of $uv uV dc"
                settings=$((settings + 1))
        done
done
expect 0 counter decode_violations
unplug
echo "figure: $combinations gains x rates: at most $worst LSB off, both ends reached; $settings settings of the input within 1 LSB"
