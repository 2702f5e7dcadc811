# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The whole path, measure 2: plug the hat in, touch nothing else, and two minutes of generated EMG come
# out as events at a member of the group. path.py compares them with the truth.
# needs: modules service tools
# limit: 480
. "$LIB"

configure
add_user member twitchd
plug
wait_running
say "plugged in; udev started twitchd: $(systemctl show -P StatusText twitchd)"
as member twitchctl status

# On a busy host the player may come too late: the chip then converts nothing for a while, and what comes
# later is not where the truth says. That says nothing about the service.
late() { sed -n 's/^late_conversions //p' /sys/kernel/debug/ads1299-sim0/counters; }

play() {
        start member twitchctl monitor --json > events.jsonl 2> monitor.log
        monitors=$!
        start member twitchctl monitor > shown 2> /dev/null
        monitors="$monitors $!"
        sleep 2
        before=$(property Scans)
        late_before=$(late)
        twitch-synth --channels 8 --rate 1000 --seconds 125 --seed "$1" --truth "$RESULTS/truth.csv" \
                --device "$SIM_DEVICE" --clock "$RESULTS/clock.csv" 2> player.log || fail "$(cat player.log)"
        sleep 5
        after=$(property Scans)
        # shellcheck disable=SC2086
        kill $monitors
        cat monitor.log shown player.log
        cp events.jsonl "$RESULTS/"
        say "$((after - before)) scans of 8 channels"
        ! grep -q "came too late" player.log
}

# Nor does it say anything of the driver what it lost while the guest stood still: the hat's own timer, which is what
# comes first in this machine, was late by more than a conversion then.
stood_still() { [ "$(cat "$IIO/lost_drdy")" -gt 0 ] && [ "$(late)" -gt "$late_before" ]; }

again() {
        say "again, as $1"
        unplug
        wait_for 20 is_stopped
        plug
        wait_running
        play 1
}

if ! play 1; then
        again "the player came too late" || fail "the player came too late twice: this host is too busy to tell"
elif stood_still; then
        again "the guest stood still: $(($(late) - late_before)) conversions came late, $(cat "$IIO/lost_drdy") were lost" ||
                fail "the player came too late: this host is too busy to tell"
        ! stood_still || fail "the guest stood still twice: this host is too busy to tell"
fi

[ $((after - before)) -ge 125000 ] || fail "not all scans arrived"
expect_nothing_lost
as member twitchctl status
unplug
wait_for 20 is_stopped
expect success systemctl show -P Result twitchd
