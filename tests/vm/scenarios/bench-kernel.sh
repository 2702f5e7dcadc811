# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2086,SC2119
# The driver beside the mainline driver of the ADS1298, on the same simulated bus: what `make bench-kernel`
# measures. One line a measurement goes to $RESULTS/measured; bench-kernel.py makes a table of them.
# needs: modules
# limit: 1200
# only by name
. "$LIB"

SECONDS_EACH=1
RATES="1000 4000 8000 16000"
# 28 bytes at 20 MHz are on the wire for 11.2 us. Under -icount this machine never stalls, so the hat need not
# wait for a driver that could not run.
HAT="wire=1 stall_help=0"
COUNTERS=/sys/kernel/debug/ads1299-sim0/counters
MEASURED=$RESULTS/measured
# A program that wants to wake up 25 times a second and to survive being late by a quarter of one
wake_ups=25
length=4096

cp "$RESULTS"/{collect,spin,bare.ko,ti-ads1298.ko,frames} .
systemctl mask --quiet --runtime twitchd
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
# As the kernels of Raspberry Pi OS are; Debian's wait for the end of a system call unless told so
echo full > /sys/kernel/debug/sched/preempt

hat_counter() {
        sed -n "s/^$1 //p" "$COUNTERS"
}

# which driver the hat has
device_of() {
        local d
        for d in /sys/bus/iio/devices/iio:device*; do
                case $(cat "$d/name" 2>/dev/null) in ads129[89]) echo "$d"; return ;; esac
        done
        return 1
}

# with PART PARAMETER...: the hat, and its driver on it
with() {
        part=$1
        shift
        case $part in
        ads1299) modprobe ads1299 ;;
        ads1298)
                modprobe -a industrialio kfifo_buf
                insmod ./ti-ads1298.ko
                set -- part=ads1298 "$@"
                ;;
        esac || fail "no driver for $part"
        modprobe ads1299-sim $HAT "$@" || fail "no hat for $part"
        wait_for 10 device_of
        IIO=$(device_of)
        BUFFER=/dev/$(basename "$IIO")
        case $part in ads1299) scan_bytes=40 ;; ads1298) scan_bytes=32 ;; esac
}

without() {
        rmmod ads1299-sim
        case $part in ads1299) rmmod ads1299 ;; ads1298) rmmod ti_ads1298 ;; esac
}

lost() {
        if [ -e "$IIO/lost_drdy" ]; then
                echo "drdy $(cat "$IIO/lost_drdy") spi $(cat "$IIO/lost_spi") sync $(cat "$IIO/lost_sync") fifo $(cat "$IIO/lost_fifo")"
        fi
}

# A signal, for two seconds at 16 kSPS: no two scans are the same
feed() {
        dd if=frames of="$SIM_DEVICE" bs=32000 2> /dev/null &
        feeder=$!
}

no_feed() {
        kill $feeder 2> /dev/null || true
        wait $feeder || true
}

# start RATE [HOW...]: the buffer, and collect with HOW
start_stream() {
        local rate=$1 f
        shift
        echo "$rate" > "$IIO/sampling_frequency"
        for f in "$IIO"/scan_elements/*_en; do echo 1 > "$f"; done
        echo "$length" > "$IIO/buffer0/length"
        echo $((rate / wake_ups)) > "$IIO/buffer0/watermark"
        conversions=$(hat_counter conversions)
        unseen=$(hat_counter drdy_masked)
        echo 1 > "$IIO/buffer0/enable"
        ./collect "$BUFFER" "$scan_bytes" "$@" > collected &
        collector=$!
}

# To the end: the truth and what came of it, in $outcome. Conversions whose edge came before the interrupt
# was enabled or after it was disabled belong to nobody.
stop_stream() {
        echo 0 > "$IIO/buffer0/enable"
        kill $collector
        wait $collector || fail "collect: status $?"
        outcome="conversions $(($(hat_counter conversions) - conversions - $(hat_counter drdy_masked) + unseen))"
        outcome="$outcome $(paste -s -d ' ' collected) $(lost)"
}

# hog: two programs that never sleep, one in the kernel most of the time
hog() {
        sh -c 'while :; do :; done' &
        hogs=$!
        dd if=/dev/zero of=/dev/null bs=64k 2> /dev/null &
        hogs="$hogs $!"
}

no_hog() {
        kill $hogs
        wait $hogs 2>/dev/null || true
}

measured() {
        say "$*"
        echo "$*" >> "$MEASURED"
}

losses() {
        local rate
        for rate in $RATES; do
                feed; start_stream "$rate"; sleep $SECONDS_EACH; stop_stream; no_feed
                measured "losses $1 $rate idle $outcome"

                hog; feed; start_stream "$rate"; sleep $SECONDS_EACH; stop_stream; no_hog; no_feed
                measured "losses $1 $rate hog $outcome"

                # takes half of what comes, and soon finds its buffer full
                length=$((rate / 8))
                feed; start_stream "$rate" slow $((rate / 2)); sleep $SECONDS_EACH; stop_stream; no_feed
                measured "losses $1 $rate slow $outcome"
                length=4096
        done
}

costs() {
        local rate
        for rate in $RATES; do
                feed; start_stream "$rate"; sleep 0.5
                measured "costs $1 $rate $(./spin $SECONDS_EACH $COUNTERS conversions)"
                stop_stream; no_feed
        done
}

bare_costs() {
        local rate dr=0
        for rate in 16000 8000 4000 2000 1000; do
                case " $RATES " in *" $rate "*)
                        insmod ./bare.ko dr=$dr
                        modprobe ads1299-sim $HAT
                        feed
                        sleep 0.5
                        measured "costs bare $rate $(./spin $SECONDS_EACH $COUNTERS conversions)"
                        no_feed
                        rmmod ads1299-sim
                        rmmod bare
                esac
                dr=$((dr + 1))
        done
}

# At every scan the reader looks at the hat's clock
stamps() {
        local rate load wake_ups
        for rate in $RATES; do
                wake_ups=$rate
                for load in idle hog; do
                        [ $load = idle ] || hog
                        # the clock of frame_clock
                        echo boottime > "$IIO/current_timestamp_clock"
                        start_stream "$rate" clock "$SIM/frame_clock"
                        # until the last of them is converted
                        head -c $((rate * SECONDS_EACH * 32)) frames |
                                dd of="$SIM_DEVICE" bs=32k iflag=fullblock conv=fsync 2> /dev/null
                        stop_stream
                        [ $load = idle ] || no_hog
                        measured "stamps $rate $load $outcome"
                done
        done
}

measured "costs none 0 $(./spin $SECONDS_EACH)"
bare_costs
with ads1299
losses ads1299
costs ads1299
without
# anew: what the feeders left in the queue of the hat is gone
with ads1299
stamps
without
with ads1298
losses ads1298
costs ads1298
without
