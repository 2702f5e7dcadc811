# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2119
# Every allocation fails once: of the hat's probe, of the driver's, of the ways to a running buffer
# and to single conversions. Afterwards all works, and nothing has leaked.
# limit: 100000
# time: exact
# expected: error -12|status -12|error: -12|error -(12|19|22): cannot add the SPI|can.t add .null., status
# expected: vmalloc error|duplicate filename .//platform:ads1299-sim|WARNING: .* spi_(register_controller|controller_id_alloc)|probe (of|with driver) ads1299-sim failed
# expected: kobject: can not set name properly|really_probe: driver_sysfs_add.* failed|bus_add_driver: .* failed
# expected: Failed to (register|create buffer) sysfs interfaces|out of free dentries
# expected: gpiochip_add_data_with_key: GPIOs .* failed to register
# expected: problem initializing queue|failed to create message pump kworker
# the same in the words of Linux 6.12:
# expected: execmem: unable to allocate memory|bus_add_driver: failed|kunit module: error filtering suites
# expected: cannot add supplies and clock|Failed to set supply|invalid for parameter
. /lib.sh

# Also those that may sleep; of the caches that `slub_debug=` on the command line chose
FAILSLAB=/sys/kernel/debug/failslab
put $FAILSLAB/ignore-gfp-wait N
put $FAILSLAB/verbose 0
put $FAILSLAB/cache-filter Y

total=0
swept() {
        sweep "$@" > /tmp/swept || fail "sweep $*: $(cat /tmp/swept)"
        cat /tmp/swept
        total=$((total + $(sed -n 's/.*: \([0-9]*\) allocations.*/\1/p' /tmp/swept)))
        [ -z "$(leaks | tee /tmp/leaks)" ] || fail "$1: leaks: $(cat /tmp/leaks)"
}

swept "insmod ads1299-sim" "insmod:/modules/ads1299-sim.ko channels=4 pins=1 supplies=1 external_vref_uv=4096000 \
external_clock_hz=2000000 bias_sense=none,both" rmmod:ads1299_sim

# Where it cannot link the IIO device to the hat's node, software_node_notify() takes no reference
# on that, and software_node_notify_remove() puts one: the hat has to be plugged anew, or its node
# is freed under it. So nobody but this step must bind the driver. The hat has all that a hat
# can have, and a chain of two small chips has as many channels as one large one.
everything="channels=4 daisy=2 pins=1 clock_output=1 srb1=1 srb2=1 bench_setup=1"
# shellcheck disable=SC2086
plug $everything
put "$DRIVER/unbind" "$SPI"
put /sys/bus/spi/drivers_autoprobe 0
swept "bind" "write:$DRIVER/bind=$SPI" "write:$DRIVER/unbind=$SPI" rmmod:ads1299_sim \
        "insmod:/modules/ads1299-sim.ko $everything"
unplug
put /sys/bus/spi/drivers_autoprobe 1
plug
expect 0 cat "$IIO/in_voltage0-voltage1_raw"

swept "read raw" "read:$IIO/in_voltage0-voltage1_raw"
swept "read scale" "read:$IIO/in_voltage0-voltage1_scale"
swept "write rate" "write:$IIO/sampling_frequency=2000"
swept "write scale" "write:$IIO/in_voltage0-voltage1_scale=0.000022351742"
for reading in in_temp0_raw in_voltage16_raw in_voltage0-voltage1_mux test_signal_frequency bias_electrode_connected; do
        swept "read $reading" "read:$IIO/$reading"
done
while read -r setting value default; do
        swept "write $setting" "write:$IIO/$setting=$value" "write:$IIO/$setting=$default"
done <<END
in_voltage0-voltage1_mux test normal
in_voltage0-voltage1_bias_sense none both
in_voltage0-voltage1_srb2 1 0
in_voltage0-voltage1_powerdown 1 0
srb1 1 0
test_signal_microvolt 3750 1875
test_signal_frequency 0 0.976563
bias_drive 0 1
leadoff_current_nanoamp 6 0
leadoff_frequency 31.25 0
leadoff_threshold_percent 70 95
END

swept "open buffer" "open:$BUFFER"
one="$IIO/scan_elements/in_voltage0-voltage1_en"
put "$one" 0
swept "enable channel" "write:$one=1" "write:$one=0"
buffer_on
buffer_off
swept "enable buffer" "write:$IIO/buffer0/enable=1" "write:$IIO/buffer0/enable=0"
buffer_on
swept "disable buffer" "write:$IIO/buffer0/enable=0" "write:$IIO/buffer0/enable=1"
buffer_off
buffer_on
ramp 8 500 "$BUFFER" || fail "no data after all this"
expect "0 0 0 0" lost
buffer_off

# The way of a sample: nothing is allocated there, so all goes on when no allocation succeeds
buffer_on 8192
ramp 8 4000 "$BUFFER" > /tmp/ramp &
reader=$!
sleep 0.5
starve 2000 || fail "starve"
wait $reader || fail "the ramp broke while allocations failed"
cat /tmp/ramp
expect "0 0 0 0" lost
buffer_off
unplug
echo "figure: $total allocations in all"
