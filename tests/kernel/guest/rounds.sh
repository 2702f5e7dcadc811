# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash disable=SC2034,SC2086,SC2154
# For the steps rounds and races: ROUNDS of something at random. They say how they judge a stream that has
# ended (judge), and which of these actions they want.

FAULTS=$SIM_DEBUG/faults
BOARD=$SIM_DEBUG/board
running=
disturbed=
hog=
streams=0

echo devices > /sys/power/pm_test
echo 0 > /sys/module/suspend/parameters/pm_test_delay

# Conversions whose edge came when the interrupt was off, before START or after the end, belong to nobody
unaccounted() {
        echo $(($(counter conversions) - $(counter drdy_masked)))
}

# periods N: so long
periods() {
        usleep $(($1 * 1000000 / $(cat "$IIO/sampling_frequency")))
}

# What edges were missing or too many the driver knows by their regularity, so it needs some before and
# after: lost_drdy is right some 500 scans later
settle() {
        [ -z "$disturbed" ] || [ -z "$running" ] || { calm; periods 700; }
        disturbed=
}

start() {
        [ -z "$running" ] || return 0
        conversions=$(unaccounted)
        buffer_on 8192
        timeout 200 cat "$BUFFER" > /tmp/scans 2>/dev/null &
        reader=$!
        running=yes
}

stop() {
        [ -n "$running" ] || return 0
        calm
        settle
        buffer_off
        conversions=$(($(unaccounted) - conversions))
        sleep 0.1
        kill "$reader" 2>/dev/null
        wait "$reader" 2>/dev/null
        running=
        scans=$(($(stat -c %s /tmp/scans) / 40))
        losses=0
        for n in $(lost); do losses=$((losses + n)); done
        echo "   $(cat "$IIO/sampling_frequency") Hz: conversions $conversions scans $scans lost $(lost)"
        streams=$((streams + 1))
        judge
}

# Nothing is armed any more
calm() {
        for f in spi_fail spi_delay flip drdy_missing drdy_extra drdy_stuck; do put $FAULTS/$f 0; done
}

# nth LIST: one of them, in $VALUE
nth() { random 1 $#; shift $((RANDOM_VALUE - 1)); VALUE=$1; }

# play_fault LIST: one of them
play_fault() {
        random 1 20; at=$RANDOM_VALUE
        random 1 5; times=$RANDOM_VALUE
        nth "$@"
        case $VALUE in
        drdy_*) periods 100; disturbed=yes ;;
        esac
        echo "   $VALUE $at $times"
        case $VALUE in
        spi_delay) random 0 5000; put $FAULTS/spi_delay "$at $RANDOM_VALUE $times" ;;
        # of the pattern at the begin of the status word: elsewhere nobody can find it
        flip) random 0 3; put $FAULTS/flip "$at $RANDOM_VALUE $times" ;;
        drdy_stuck) put $FAULTS/drdy_stuck 1; usleep $((at * 10000)); put $FAULTS/drdy_stuck 0 ;;
        electrode) random 0 255; put $BOARD/p_off $RANDOM_VALUE; random 0 255; put $BOARD/n_off $RANDOM_VALUE ;;
        # found within a second
        reset) put $FAULTS/reset 1; sleep 1.5 ;;
        # CONFIG2 to CH8SET: with another rate in CONFIG1 nobody can tell edges from disturbances
        register) random 2 12; put $FAULTS/register "$RANDOM_VALUE 0"; sleep 1.5 ;;
        *) put $FAULTS/$VALUE "$at $times" ;;
        esac
}

# setting FILE TEXT: refused while a stream runs
setting() {
        if [ -n "$running" ]; then refused "$1" "$2" busy
        else put "$1" "$2"; fi
}

rebind() {
        calm
        put "$DRIVER/unbind" "$SPI"
        [ -z "$running" ] || wait "$reader"
        running=
        put "$DRIVER/bind" "$SPI"
        until_ok 5 find_iio || fail "not there after bind"
}

convert() {
        if [ -n "$running" ]; then cat "$IIO/in_voltage0-voltage1_raw" 2>/dev/null && fail "a conversion under a stream"
        else cat "$IIO/in_voltage0-voltage1_raw" > /dev/null || fail "no conversion"; fi
}

# Two programs that want the CPU all the time, and look at everything; or an end of them
load() {
        if [ -z "$hog" ]; then
                ( while :; do :; done ) &
                hog=$!
                ( while :; do cat "$IIO/lost_drdy" "$IIO/in_voltage0-voltage1_label" $SIM_DEBUG/registers; sleep 0.01; done ) > /dev/null 2>&1 &
                hog="$hog $!"
        else
                kill $hog
                wait $hog 2>/dev/null
                hog=
        fi
}

# rounds ACTION...: ROUNDS of them
rounds() {
        rates=$(cat "$IIO/sampling_frequency_available")
        scales=$(cat "$IIO/in_voltage-voltage_scale_available")
        round=0
        while [ $round -lt "$ROUNDS" ]; do
                round=$((round + 1))
                nth "$@"
                echo "$round: $VALUE${running:+ while streaming}"
                case $VALUE in
                start) start ;;
                stop) stop ;;
                rate) nth ${slow_rates:-$rates}; echo "   $VALUE"; setting "$IIO/sampling_frequency" "$VALUE" ;;
                gain) nth $scales; setting "$IIO/in_voltage2-voltage3_scale" "$VALUE" ;;
                leadoff) nth 0 6 24; setting "$IIO/leadoff_current_nanoamp" $VALUE ;;
                rebind) rebind ;;
                sleep) calm; settle; echo freeze > /sys/power/state || fail "suspend" ;;
                fault) [ -z "$running" ] || play_fault spi_fail spi_delay flip drdy_missing drdy_extra drdy_stuck electrode ;;
                upset) settle; [ -z "$running" ] || play_fault reset register ;;
                raw) calm; convert ;;
                hat)
                        stop
                        unplug
                        random 0 2
                        plug clock_ppm=$((RANDOM_VALUE * 20000 - 20000)) spi_delay_us=$((RANDOM_VALUE * 40)) stall_help=0
                        ;;
                load) load ;;
                esac
                random 0 300
                usleep $((RANDOM_VALUE * 1000))
        done
        stop
        [ -z "$hog" ] || load
}
