#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints each twitch as it is found, and says what is wrong if none can be heard. (apt install python3-gi)"""
import sys
import time

from gi.repository import Gio, GLib


def on_twitch(bus, sender, path, interface, signal, arguments):
    number, boottime_usec, kind, channels, amplitude_uv, duration_ms, details = arguments.unpack()
    # boottime never jumps: the time of day is what it is now and how long ago that was
    seconds = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + boottime_usec / 1e6
    print(time.strftime("%H:%M:%S", time.localtime(seconds)), kind, "ch", channels[0] + 1, f"{amplitude_uv:.0f} uV",
          flush=True)


bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
bus.signal_subscribe("org.twitchd1", "org.twitchd1.Monitor", "Twitch", None, None, Gio.DBusSignalFlags.NONE, on_twitch)
try:
    # the bus tells nobody that signals are kept from them: a call is answered
    bus.call_sync("org.twitchd1", "/org/twitchd1", "org.twitchd1.Manager", "ListMonitors", None, None,
                  Gio.DBusCallFlags.NONE, -1)
except GLib.Error as e:
    if e.matches(Gio.dbus_error_quark(), Gio.DBusError.ACCESS_DENIED):
        sys.exit("You are not in the group twitchd: sudo usermod -aG twitchd $USER, then log in again.")
    sys.exit(f"twitchd: {e.message}")
GLib.MainLoop().run()
