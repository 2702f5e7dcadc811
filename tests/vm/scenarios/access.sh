# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# Health data is private, measure 4: a user outside the group gets no property, no call, no signal, no
# start of the service and no samples; a member gets all of them, so that the refusals mean something.
# needs: modules service tools
# limit: 180
. "$LIB"

configure
add_user member twitchd
add_user stranger
plug
wait_running
say "$(id member); $(id stranger)"

# for_both COMMAND...: works for the member, and is denied to the stranger, for that reason
for_both() {
        as member "$@" > member.out 2>&1 || fail "member: $*: $(cat member.out)"
        denied "$@"
        say "member yes, stranger no: $*"
}

denied() {
        if as stranger timeout 20 "$@" > stranger.out 2>&1; then
                fail "stranger may: $*: $(head -n 3 stranger.out)"
        fi
        grep -q -i -E 'denied|not permitted|rejected|not allowed' stranger.out ||
                fail "stranger: refused, but not as such: $*: $(cat stranger.out)"
}

# --- properties and calls ---
for property in State Lost; do
        for_both busctl get-property org.twitchd1 "$BUS_MONITOR" org.twitchd1.Monitor "$property"
done
for_both busctl get-property org.twitchd1 /org/twitchd1 org.twitchd1.Manager Version
for_both busctl get-property org.twitchd1 "$BUS_MONITOR/channel/0" org.twitchd1.Channel Events
for_both busctl call org.twitchd1 "$BUS_MONITOR" org.freedesktop.DBus.Properties GetAll s org.twitchd1.Monitor
for_both busctl call org.twitchd1 /org/twitchd1 org.twitchd1.Manager ListMonitors
for_both busctl call org.twitchd1 /org/twitchd1 org.freedesktop.DBus.ObjectManager GetManagedObjects
for_both busctl call org.twitchd1 /org/twitchd1 org.freedesktop.DBus.Introspectable Introspect
for_both busctl call org.twitchd1 /org/twitchd1 org.freedesktop.DBus.Peer Ping
for_both twitchctl status
for_both twitchctl list
denied busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus RequestName su org.twitchd1 0
denied busctl monitor --timeout=5 org.twitchd1

# --- signals: both listen to the same twitches ---
for user in member stranger; do
        start "$user" dbus-monitor --system "type='signal',path_namespace='/org/twitchd1'" > "$user.signals" 2>&1
        eval "$user=\$!"
done
# shellcheck disable=SC2154
listeners="$member $stranger"
sleep 2
twitch-synth --channels 8 --rate 1000 --seconds 30 --seed 3 --truth truth.csv --device "$SIM_DEVICE"
sleep 3
# and the object comes and goes on the bus: InterfacesRemoved, InterfacesAdded
systemctl restart twitchd
wait_running
# shellcheck disable=SC2086
kill $listeners
got=$(grep -c 'member=Twitch' member.signals || true)
say "member: $got twitches, $(grep -c '^signal' member.signals || true) signals in all"
[ "$got" -gt 0 ] || fail "the member got no twitch: $(cat member.signals)"
if grep -E 'path=/org/twitchd1|interface=org.twitchd1' stranger.signals; then
        fail "the stranger got signals"
fi
# it did listen: the bus itself greeted it
grep -q 'NameAcquired\|NameOwnerChanged' stranger.signals || fail "the stranger did not listen: $(cat stranger.signals)"
say "stranger: none"

# --- the samples themselves ---
node=/dev/$(basename "$IIO")
denied dd "if=$node" of=/dev/null bs=40 count=1
denied dd if=/dev/zero "of=$SIM_DEVICE" bs=32 count=1
say "$(ls -l "$node")"

# --- starting the service by its name ---
systemctl stop twitchd
denied busctl call org.twitchd1 /org/twitchd1 org.twitchd1.Manager ListMonitors
is_stopped || fail "a stranger's call started the service"
as member busctl call org.twitchd1 /org/twitchd1 org.twitchd1.Manager ListMonitors ||
        fail "a member's call does not start the service"
wait_running
say "a member's call starts the service, a stranger's does not"
unplug
wait_for 20 is_stopped
