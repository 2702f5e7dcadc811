# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# A week in short: a session, a diary, power cuts under load, the hat out and in, a clock that is set, summer time that
# ends. history.py holds the disk after each cut against what had been told by then, and the export at the end against what
# was put in. A cut is a copy of the disk that the host makes at that moment, while nothing runs.
# needs: modules service tools
# limit: 900
# disk: 96
. "$LIB"

CUTS=$(cat "$RESULTS/cuts")

uptime_s() {
        read -r up _ < /proc/uptime
        echo "$up"
}

# What the service tells, each line with when it was heard
listen() {
        busctl --json=short monitor org.twitchd1 2> /dev/null | while IFS= read -r line; do
                case $line in
                *'"Twitch"'*)
                        read -r up _ < /proc/uptime
                        printf '%s %s\n' "$up" "$line"
                        ;;
                esac
        done > "$RESULTS/heard"
}

cut_power() {
        sleep "0.$((RANDOM % 9 + 1))"
        printf '%s\n' "$(uptime_s)" >> "$RESULTS/cut-times"
        echo @cut
        sleep "1.$((RANDOM % 9))"
}

plays() { kill -0 "$player" 2> /dev/null; }


systemctl stop twitchd 2> /dev/null || true
mkdir -p /var/lib/twitchd
mount /dev/vdb /var/lib/twitchd
rm -rf /var/lib/twitchd/lost+found
cp "$RESULTS/zone" /etc/localtime
date -u -s "2026-10-24 10:00:00" > /dev/null

configure "[recording]" "when = always" "free_mb = 8"
listen &
listener=$!
plug
wait_running
twitchctl session start rest30 --site 1=left-calf --site 2=right-calf --posture lying > /dev/null
twitchctl log caffeine 80 --at 11:30 "double espresso"
twitchctl log stress 7
twitchctl felt left-calf > /dev/null
say "a session, a diary, a felt twitch"

twitch-synth --channels 8 --rate 1000 --seconds $((10 + 3 * CUTS)) --seed 1 --twitches-per-minute 40 --lead-in 5 \
        --truth truth.csv --device "$SIM_DEVICE" 2> player.log &
player=$!
wait_for 60 grep -q . "$RESULTS/heard"
n=0
while [ $n -lt "$CUTS" ] && plays; do
        cut_power
        n=$((n + 1))
done
[ $n -eq "$CUTS" ] || fail "the load ended after $n cuts"
wait "$player" || fail "$(cat player.log)"
say "$n power cuts"

twitchctl session stop > /dev/null
unplug
wait_for 20 is_stopped
say "out"

plug
wait_running
date -u -s "@$(($(date +%s) + 3600))" > /dev/null
sleep 2
twitchctl log note "the clock is an hour fast"
date -u -s "@$(($(date +%s) - 3600))" > /dev/null
sleep 2
twitchctl session start quick > /dev/null
say "in again; the clock an hour on, and back"

# 2026-10-25, three o'clock: it is two o'clock again
date -u -s "2026-10-25 00:59:57" > /dev/null
sleep 5
twitchctl log note "summer time is over"
cp "$RESULTS/zone-2" /etc/localtime
sleep 2
twitchctl log note "far away"
say "summer time ended; and the board was carried into another zone"

systemctl kill -s KILL twitchd
wait_running
twitchctl session list
twitchctl log list
twitchctl history check
twitchctl export --json "$RESULTS/export.json"
twitchctl export --sqlite "$RESULTS/history.sqlite"
twitchctl record list
systemctl stop twitchd
kill $listener
unplug
umount /var/lib/twitchd
