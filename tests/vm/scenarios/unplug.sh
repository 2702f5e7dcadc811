# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The hat goes while it streams, measure 5: 20 times, in three ways, at different moments. Nothing hangs,
# nothing crashes, the kernel does not warn (the runner looks), the service stops and starts each time.
# needs: modules service tools
# limit: 400
. "$LIB"

configure
rounds=20

# systemd forgets a unit that it has unloaded, so how it ended is written down as it ends
mkdir -p /run/systemd/system/twitchd.service.d
# shellcheck disable=SC2016
printf '[Service]\nExecStopPost=+/bin/sh -c "echo $EXIT_STATUS > /run/twitchd-ended"\n' \
        > /run/systemd/system/twitchd.service.d/ended.conf
systemctl daemon-reload

restarts_before=$(systemctl show -P NRestarts twitchd)
for round in $(seq $rounds); do
        plug
        # samples flow as soon as the service is active; every third time let the detector settle, too
        wait_for 60 systemctl is-active --quiet twitchd
        [ $((round % 3)) -ne 0 ] || wait_running
        scans=$(property Scans)
        # a writer is there in every other round: it has to be told to go first, an open device pins the module
        writer=
        if [ $((round % 2)) -eq 0 ]; then
                twitch-synth --channels 8 --rate 1000 --seconds 600 --seed "$round" --truth truth.csv \
                        --device "$SIM_DEVICE" &
                writer=$!
        fi
        sleep "0.$((round * 37 % 90 + 10))"
        if [ -n "$writer" ]; then
                kill -KILL "$writer"
                wait "$writer" 2>/dev/null || true
        fi
        case $((round % 4)) in
        3)      # the driver lets go of the chip, as by unbind
                how=unbind
                for chip in /sys/bus/spi/drivers/ads1299/spi*; do
                        basename "$chip" > /sys/bus/spi/drivers/ads1299/unbind
                done
                ;;
        *)
                how="rmmod ads1299-sim"
                timeout 10 rmmod ads1299-sim || fail "round $round: rmmod ads1299-sim: status $?"
                ;;
        esac
        wait_for 20 is_stopped
        expect success systemctl show -P Result twitchd
        # "no device any more": no failure, and no reason to start again
        expect 66 cat /run/twitchd-ended
        rm /run/twitchd-ended
        if iio_path; then
                fail "round $round: the IIO device is still there"
        fi
        say "round $round: ${writer:+with a writer, }after $scans scans and more: $how; stopped: $(systemctl show -P Result twitchd)"
        if sim_loaded; then
                unplug
        fi
        # nothing holds the driver
        if [ $((round % 5)) -eq 0 ]; then
                rmmod ads1299 || fail "round $round: rmmod ads1299: status $?"
        fi
done
expect "$restarts_before" systemctl show -P NRestarts twitchd
systemctl --no-pager --failed --plain | grep -q '^0 loaded' || fail "$(systemctl --no-pager --failed)"
if journalctl -b -q -p warning -u twitchd --no-pager | grep .; then
        say "(the lines above are what twitchd logged as warnings)"
fi
rm -r /run/systemd/system/twitchd.service.d
systemctl daemon-reload
