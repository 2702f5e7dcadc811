# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# Real recordings through the real driver, measure 6. A part of each is played into the simulated hat
# twice: once captured by iio_readdev, to be compared with the file, and once with twitchd, whose
# events are compared with those that `twitchctl analyze` finds in the file. recordings.py compares.
# needs: modules service tools data
# limit: 480
. "$LIB"

# recordings.txt, written by recordings.py: NAME FILE RATE CAPTURE_SECONDS EVENT_SECONDS
list=$RESULTS/recordings.txt
add_user member twitchd

# capture NAME FILE RATE SECONDS
capture() {
        echo "$3" > "$IIO/sampling_frequency"
        # longer than the recording: zeros before and after
        iio_readdev -b "$(($3 / 10))" -s "$((($4 + 8) * $3))" ads1299 > "$1.scans" 2>/dev/null &
        reader=$!
        wait_for 10 is_converting "$3"
        twitch-play "$DATA/$2" --device "$SIM_DEVICE" --seconds "$4" || fail "twitch-play: status $?"
        wait "$reader" || fail "iio_readdev: status $?"
        mv "$1.scans" "$RESULTS/"
        for cause in drdy spi sync fifo; do
                expect 0 cat "$IIO/lost_$cause"
        done
        say "captured $4 s of $2 at $3 samples/s; nothing lost"
}

is_converting() {
        [ "$(cat "$IIO/buffer0/enable")" = 1 ] && [ "$(cat "$SIM/sampling_frequency")" = "$1" ]
}

# events NAME FILE RATE SECONDS
# No current flows through the electrodes: its tone, and taking it out, would be a difference from the file.
# The first frames wait in the queue of the hat before twitchd starts the chip, so that its detector
# hears the recording from the first frame on, as that of `twitchctl analyze` does.
events() {
        configure "[device]" "rate_hz = $3" "contact = off"
        start member twitchctl monitor --json > "$1.jsonl" 2>/dev/null
        local monitor=$! player
        twitch-play "$DATA/$2" --device "$SIM_DEVICE" --rate "$3" --seconds "$4" --wait 60 \
                --clock "$RESULTS/$1.clock.csv" &
        player=$!
        sleep 2
        systemctl start twitchd
        wait "$player" || fail "twitch-play: status $?"
        sleep 5
        kill "$monitor"
        mv "$1.jsonl" "$RESULTS/"
        say "$(grep -c '"type":"event"' "$RESULTS/$1.jsonl" || true) events in $4 s of $2"
        expect_nothing_lost
        systemctl stop twitchd
}

plug
wait_running
systemctl stop twitchd
while read -r name file rate capture_s event_s; do
        capture "$name" "$file" "$rate" "$capture_s"
        [ "$event_s" -eq 0 ] || events "$name" "$file" "$rate" "$event_s"
done < "$list"
configure
unplug
