# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# Stock tools see an ordinary device, measure 3: busctl, iio_info and iio_readdev. tools.py writes the
# frames before and compares what was captured with them after.
# needs: modules service
# limit: 240
. "$LIB"

configure
plug
wait_running

# --- the bus ---
busctl tree --no-pager org.twitchd1 | tee "$RESULTS/tree"
for path in "$BUS_MONITOR" "$BUS_MONITOR/channel/0" "$BUS_MONITOR/channel/7"; do
        grep -q -- "$path\$" "$RESULTS/tree" || fail "no $path on the bus"
done
busctl introspect --no-pager org.twitchd1 "$BUS_MONITOR"
busctl introspect --xml-interface org.twitchd1 /org/twitchd1 > "$RESULTS/Manager.xml"
busctl introspect --xml-interface org.twitchd1 "$BUS_MONITOR" > "$RESULTS/Monitor.xml"
busctl introspect --xml-interface org.twitchd1 "$BUS_MONITOR/channel/0" > "$RESULTS/Channel.xml"

# --- the rate stays while twitchd streams ---
if echo 500 > "$IIO/sampling_frequency" 2> refused; then
        fail "the rate changed while the buffer runs"
fi
grep -q 'busy' refused || fail "not -EBUSY: $(cat refused)"
expect 1000 cat "$IIO/sampling_frequency"

# --- libiio, without twitchd ---
systemctl stop twitchd
iio_info | sed -n '/ads1299/,/trigger/p'
echo 1000 > "$IIO/sampling_frequency"

# set_gain GAIN: of all channels, by the scale that belongs to it (millivolts: 4500 / gain / 2^23)
set_gain() {
        scale=$(tr ' ' '\n' < "$(find "$IIO"/ -name '*scale_available' | head -n 1)" |
                awk -v gain="$1" '{ e = $1 * gain * 8388608 / 4500 - 1; if (e * e < 1e-6) print $1 }')
        [ -n "$scale" ] || fail "scale_available has nothing for gain $1"
        for channel in "$IIO"/in_voltage*-voltage*_scale; do
                echo "$scale" > "$channel" || fail "$channel takes no $scale"
        done
        cat "$channel"
}

is_converting() {
        [ "$(cat "$IIO/buffer0/enable")" = 1 ] && [ "$(cat "$SIM/sampling_frequency")" = 1000 ]
}

for gain in 1 2 4 6 8 12 24; do
        set_gain "$gain" > "$RESULTS/scale-$gain"
        iio_readdev -b 100 -s 3000 ads1299 > "scans-$gain" &
        reader=$!
        wait_for 10 is_converting
        cat "$RESULTS/frames-$gain" > "$SIM_DEVICE"
        wait "$reader" || fail "iio_readdev: status $?"
        cp "scans-$gain" "$RESULTS/"
        for cause in drdy spi sync fifo; do
                expect 0 cat "$IIO/lost_$cause"
        done
        say "gain $gain: scale $(cat "$RESULTS/scale-$gain") mV, $(($(stat -c %s "scans-$gain") / 40)) scans"
done
unplug
