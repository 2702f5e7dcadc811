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
play() {
        start member twitchctl monitor --json > events.jsonl 2> monitor.log
        monitors=$!
        start member twitchctl monitor > shown 2> /dev/null
        monitors="$monitors $!"
        sleep 2
        before=$(property Scans)
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

play 1 || {
        say "again, as the player came too late"
        play 1 || fail "the player came too late twice: this host is too busy to tell"
}

[ $((after - before)) -ge 125000 ] || fail "not all scans arrived"
expect_nothing_lost
as member twitchctl status
unplug
wait_for 20 is_stopped
expect success systemctl show -P Result twitchd
