# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# What README.md tells programmers is true: its C and Python examples print twitches, run by a member of
# the group. readme.py takes them out of the page and compiles the C one.
# needs: modules service tools
# limit: 150
. "$LIB"

configure
add_user member twitchd
plug
wait_running
as member busctl tree --no-pager org.twitchd1

mkdir -p /run/readme
cp "$RESULTS/listen" "$RESULTS/listen.py" /run/readme/
chmod -R go+rX /run/readme
listeners=
for listener in "stdbuf -oL /run/readme/listen" "python3 -u /run/readme/listen.py"; do
        # shellcheck disable=SC2086
        start member $listener > "/run/readme/$(basename "${listener##* }").out" 2>&1
        listeners="$listeners $!"
done
sleep 4
twitch-synth --channels 8 --rate 1000 --seconds 20 --seed 5 --truth /run/truth.csv --device "$SIM_DEVICE"
sleep 3
# shellcheck disable=SC2086
kill $listeners
for out in listen listen.py; do
        say "$out printed $(wc -l < /run/readme/$out.out) lines:"
        head -n 3 /run/readme/$out.out
        grep -q 'fasciculation\|doublet\|multiplet' /run/readme/$out.out || fail "$out printed no twitch"
done
unplug
