# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# What a person sees first: tests/vm/demo shows the output and the score.
# needs: modules service tools
# limit: 180
. "$LIB"

seconds=40
configure
add_user member twitchd
say "plugging in the simulated hat: modprobe ads1299-sim"
plug
say "$(cat "$IIO/name") is $(basename "$IIO"), driver $(basename "$(readlink "$IIO/../driver")")"
wait_running
say "udev started twitchd: $(systemctl show -P StatusText twitchd)"

start member twitchctl monitor --json > events.jsonl 2>/dev/null
monitors=$!
mkfifo shown
sed -u 's/^/@twitch /' < shown &
start member twitchctl monitor > shown 2>/dev/null
monitors="$monitors $!"
sleep 1
say "$seconds s of generated muscle signals go in; these come out on the system bus, as a member of the group twitchd sees them:"
# asked for while signals flow
(sleep $((seconds - 4)); as member twitchctl status > status.txt) &
twitch-synth --channels 8 --rate 1000 --seconds "$seconds" --seed "${SEED:-1}" --truth "$RESULTS/truth.csv" \
        --device "$SIM_DEVICE" --clock "$RESULTS/clock.csv" > synth.log 2>&1 || fail "$(cat synth.log)"
sleep 3
# shellcheck disable=SC2086
kill $monitors
cp events.jsonl "$RESULTS/"
echo
cat status.txt
unplug
wait_for 20 is_stopped
say "unplugged: twitchd stopped by itself"
