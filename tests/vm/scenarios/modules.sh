# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The two modules alone: the simulated hat appears, the driver comes by its alias, stock tools read it.
# needs: modules
# limit: 120
. "$LIB"

# where the service is installed, too, udev must not start it now
systemctl mask --quiet --runtime twitchd
plug
say "$(cat "$IIO/name") at $IIO; simulated chip at $(cat "$SIM/sampling_frequency") samples/s"
expect ads1299 cat "$IIO/name"
lsmod | grep -E '^(ads1299|ads1299_sim|industrialio|kfifo_buf)'

iio_info | sed -n '/ads1299/,$p'
iio_readdev -b 250 -s 1000 ads1299 > "$RESULTS/scans" || fail "iio_readdev: status $?"
say "iio_readdev: $(stat -c %s "$RESULTS/scans") bytes for 1000 scans"
# 8 channels of 32 bits and a timestamp of 64
[ "$(stat -c %s "$RESULTS/scans")" -eq 40000 ] || fail "1000 scans are 40000 bytes"
for cause in drdy spi sync fifo; do
        say "lost_$cause $(cat "$IIO/lost_$cause")"
        expect 0 cat "$IIO/lost_$cause"
done

unplug
if iio_path; then
        fail "the device is still there after the hat is gone"
fi
rmmod ads1299
