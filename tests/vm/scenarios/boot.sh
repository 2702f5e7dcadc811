# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash source=tests/vm/guest/lib.sh disable=SC2119
# The guest itself: stock kernel, systemd, udev and the system bus are up.
# limit: 60
. "$LIB"

say "$(uname -sr), $(systemctl --version | head -n 1), $(nproc) CPUs"
wait_for 30 systemctl is-system-running
expect running systemctl is-system-running
busctl --system list >/dev/null || fail "no system bus"
udevadm settle || fail "no udev"
say "clock: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
systemd-analyze || true
systemd-analyze blame --no-pager | head -n 12
