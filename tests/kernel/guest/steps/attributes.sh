# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2013,SC2046
# What each setting does to the chip's registers, and what readings say of the board; what is refused.
# limit: 400
# time: exact
# expected: lead-off current of [0-9]+ nA refused|SPI transfer failed|failed to transfer one message|noqueue transfer failed
# expected: bad ti,bias-sense|inputs are routed as those of channel 0|probe (of spi[0-9.]+|with driver ads1299) failed with error -22
. /lib.sh

BOARD=$SIM_DEBUG/board
FAULTS=$SIM_DEBUG/faults

register() {
        sed -n "s/^$1: //p" "$SIM_DEBUG/registers"
}

# holds REGISTER VALUE: both in hexadecimal
holds() {
        [ "$(register "$1")" = "$2" ] || fail "register $1: $(register "$1") instead of $2 (${3:-})"
}

# sets FILE VALUE REGISTER VALUE: writes it, reads it back, and looks at the chip
sets() {
        put "$IIO/$1" "$2"
        expect "$2" cat "$IIO/$1"
        holds "$3" "$4" "$1 = $2"
}

# offers FILE ITEMS
offers() {
        expect "$2" cat "$IIO/$1_available"
}

# close VALUE WANTED TOLERANCE WHAT
close() {
        echo "$1 $2 $3" | awk '{ d = $1 - $2; exit !(d * d <= $3 * $3) }' || fail "$4: $1 instead of $2"
}

# in_unit CHANNEL: a reading in the unit of the ABI
in_unit() {
        offset=0
        [ ! -e "$IIO/$1_offset" ] || offset=$(cat "$IIO/$1_offset")
        raw=$(cat "$IIO/$1_raw") || fail "cannot read $1"
        echo "$raw $offset $(cat "$IIO/$1_scale")" | awk '{ printf "%.6f", ($1 + $2) * $3 }'
}

# scans N: as numbers, one line a scan. What was converted before does not count
scans() {
        buffer_on 8192
        head -c $((N_BYTES * $1)) "$BUFFER" | hexdump -v -e "$((N_BYTES / 4))/4 \"%d \" \"\\n\""
        buffer_off
}

# --- as the hat is wired, after probe ---
plug
N_BYTES=40
[ "$(register 0d)$(register 0e)" = ffff ] || fail "bias does not sense all inputs"
holds 03 ec "internal reference, bias driven, reference of bias internal"
holds 05 60
holds 15 00
holds 17 00
expect 1 cat "$IIO/bias_drive"

# --- inputs ---
offers in_voltage-voltage_mux \
        "normal shorted bias_measure supply temperature test bias_drive_positive bias_drive_negative"
n=0
for word in $(cat "$IIO/in_voltage-voltage_mux_available"); do
        sets in_voltage4-voltage5_mux "$word" 07 6$n
        case $word in test) holds 02 d0 "$word" ;; *) holds 02 c0 "$word" ;; esac
        case $word in bias_measure) holds 03 fc "$word" ;; *) holds 03 ec "$word" ;; esac
        [ "$(register 06)$(register 08)" = 6060 ] || fail "the neighbours of a channel are not as they were"
        n=$((n + 1))
done
for bad in "" 0 Normal normal0 "normal shorted" "$(seq 1 100 | tr '\n' ' ')"; do
        refused "$IIO/in_voltage4-voltage5_mux" "$bad" Invalid
done
holds 07 67

# A channel that is powered down keeps its input in mind, and its register has it shorted
sets in_voltage4-voltage5_powerdown 1 07 e1
expect bias_drive_negative cat "$IIO/in_voltage4-voltage5_mux"
expect 0 cat "$IIO/in_voltage4-voltage5_raw"
put "$IIO/in_voltage4-voltage5_mux" supply
holds 07 e1
sets in_voltage4-voltage5_powerdown 0 07 63
put "$IIO/in_voltage4-voltage5_mux" normal
for bad in "" 2 -1 yes; do refused "$IIO/in_voltage4-voltage5_powerdown" "$bad" Invalid; done

# --- bias and references ---
offers in_voltage-voltage_bias_sense "none positive negative both"
sets in_voltage2-voltage3_bias_sense none 0d fd
holds 0e fd
sets in_voltage2-voltage3_bias_sense positive 0d ff
holds 0e fd
sets in_voltage2-voltage3_bias_sense negative 0d fd
holds 0e ff
sets in_voltage2-voltage3_bias_sense both 0d ff
holds 0e ff
refused "$IIO/in_voltage2-voltage3_bias_sense" neither Invalid
sets bias_drive 0 03 e8
sets in_voltage14-voltage15_srb2 1 0c 68
sets in_voltage14-voltage15_srb2 0 0c 60
sets srb1 1 15 20
sets srb1 0 15 00
for f in bias_drive srb1 in_voltage0-voltage1_srb2; do refused "$IIO/$f" 2 Invalid; done

for off in 1 0; do
        put "$BOARD/bias_off" $off
        for drive in 0 1; do
                put "$IIO/bias_drive" $drive
                expect $((1 - off)) cat "$IIO/bias_electrode_connected"
                holds 17 00 "what the look at the bias electrode needs is put back"
        done
        holds 03 ec
done

# --- test signal: from +VREF/2400 to -VREF/2400, or twice that, at each gain ---
offers test_signal_microvolt "1875 3750"
offers test_signal_frequency "0 0.976563 1.953125"
put "$IIO/sampling_frequency" 250
put "$IIO/in_voltage0-voltage1_mux" test
sets test_signal_frequency 0 02 d3
sets test_signal_frequency 0.976563 02 d0
sets test_signal_frequency 1.953125 02 d1
put "$IIO/test_signal_frequency" 1.9531250000
for bad in "" . 1 -1 1.953 nan 1e0; do refused "$IIO/test_signal_frequency" "$bad" Invalid; done
for uv in 1875 3750; do
        put "$IIO/test_signal_microvolt" $uv
        expect $uv cat "$IIO/test_signal_microvolt"
        set -- 1 2 4 6 8 12 24
        for scale in $(cat "$IIO/in_voltage-voltage_scale_available"); do
                # equation 8; of its millivolts nine decimals are printed, and the rest cut off
                lsb_uv=$(echo "$1" | awk '{ printf "%.9f", 4500000 / $1 / 8388608 }')
                expect "$(echo "$lsb_uv" | awk '{ printf "%.9f", int($1 * 1000000) / 1000000000 }')" echo "$scale"
                shift
                put "$IIO/in_voltage0-voltage1_scale" "$scale"
                scans 300 | awk '{ v = $1 / 256; if (NR == 1 || v < low) low = v; if (NR == 1 || v > high) high = v }
                        END { print NR, high - low }' > /tmp/swing
                read -r lines codes < /tmp/swing
                [ "$lines" -eq 300 ] || fail "$lines scans"
                close $(echo "$codes $lsb_uv" | awk '{ printf "%.9f", $1 * $2 }') $((2 * uv)) "$lsb_uv" \
                        "test signal at $scale mV"
                swings="${swings:-}${swings:+ }$codes"
        done
done
echo "figure: test signal of 1875 and 3750 uV, from peak to peak, in codes at gain 1 to 24: $swings"
refused "$IIO/test_signal_microvolt" 1876 Invalid
put "$IIO/in_voltage0-voltage1_mux" normal
holds 02 c5

# --- temperature and supplies, whatever the borrowed channel is set to ---
expect die cat "$IIO/in_temp0_label"
expect avdd cat "$IIO/in_voltage16_label"
expect dvdd cat "$IIO/in_voltage17_label"
for setting in "powerdown 1" "mux test" "srb2 1" "powerdown 0"; do
        put "$IIO/in_voltage0-voltage1_${setting% *}" "${setting#* }"
        before=$(cat $SIM_DEBUG/registers)
        for mc in -40000 0 25000 36600 125000; do
                put "$BOARD/temperature_mc" $mc
                close "$(in_unit in_temp0)" $mc 2 "temperature"
        done
        for uv in 4750000 5000000 5250000; do
                put "$BOARD/avdd_uv" $uv
                close "$(in_unit in_voltage16)" $((uv / 1000)) 0.01 "AVDD"
        done
        for uv in 1800000 3300000; do
                put "$BOARD/dvdd_uv" $uv
                close "$(in_unit in_voltage17)" $((uv / 1000)) 0.01 "DVDD"
        done
        [ "$(cat $SIM_DEBUG/registers)" = "$before" ] || fail "registers are not as before a reading (after $setting)"
done
put "$IIO/in_voltage0-voltage1_srb2" 0
put "$IIO/in_voltage0-voltage1_mux" normal

# Whichever transfer of a reading fails, the channel comes back
failures=0
for n in 1 2 3 4 5 6 7; do
        put "$FAULTS/spi_fail" $n
        # not cat, which tries again
        read -r _ < "$IIO/in_temp0_raw" 2> /dev/null || failures=$((failures + 1))
        put "$FAULTS/spi_fail" 0
        cat "$IIO/in_voltage0-voltage1_raw" > /dev/null || fail "no conversion after a failed one"
        holds 05 60 "after failure $n"
done
[ $failures -ge 4 ] || fail "$failures readings failed"

# A setting whose transfer failed can be written again, and then it is there
put "$FAULTS/spi_fail" "1 10"
refused "$IIO/in_voltage0-voltage1_mux" test "Input/output error"
refused "$IIO/srb1" 1 "Input/output error"
put "$FAULTS/spi_fail" 0
sets in_voltage0-voltage1_mux test 05 65
sets srb1 1 15 20
put "$IIO/srb1" 0
put "$IIO/in_voltage0-voltage1_mux" normal
holds 05 60

# --- lead-off ---
offers leadoff_current_nanoamp "0 6 24"
offers leadoff_threshold_percent "95 92.5 90 87.5 85 80 75 70"
sets leadoff_current_nanoamp 6 04 00
[ "$(register 0f)$(register 10)$(register 17)" = ffff02 ] || fail "lead-off is not on"
sets leadoff_current_nanoamp 24 04 04
n=0
for percent in $(cat "$IIO/leadoff_threshold_percent_available"); do
        sets leadoff_threshold_percent "$percent" 04 "$(printf %02x $((n * 32 + 4)))"
        n=$((n + 1))
done
put "$IIO/leadoff_threshold_percent" 95.000000
for uamps in 6000 24000; do refused "$IIO/leadoff_current_nanoamp" $uamps permitted; done
for bad in 12 4294967302 18446744073709551622 0x6 6nA; do refused "$IIO/leadoff_current_nanoamp" "$bad" Invalid; done
holds 04 04

for rate in 16000 250; do
        put "$IIO/sampling_frequency" $rate
        offers leadoff_frequency "0 7.8125 31.25 $(echo $rate | awk '{ print $1 / 4 }')"
done
sets leadoff_frequency 7.8125 04 05
holds 17 00 "no comparators with alternating current"
sets leadoff_frequency 62.5 04 07
sets leadoff_frequency 31.25 04 06
sets leadoff_frequency 0 04 04
holds 17 02

# Powered down means: no current there
put "$IIO/in_voltage2-voltage3_powerdown" 1
[ "$(register 0f)$(register 10)" = fdfd ] || fail "current through a channel that is powered down"
put "$IIO/in_voltage2-voltage3_powerdown" 0

# Flags by channel: P of 1 and 8, N of 2
put "$BOARD/p_off" 0x81
put "$BOARD/n_off" 0x02
scans 20 | awk '{ for (i = 1; i <= 8; i++) printf "%d ", ($i % 256 + 256) % 8 % 4; print "" }' | sort -u > /tmp/flags
expect "1 2 0 0 0 0 0 1 " cat /tmp/flags
# ... and of the one electrode on all negative inputs: one source, one comparator, all channels
put "$IIO/srb1" 1
[ "$(register 0f)$(register 10)" = ff01 ] || fail "more than one current through the reference electrode"
put "$BOARD/n_off" 0x01
scans 20 | awk '{ for (i = 1; i <= 8; i++) printf "%d ", ($i % 256 + 256) % 8 % 4; print "" }' | sort -u > /tmp/flags
expect "3 2 2 2 2 2 2 3 " cat /tmp/flags
put "$IIO/srb1" 0
sets leadoff_current_nanoamp 0 04 04
[ "$(register 0f)$(register 10)$(register 17)" = 000000 ] || fail "lead-off is not off"
scans 5 | awk '{ for (i = 1; i <= 8; i++) if ($i % 4) exit 1 }' || fail "flags without lead-off"

# --- GPIO: labelled as the SPI device; also while the buffer runs ---
put "$BOARD/gpio_pins" 5
for pin in 0:1 1:0 2:1 3:0; do expect "${pin#*:}" gpio "$SPI" "${pin%:*}"; done
holds 14 5f
gpio "$SPI" 1 1 || fail "cannot drive a pin"
holds 14 7d
# A frame has 62 us there, and takes 11 of them; a register command takes 12
put "$IIO/sampling_frequency" 16000
put /sys/module/ads1299_sim/parameters/wire 1
buffer_on 8192
cat "$BUFFER" > /dev/null &
reader=$!
for value in 0 1 0; do
        gpio "$SPI" 3 $value || fail "cannot drive a pin while the buffer runs"
        holds 14 "$(printf %02x $((value * 0x80 + 0x75)))"
        expect $value gpio "$SPI" 3 as-is
        expect 1 gpio "$SPI" 2
        put "$BOARD/gpio_pins" 1
        expect 0 gpio "$SPI" 2
        put "$BOARD/gpio_pins" 5
done
# ... and it is not taken for damage by those who look after the registers meanwhile
sleep 3
expect 0 cat "$IIO/recoveries"
expect "0 0 0 0" lost

# --- while the buffer runs nothing can be set and no channel borrowed ---
for f in $(cd "$IIO" && ls -d ./*_mux ./*_powerdown ./*_bias_sense ./*_srb2 srb1 bias_drive test_signal_microvolt \
                test_signal_frequency leadoff_current_nanoamp leadoff_frequency leadoff_threshold_percent); do
        refused "$IIO/$f" "$(cat "$IIO/$f")" busy
done
for f in in_temp0_raw in_voltage16_raw in_voltage17_raw bias_electrode_connected; do
        cat "$IIO/$f" 2> /tmp/error && fail "$f can be read while the buffer runs"
        grep -q busy /tmp/error || fail "$f: $(cat /tmp/error)"
done
kill $reader
buffer_off
put /sys/module/ads1299_sim/parameters/wire 0
unplug

# --- other wirings ---
plug bias_drive=0 bias_external_reference=1 srb1=1 bench_setup=1 srb2=0x81 bias_sense=none,positive,both
holds 03 e0
holds 0d 06
holds 0e 04
holds 15 20
[ "$(register 05)$(register 06)$(register 0c)" = 686068 ] || fail "SRB2 is not as wired"
offers leadoff_current_nanoamp "0 6 24 6000 24000"
sets leadoff_current_nanoamp 24000 04 0c
sets leadoff_current_nanoamp 6000 04 08
put "$IIO/leadoff_current_nanoamp" 0
unplug

# An electrode that all inputs share, or some, is not sensed once for each of them, and carries one current. The
# bits are those of all inputs (0d, 0e: bias; 0f, 10: lead-off)
routed() {
        got="$(register 0d) $(register 0e) $(register 0f) $(register 10)"
        [ "$got" = "$1" ] || fail "$2: routed $got instead of $1"
}
plug srb1=1 srb2=0x0a
routed "f5 00 00 00" "SRB1, and SRB2 at two inputs"
put "$IIO/leadoff_current_nanoamp" 6
routed "f5 00 f7 01" "a current through SRB1 and SRB2"
put "$BOARD/p_off" 0x02
scans 20 | awk '{ for (i = 1; i <= 8; i++) printf "%d ", ($i % 256 + 256) % 8 % 4; print "" }' | sort -u > /tmp/flags
expect "0 1 0 1 0 0 0 0 " cat /tmp/flags
put "$BOARD/p_off" 0
# A channel that is powered down lets go of SRB2 and is not sensed, whatever it is set to
put "$IIO/in_voltage2-voltage3_powerdown" 1
holds 06 e1 "powered down"
routed "f5 00 fd 01" "one of the two powered down"
expect 1 cat "$IIO/in_voltage2-voltage3_srb2"
put "$IIO/in_voltage0-voltage1_powerdown" 1
routed "f4 00 fc 04" "the first one powered down, too"
put "$IIO/in_voltage0-voltage1_powerdown" 0
put "$IIO/in_voltage2-voltage3_powerdown" 0
holds 06 68 "powered again"
put "$IIO/leadoff_current_nanoamp" 0
put "$IIO/in_voltage2-voltage3_srb2" 0
put "$IIO/in_voltage6-voltage7_srb2" 0
put "$IIO/srb1" 0
routed "ff ff 00 00" "no electrode shared"
# Who asks for it by name gets it, once
put "$IIO/srb1" 1
for ch in 4 6; do put "$IIO/in_voltage$ch-voltage$((ch + 1))_bias_sense" negative; done
routed "f3 04 00 00" "SRB1 by name"
# A wiring that the chip did not take can be written again
put "$FAULTS/spi_fail" "1 10"
refused "$IIO/in_voltage2-voltage3_srb2" 1 "Input/output error"
put "$FAULTS/spi_fail" 0
expect 0 cat "$IIO/in_voltage2-voltage3_srb2"
sets in_voltage2-voltage3_srb2 1 06 68
unplug

# What firmware must not say: a word that is none, and another routing of a further chip of a chain
for wrong in "bias_sense=sideways" "daisy=2 bias_sense=both,both,both,both,both,both,both,both,both,none"; do
        lines=$(dmesg | wc -l)
        insmod /modules/ads1299.ko
        # shellcheck disable=SC2086
        insmod /modules/ads1299-sim.ko $wrong
        sleep 1
        iio && fail "bound in spite of $wrong"
        dmesg | tail -n +$((lines + 1)) > /tmp/said
        grep -q -E "channel@[0-9]+: (bad ti,bias-sense|inputs are routed)" /tmp/said || fail "$wrong: $(cat /tmp/said)"
        unplug
done

# --- a daisy chain: the same registers in all chips, a temperature of each ---
plug daisy=2
N_BYTES=72
sets in_voltage18-voltage19_mux shorted 06 "61 61"
expect shorted cat "$IIO/in_voltage2-voltage3_mux"
put "$IIO/in_voltage2-voltage3_mux" normal
for f in in_temp0 in_temp1; do close "$(in_unit $f)" 25000 2 "temperature of $f"; done
[ ! -e "$IIO/in_temp2_raw" ] || fail "three temperatures of two chips"
close "$(in_unit in_voltage32)" 5000 0.01 "AVDD"
close "$(in_unit in_voltage33)" 3300 0.01 "DVDD"
holds 05 "60 60"
holds 07 "60 60"
put "$IIO/leadoff_current_nanoamp" 6
put "$BOARD/p_off" 0x8001
put "$BOARD/n_off" 0x0200
scans 20 | awk '{ for (i = 1; i <= 16; i++) printf "%d ", ($i % 256 + 256) % 4; print "" }' | sort -u > /tmp/flags
expect "1 0 0 0 0 0 0 0 0 2 0 0 0 0 0 1 " cat /tmp/flags
gpio "$SPI" 2 1 || fail "cannot drive a pin of a chain"
expect 1 gpio "$SPI" 2 as-is
unplug

for channels in 6 4; do
        plug channels=$channels
        all=$(printf %02x $(((1 << channels) - 1)))
        put "$IIO/leadoff_current_nanoamp" 6
        for reg in 0d 0e 0f 10; do holds $reg "$all"; done
        close "$(in_unit in_temp0)" 25000 2 "temperature"
        close "$(in_unit in_voltage$((2 * channels)))" 5000 0.01 "AVDD"
        close "$(in_unit in_voltage$((2 * channels + 1)))" 3300 0.01 "DVDD"
        unplug
done
