# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2154
# ROUNDS of streams, settings, sleep, other drivers and hats, and every fault that the hat can play, at
# random: each conversion of every stream is a scan or one count of one counter.
# limit: 900
# time: exact
# expected: SPI transfer failed|failed to transfer one message|noqueue transfer failed|registers were lost and are written again|no DRDY interrupts: 
. /lib.sh
# shellcheck source=tests/kernel/guest/rounds.sh
. /rounds.sh

all_conversions=0 all_lost=0

judge() {
        [ $((scans + losses)) -eq "$conversions" ] || fail "$conversions conversions, but $scans scans and $losses losses"
        all_conversions=$((all_conversions + conversions)) all_lost=$((all_lost + losses))
}

plug stall_help=0
rounds start start start stop stop rate gain leadoff rebind sleep fault fault fault upset raw hat
unplug
echo "figure: $ROUNDS rounds; $streams streams with $all_conversions conversions: $all_lost lost and counted, none unaccounted for"
