# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2013,SC2044,SC2119
# Every attribute read, written, and written wrongly; single conversions; each part of the family.
# limit: 120
# expected: lead-off current of 6000 nA refused
# time: exact
. /lib.sh

for channels in 8 6 4; do
        plug channels=$channels
        name=ads1299
        [ $channels -eq 8 ] || name=ads1299-$channels
        expect $name cat "$IIO/name"
        expect $channels count "$IIO"/in_voltage*-voltage*_raw

        for rate in $(cat "$IIO/sampling_frequency_available"); do
                put "$IIO/sampling_frequency" "$rate"
                expect "$rate" cat "$IIO/sampling_frequency"
                for f in "$IIO"/in_voltage*-voltage*_raw; do expect 0 cat "$f"; done
        done
        for bad in 0 -1 999 1000.5 16001 4294967297 nonsense ''; do
                refused "$IIO/sampling_frequency" "$bad" Invalid
        done

        for f in "$IIO"/in_voltage*-voltage*_scale; do
                for scale in $(cat "$IIO/in_voltage-voltage_scale_available"); do
                        put "$f" "$scale"
                        expect "$scale" cat "$f"
                done
                for bad in 0 -0.000022 1 0.1 nonsense ''; do refused "$f" "$bad" Invalid; done
        done

        for na in 6 24 0; do
                put "$IIO/leadoff_current_nanoamp" $na
                expect $na cat "$IIO/leadoff_current_nanoamp"
        done
        for bad in 6000 -6 1 nonsense ''; do refused "$IIO/leadoff_current_nanoamp" "$bad" ''; done

        # What is left is readable, whatever it says
        for f in $(find "$IIO/" -type f -perm -400 -not -path '*/power/*'); do
                cat "$f" > /dev/null || fail "cannot read $f"
        done

        buffer_on
        refused "$IIO/sampling_frequency" 250 busy
        refused "$IIO/in_voltage0-voltage1_scale" 0.000022351742 busy
        refused "$IIO/leadoff_current_nanoamp" 6 busy
        cat "$IIO/in_voltage0-voltage1_raw" 2>/dev/null && fail "a conversion while the buffer runs"
        buffer_off
        expect 0 cat "$IIO/in_voltage0-voltage1_raw"
        unplug
done
