# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh
# The KUnit suites: each runs when its module is loaded.
# limit: 120
# time: exact
. /lib.sh

for ko in /modules/*-kunit.ko; do
        suite=$(basename "$ko" .ko)
        insmod "$ko" || fail "insmod $ko"
        for results in /sys/kernel/debug/kunit/*/results; do
                cat "$results"
                grep -q '^ *not ok' "$results" && fail "$results"
                grep -q '^ok' "$results" || fail "$results has no verdict"
                echo "figure: $suite: $(grep -c '^    ok' "$results") tests"
        done
        rmmod "$suite" || fail "rmmod $suite"
done
