# SPDX-License-Identifier: LGPL-2.1-or-later
"""ADS1299s of this machine, for tests without a kernel driver: libiio's local backend and sd-device on a
tree of ordinary files that stands where /sys, /dev and /run/udev are, in a mount namespace of its own. A
buffer is a FIFO, into which scans are written as they are due. Needs root, or user namespaces.

What such files cannot show is the rest of the kernel's part: that a device is busy, or who may open it. That
is tested by tests/vm/scenarios/hats.sh.
"""
import os
import random
import shutil
import struct
import subprocess
import threading
import time

from iiod import CHANNELS, GAINS, LABELS, NOISE_UV, channel_id, scale_mv, twitch_uv

FIFO_SCANS = 1000
MAJOR = 249


class Tree:
    """What the service sees as /sys, /dev and /run/udev."""

    def __init__(self, folder):
        self.folder = folder
        for d in ("sys/bus/iio/devices", "sys/bus/spi/devices", "sys/class", "sys/firmware", "dev",
                  "udev/data"):
            os.makedirs(os.path.join(folder, d))
        for node in ("null", "urandom"):
            self.write(f"dev/{node}", "")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def link(self, name, target):
        os.symlink(os.path.relpath(self.path(target), os.path.dirname(self.path(name))), self.path(name))

    def command(self, words):
        """A command line that runs words where this tree is in place."""
        script = f"""set -e
            for n in null urandom; do mount --bind /dev/$n {self.folder}/dev/$n; done
            mkdir -p /run/udev
            mount --bind {self.folder}/sys /sys
            mount --bind {self.folder}/udev /run/udev
            mount --bind {self.folder}/dev /dev
            exec "$@" """
        user = [] if os.getuid() == 0 else ["-r"]
        return ["unshare", "-m", *user, "sh", "-c", script, "sh", *words]

    @staticmethod
    def environment():
        return {"SYSTEMD_DEVICE_VERIFY_SYSFS": "0"}

    @staticmethod
    def works():
        return subprocess.run(["unshare", "-m", *([] if os.getuid() == 0 else ["-r"]), "true"],
                              stderr=subprocess.DEVNULL, check=False).returncode == 0


class LocalHat:
    def __init__(self, tree, chip_select, number, rate_hz=1000):
        self.tree, self.chip_select, self.number, self.rate_hz = tree, chip_select, number, rate_hz
        self.id = f"iio:device{number}"
        self.silent = False
        self.twitches = []              # (number of the scan, channel, amplitude)
        self.sent_ns = {}               # scan that a twitch ends with: when it was written
        self.random = random.Random(chip_select)
        self.scan = 0
        self.plug()

    @property
    def name(self):
        return f"spi0.{self.chip_select}"

    def folder(self):
        return f"sys/devices/platform/soc/spi_master/spi0/{self.name}"

    def plug(self):
        device = f"{self.folder()}/{self.id}"
        attributes = {"name": "ads1299", "dev": f"{MAJOR}:{self.number}", "sampling_frequency": "1000",
                      "current_timestamp_clock": "realtime", "buffer/enable": "0", "buffer/length": "2   ",
                      "buffer/watermark": "1   ", "scan_elements/in_timestamp_en": "0",
                      "scan_elements/in_timestamp_index": str(CHANNELS),
                      "scan_elements/in_timestamp_type": "le:s64/64>>0",
                      "in_voltage-voltage_scale_available": " ".join(map(scale_mv, GAINS)),
                      "leadoff_current_nanoamp": "0", "leadoff_frequency": "0",
                      "leadoff_frequency_available": f"0.000000 7.812500 31.250000 {self.rate_hz / 4:.6f}",
                      "uevent": f"MAJOR={MAJOR}\nMINOR={self.number}\nDEVNAME={self.id}\nDEVTYPE=iio_device"}
        attributes.update({f"lost_{cause}": "0" for cause in ("drdy", "spi", "sync", "fifo")})
        for i in range(CHANNELS):
            c = "in_" + channel_id(i)
            attributes.update({f"{c}_raw": "0", f"{c}_scale": scale_mv(24), f"{c}_label": LABELS[i],
                               f"scan_elements/{c}_en": "0", f"scan_elements/{c}_index": str(i),
                               f"scan_elements/{c}_type": "le:s24/32>>8"})
        for name, value in attributes.items():
            self.tree.write(f"{device}/{name}", value + "\n")
        self.tree.write(f"{self.folder()}/uevent", "DRIVER=ads1299\n")
        for bus, target in (("spi", self.folder()), ("iio", device)):
            self.tree.link(f"{target}/subsystem", f"sys/bus/{bus}")
            self.tree.link(f"sys/bus/{bus}/devices/{os.path.basename(target)}", target)
        self.tree.write(f"udev/data/c{MAJOR}:{self.number}", "I:1\n")
        node = self.tree.path("dev/" + self.id)
        os.mkfifo(node)
        self.fifo = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        self.plugged = True
        self.thread = threading.Thread(target=self.feed, daemon=True)
        self.thread.start()

    def unplug(self):
        self.plugged = False
        self.thread.join()
        os.unlink(self.tree.path("dev/" + self.id))
        os.close(self.fifo)
        for bus, name in (("iio", self.id), ("spi", self.name)):
            os.unlink(self.tree.path(f"sys/bus/{bus}/devices/{name}"))
        os.unlink(self.tree.path(f"udev/data/c{MAJOR}:{self.number}"))
        shutil.rmtree(self.tree.path(self.folder()))

    def enabled(self):
        with open(self.tree.path(f"{self.folder()}/{self.id}/buffer/enable"), encoding="ascii") as f:
            return f.read(1) == "1"

    def twitch(self, channel, amplitude_uv):
        """A twitch a little later; returns the number of its last scan, a key of sent_ns in the end."""
        peak = self.scan + self.rate_hz // 5
        self.twitches.append((peak, channel, amplitude_uv))
        last = peak + 6 * self.rate_hz // 1000
        self.sent_ns[last] = None
        return last

    def frame(self):
        words = []
        for c in range(CHANNELS):
            uv = self.random.gauss(0, NOISE_UV)
            for peak, channel, amplitude in self.twitches:
                if channel == c and abs(peak - self.scan) < self.rate_hz // 20:
                    uv += amplitude * twitch_uv((self.scan - peak) * 1e3 / self.rate_hz)
            words.append((round(uv / 1e3 / float(scale_mv(24))) & 0xffffff) << 8)
        return words

    def time_ns(self, scan):
        return self.start_ns + scan * 10**9 // self.rate_hz

    def feed(self):
        """One scan at a time, each when it is due: that is how the kernel wakes who waits."""
        self.start_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.scan = 0
        while self.plugged:
            due_ns = self.time_ns(self.scan)
            ahead = (due_ns - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) / 1e9
            if ahead > 0:
                time.sleep(ahead)
            if self.enabled_now() and not self.silent:
                try:
                    os.write(self.fifo, struct.pack("<8Iq", *self.frame(), due_ns))
                except BlockingIOError:
                    pass                # nobody reads: lost, as in the kernel
                if self.scan in self.sent_ns:
                    self.sent_ns[self.scan] = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            self.scan += 1

    def enabled_now(self):
        """As enabled(), not asked for at every scan."""
        if self.scan % 20 == 0:
            try:
                self.was_enabled = self.enabled()
            except OSError:
                self.was_enabled = False
        return self.was_enabled
