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

mkdir -p readme
cp "$RESULTS/listen" "$RESULTS/listen.py" readme/
chmod -R go+rX readme
listeners=
for listener in "stdbuf -oL ./readme/listen" "python3 -u readme/listen.py"; do
        # shellcheck disable=SC2086
        start member $listener > "readme/$(basename "${listener##* }").out" 2>&1
        listeners="$listeners $!"
done
sleep 4
twitch-synth --channels 8 --rate 1000 --seconds 20 --seed 5 --truth truth.csv --device "$SIM_DEVICE"
sleep 3
# shellcheck disable=SC2086
kill $listeners
for out in listen listen.py; do
        say "$out printed $(wc -l < readme/$out.out) lines:"
        head -n 3 readme/$out.out
        grep -q 'fasciculation\|doublet\|multiplet' readme/$out.out || fail "$out printed no twitch"
done
unplug
