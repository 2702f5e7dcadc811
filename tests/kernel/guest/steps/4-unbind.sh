# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash source=tests/kernel/guest/lib.sh disable=SC2119
# The driver and the hat go away under load: readers, a writer, sysfs, open files.
# limit: 300
. /lib.sh

plug
# As fast as this kernel can follow: its interrupts take a hundred times those of a usual one
put "$IIO/sampling_frequency" 2000

for n in 1 2 3 4 5 6 7 8; do
        buffer_on
        ramp 8 100000 "$BUFFER" lossy > /tmp/ramp 2>&1 &
        reader=$!
        until_ok 5 test -e "/proc/$reader/fd/3" || fail "the reader does not start"
        # Attributes are read all the while
        while cat "$IIO/lost_drdy" "$IIO/in_voltage0-voltage1_label" > /dev/null 2>&1; do sleep 0.01; done &
        poller=$!
        sleep 0.$n
        put "$DRIVER/unbind" "$SPI"
        wait $reader
        status=$?
        cat /tmp/ramp
        [ $status -eq 3 ] || fail "the reader ended with $status, not because the device is gone"
        wait $poller
        put "$DRIVER/bind" "$SPI"
        find_iio || fail "not there again"
        # as after power-up, whatever it was before
        expect 1000 cat "$IIO/sampling_frequency"
        put "$IIO/sampling_frequency" 2000
done

# While its character device is open the driver cannot be unloaded, but the hat can be unplugged
sleep 1000 3< "$BUFFER" &
holder=$!
until_ok 5 test -e "/proc/$holder/fd/3"
rmmod ads1299 2>/dev/null && fail "rmmod of a driver in use"
rmmod ads1299_sim || fail "rmmod of the hat"
kill $holder
wait $holder 2>/dev/null
rmmod ads1299 || fail "rmmod ads1299"

# The driver goes with its buffer running, and comes back under a hat that is there
plug
buffer_on
sleep 0.1
rmmod ads1299 || fail "rmmod with a running buffer"
until_ok 5 reads 0 $SIM_CLASS/sampling_frequency || fail "the chip still converts"
insmod /modules/ads1299.ko || fail "insmod ads1299"
until_ok 5 find_iio || fail "the driver did not bind"
buffer_on
ramp 8 500 "$BUFFER" lossy || fail "no ramp after all this"

# A writer holds the hat's module, whether its queue is full or not; killed, it lets go at once
buffer_off
dd if=/dev/zero of=$SIM bs=32 count=100000 2>/dev/null &
writer=$!
opened() { [ "$(readlink "/proc/$1/fd/1")" = "$2" ]; }
until_ok 5 opened $writer $SIM || fail "the writer does not start"
rmmod ads1299_sim 2>/dev/null && fail "rmmod of a hat in use"
kill -9 $writer
wait $writer 2>/dev/null
until_ok 5 rmmod ads1299_sim || fail "rmmod of the hat after its writer was killed"
rmmod ads1299
