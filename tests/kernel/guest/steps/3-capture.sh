# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh
# A ramp through hat, driver and buffer: every sample arrives, in order, once, and none is lost.
# limit: 300
# time: exact
. /lib.sh

for channels in 8 6 4; do
        plug channels=$channels
        for rate in 250 1000 4000 16000; do
                put "$IIO/sampling_frequency" $rate
                buffer_on 4096
                ramp $channels 4000 "$BUFFER" || fail "$channels channels, $rate Hz: $(lost) lost"
                expect "0 0 0 0" lost
                buffer_off
        done
        # Nothing the driver did on the bus came too fast for the chip
        expect 0 counter decode_violations
        expect 0 counter frames_torn
        unplug
        echo "figure: $channels channels at 250 to 16000 Hz: 16000 frames, all there"
done
