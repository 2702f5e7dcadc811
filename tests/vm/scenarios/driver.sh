# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The driver as a person meets it on a stock kernel: attributes through iio_attr, temperature and supplies,
# the pins as GPIOs, two chips on one bus, and a chain of two chips, both read through twitchd.
# needs: modules service tools
# limit: 300
. "$LIB"

BOARD=/sys/kernel/debug/ads1299-sim0/board
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug

# --- attributes ---
# What a shell command prints is what a person reads; the values are those of the simulated board
device_attribute() { iio_attr -d ads1299 "$@"; }
channel_attribute() { iio_attr -c ads1299 "$@"; }

# within OF PERCENT COMMAND...: the command prints a number that is not further from OF than that
within() {
        local of=$1 percent=$2 got
        shift 2
        got=$("$@") || fail "$*: status $?"
        awk -v got="$got" -v of="$of" -v percent="$percent" \
                'BEGIN { d = got - of; if (d < 0) d = -d; exit !(d <= of * percent / 100) }' || fail "$*: $got is not $of"
        say "$*: $got"
}

# product CHANNEL: (raw + offset) * scale
product() {
        local offset=0
        [ ! -e "$IIO/in_${1}_offset" ] || offset=$(channel_attribute "$1" offset)
        awk -v raw="$(channel_attribute "$1" raw)" -v offset="$offset" -v scale="$(channel_attribute "$1" scale)" \
                'BEGIN { printf "%.3f\n", (raw + offset) * scale }'
}

systemctl mask --quiet --runtime twitchd
configure
plug
echo 36600 > $BOARD/temperature_mc
echo 5100000 > $BOARD/avdd_uv
echo 3250000 > $BOARD/dvdd_uv
expect 1000 device_attribute sampling_frequency
device_attribute sampling_frequency 2000 > /dev/null
expect 2000 device_attribute sampling_frequency
say "rates: $(device_attribute sampling_frequency_available)"
say "inputs: $(channel_attribute voltage0-voltage1 mux_available)"
for mux in $(channel_attribute voltage0-voltage1 mux_available) normal; do
        channel_attribute voltage0-voltage1 mux "$mux" > /dev/null
        expect "$mux" channel_attribute voltage0-voltage1 mux
done
within 36600 0.01 product temp0
within 5100 0.01 product voltage16
within 3250 0.01 product voltage17
expect "left calf" channel_attribute voltage0-voltage1 label
# what was borrowed for the measurements is as it was
expect normal channel_attribute voltage0-voltage1 mux
expect 0 channel_attribute voltage0-voltage1 raw

# --- pins ---
# called after the SPI device
chip=$(grep -l -x "$(basename "$(realpath "$IIO/..")")" /sys/class/gpio/gpiochip*/label) || fail "no GPIO chip"
chip=$(dirname "$chip")
expect 4 cat "$chip/ngpio"
base=$(cat "$chip/base")
for pin in 0 3; do echo $((base + pin)) > /sys/class/gpio/export; done
echo 0x8 > $BOARD/gpio_pins
expect 0 cat /sys/class/gpio/gpio$((base))/value
expect 1 cat /sys/class/gpio/gpio$((base + 3))/value
echo high > /sys/class/gpio/gpio$((base))/direction
# GPIO register: data of pin 1 high, pin 4 as it is; direction of pin 1 out
expect "14: 9e" grep '^14:' /sys/kernel/debug/ads1299-sim0/registers
for pin in 0 3; do echo $((base + pin)) > /sys/class/gpio/unexport; done
say "GPIO: $(cat "$chip/ngpio") pins, read and driven"
unplug

# --- twitchd with two devices, and with a chain ---
systemctl unmask --quiet --runtime twitchd

# monitors: the names of those that run
monitors() {
        busctl --list tree org.twitchd1 | sed -n 's|^/org/twitchd1/monitor/\([^/]*\)$|\1|p'
}

# running COUNT: that many of them
running() {
        local n=0 name
        for name in $(monitors); do
                BUS_MONITOR=/org/twitchd1/monitor/$name
                ! is_running || n=$((n + 1))
        done
        [ $n -eq "$1" ]
}

# lossless: nobody lost anything, and the scans are as many as the conversions, but for those on their way
lossless() {
        local d cause
        for d in /sys/bus/iio/devices/iio:device*; do
                for cause in drdy spi sync fifo; do expect 0 cat "$d/lost_$cause"; done
        done
}

modprobe ads1299-sim chips=2
wait_for 60 systemctl is-active --quiet twitchd
wait_for 60 running 2
# both chips at once, each its own signal
twitch-synth --channels 8 --rate 1000 --seconds 8 --seed 1 --truth truth-0.csv --device /dev/ads1299-sim0 > synth-0.log 2>&1 &
first=$!
twitch-synth --channels 8 --rate 1000 --seconds 8 --seed 2 --truth truth-1.csv --device /dev/ads1299-sim1 > synth-1.log 2>&1 || fail "$(cat synth-1.log)"
wait $first || fail "$(cat synth-0.log)"
sleep 2
for name in $(monitors); do
        BUS_MONITOR=/org/twitchd1/monitor/$name
        say "$name: $(property Scans) scans, $(property Events) events"
        [ "$(property Scans)" -gt 8000 ] || fail "$name has too few scans"
        [ "$(property Events)" -gt 0 ] || fail "$name has seen no twitch"
done
lossless

# --- who reads a register and is held up does not hold up the samples ---
# The reader of a pin shares the processor with two that are busy: in the midst of many a reading it has to wait for them
chip=$(grep -l -x "$(basename "$(realpath /sys/bus/iio/devices/iio:device0/..)")" /sys/class/gpio/gpiochip*/label)
pin=$(cat "$(dirname "$chip")/base")
echo "$pin" > /sys/class/gpio/export
read_pin() { while read -r level < "/sys/class/gpio/gpio$pin/value"; do echo "$level"; done; }
read_pin > levels &
reader=$!
for _ in 1 2; do timeout 3 sh -c 'while :; do :; done' & done
sleep 3
kill $reader
echo "$pin" > /sys/class/gpio/unexport
say "a pin was read $(wc -l < levels) times beside two busy processes"
[ -s levels ] || fail "nothing was read"
lossless
unplug
wait_for 20 is_stopped

modprobe ads1299-sim daisy=2
wait_for 60 systemctl is-active --quiet twitchd
wait_for 60 running 1
BUS_MONITOR=/org/twitchd1/monitor/$(monitors)
channels=$(busctl --list tree org.twitchd1 | grep -c "^$BUS_MONITOR/channel/")
[ "$channels" -eq 16 ] || fail "$channels channels instead of 16"
twitch-synth --channels 16 --rate 1000 --seconds 8 --seed 3 --truth truth.csv --device /dev/ads1299-sim0 > synth.log 2>&1 || fail "$(cat synth.log)"
sleep 2
far=0
for n in 8 9 10 11 12 13 14 15; do
        events=$(busctl get-property org.twitchd1 "$BUS_MONITOR/channel/$n" org.twitchd1.Channel Events | cut -d' ' -f2)
        far=$((far + events))
done
say "a chain of two: 16 channels, $(property Scans) scans, $(property Events) events, $far of them on the second chip"
[ "$far" -gt 0 ] || fail "no twitch on the second chip"
lossless
unplug
wait_for 20 is_stopped
rmmod ads1299
