# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# What README.md tells programmers is true: its examples in C, Python and shell print twitches, run by a member of
# the group, and tell anybody else what is wrong. readme.py compiles the one in C.
# needs: modules service tools
# limit: 150
. "$LIB"

configure
add_user member twitchd
add_user stranger
plug
wait_running
as member busctl tree --no-pager org.twitchd1

mkdir -p readme
cp "$RESULTS/listen" "$RESULTS/listen.py" "$RESULTS/listen.sh" readme/
chmod -R go+rX readme
listeners=
for listener in "stdbuf -oL ./readme/listen" "python3 -u readme/listen.py" "sh readme/listen.sh"; do
        # shellcheck disable=SC2086
        start member $listener > "readme/$(basename "${listener##* }").out" 2>&1
        listeners="$listeners $!"
done
sleep 4
twitch-synth --channels 8 --rate 1000 --seconds 20 --seed 5 --truth truth.csv --device "$SIM_DEVICE"
sleep 3
# shellcheck disable=SC2086
kill $listeners
for out in listen listen.py listen.sh; do
        say "$out printed $(wc -l < readme/$out.out) lines:"
        head -n 3 readme/$out.out
        grep -q 'fasciculation\|doublet\|multiplet' readme/$out.out || fail "$out printed no twitch"
done
for listener in ./readme/listen "python3 readme/listen.py" "sh readme/listen.sh"; do
        # shellcheck disable=SC2086
        as stranger timeout 20 $listener > readme/refused 2>&1 && fail "$listener let a stranger listen"
        grep -q 'group twitchd' readme/refused || fail "$listener does not say what is wrong: $(cat readme/refused)"
done
unplug
