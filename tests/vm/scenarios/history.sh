# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# What is remembered, under the real systemd: sessions and diary across kills, unplugging, clocks that are set
# and zones that change; and what a person sees of it.
# needs: modules service
# limit: 300
. "$LIB"

active() { [ "$(systemctl is-active twitchd)" = active ]; }
inactive() { [ "$(systemctl is-active twitchd)" = inactive ]; }
history_ok() { busctl get-property org.twitchd1 /org/twitchd1/history org.twitchd1.History State | grep -q '"ok"'; }
sessions() { twitchctl session list --json | grep -c .; }
entries() { twitchctl log list --json | grep -c .; }
field() { sed -n "s/.*\"$1\":\(\"[^\"]*\"\|[^,}]*\).*/\1/p"; }
last_session() { twitchctl session list --json | tail -n 1; }

say "a session opens by itself; a person begins one, and logs what they did"
plug
wait_for 60 active
wait_for 30 history_ok
wait_for 30 eval '[ "$(sessions)" = 1 ]'
expect false field confirmed <<< "$(last_session)"
twitchctl session start rest30 --site 1=left-calf --site 2=right-upper-arm --posture lying
twitchctl log caffeine 80 espresso
twitchctl felt left-calf
expect '"left-calf right-upper-arm"' field sites <<< "$(last_session)"
expect "750 twitchd" stat -c '%a %U' /var/lib/twitchd
expect 600 stat -c %a /var/lib/twitchd/history.sqlite

say "killed: the sitting goes on, and nothing of it is gone"
systemctl kill -s KILL twitchd
wait_for 30 eval 'systemctl show -P NRestarts twitchd | grep -q "[1-9]"'
wait_for 60 active
wait_for 30 eval '[ "$(sessions)" = 3 ]'
expect true field confirmed <<< "$(last_session)"
expect '"interrupted"' field ended <<< "$(twitchctl session list --json | sed -n 2p)"
expect 1 entries

say "the clock an hour back, and forth: each is an entry, and the sessions stay in order"
began=$(last_session | field start_usec)
date -s "-1 hour" > /dev/null
sleep 3
moved=$(last_session | field start_usec)
[ "$((began - moved))" -gt 3590000000 ] || fail "the session did not move with the clock: $began, $moved"
date -s "+1 hour" > /dev/null
sleep 3
again=$(last_session | field start_usec)
[ "$((again - began))" -lt 5000000 ] && [ "$((began - again))" -lt 5000000 ] || fail "not back: $began, $again"
twitchctl history check || fail "the history is not intact"

say "another zone, with half hours: local times are those of where the board is"
ln -sf /usr/share/zoneinfo/Asia/Kolkata /etc/localtime
sleep 2
if [ -e /usr/share/zoneinfo/Asia/Kolkata ]; then
        twitchctl session start quick > /dev/null
        expect 19800 field utc_offset_s <<< "$(last_session)"
fi
rm -f /etc/localtime

say "unplugged: the diary is there all the same, and starts the service"
unplug
wait_for 30 inactive
twitchctl log stress 4 --at 1min || fail "no diary without a hat"
expect 2 entries
wait_for 30 inactive
expect success systemctl show -P Result twitchd

say "everything can be taken out, and deleted for good"
twitchctl export --csv out
expect 3 eval 'wc -l < out/diary.csv'
twitchctl export --sqlite copy.sqlite
expect "$(twitchctl log list)" twitchctl log list --history=copy.sqlite
twitchctl delete --from 1d --to now --yes
expect 0 eval 'twitchctl log list --json | grep -c . || true'
if grep -q espresso /var/lib/twitchd/history.sqlite*; then fail "the note is still in the file"; fi

say "plugged in again: the placement is where it was"
plug
wait_for 60 active
twitchctl session start
