# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh
# The same rounds where computing takes time: interrupts come anywhere in the code, while other programs
# want the CPU. This kernel is slow, its timers are late and so is the hat, so that it does not matter how
# many scans come; but a stream has to begin, to end, and to leave nothing behind.
# limit: 900
# expected: SPI transfer failed|failed to transfer one message|noqueue transfer failed|registers were lost and are written again|no DRDY interrupts: 
. /lib.sh
# shellcheck source=tests/kernel/guest/rounds.sh
. /rounds.sh

judge() {
        :
}

slow_rates="250 500 1000 2000"
plug
rounds start start start stop stop rate gain leadoff rebind sleep fault fault upset raw hat load load
# and after all this it works; the ramp is one at gain 24, the smallest scale
setting "$IIO/in_voltage2-voltage3_scale" "${scales##* }"
buffer_on
ramp 8 500 "$BUFFER" lossy || fail "no ramp after all this"
buffer_off
unplug
echo "figure: $ROUNDS rounds, $streams streams"
