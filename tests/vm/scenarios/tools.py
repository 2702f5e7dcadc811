#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `tools`.

prepare FOLDER  writes frames-GAIN: int32 nanovolts for the simulated hat, over the full range and beyond
check FOLDER    scans-GAIN, as iio_readdev captured them, times the scale of sysfs are those nanovolts
                within 1 LSB; the interfaces on the bus are those of daemon/bus/*.xml
"""
import math
import os
import random
import struct
import sys
import xml.etree.ElementTree as ElementTree

GAINS = (1, 2, 4, 6, 8, 12, 24)
CHANNELS = 8
VREF_NV = 4_500_000_000
INT32_MAX = 2**31 - 1           # a frame cannot say more than +-2.147 V: gains 1 and 2 are not driven to the rails
SCAN = struct.Struct("<8Iq")    # le:s24/32>>8, eight times, and the timestamp
FRAMES = 800                    # fewer than the queue of the hat, so that none waits


def frames(gain):
    """A marker, then the corners of the range, small steps about zero and random values."""
    rng = random.Random(gain)
    lsb = VREF_NV / gain / 2**23
    top = min(int(VREF_NV / gain * 1.02), INT32_MAX)
    marker = [top // 2] * CHANNELS
    rows = [marker]
    for value in (top, -top, int(VREF_NV / gain) - int(lsb) if VREF_NV / gain < INT32_MAX else top, 1, -1, 0):
        rows.append([value] * CHANNELS)
        rows.append([value if c % 2 else -value for c in range(CHANNELS)])
    for step in range(-40, 41):
        rows.append([round(step * lsb / 4) + c for c in range(CHANNELS)])
    while len(rows) < FRAMES:
        rows.append([rng.randint(-top, top) for _ in range(CHANNELS)])
    return rows


def prepare(folder):
    for gain in GAINS:
        with open(f"{folder}/frames-{gain}", "wb") as f:
            for row in frames(gain):
                f.write(struct.pack("=8i", *row))


def read_scans(path):
    with open(path, "rb") as f:
        data = f.read()
    if len(data) % SCAN.size:
        raise SystemExit(f"{path}: {len(data)} bytes are not whole scans of {SCAN.size}")
    for row in SCAN.iter_unpack(data):
        codes = [(word >> 8) - (1 << 24 if word >> 31 else 0) for word in row[:CHANNELS]]
        yield codes, [word & 0xff for word in row[:CHANNELS]], row[CHANNELS]


def check_gain(folder, gain):
    with open(f"{folder}/scale-{gain}", encoding="ascii") as f:
        scale_nv = float(f.read()) * 1e6
    lsb = VREF_NV / gain / 2**23
    # the IIO core prints nine decimals of a millivolt, and cuts off the rest
    if abs(scale_nv - math.floor(lsb * 1e3) / 1e3) > 1e-6:
        return f"scale is {scale_nv} nV, should be {lsb}"
    scans = list(read_scans(f"{folder}/scans-{gain}"))
    wanted = frames(gain)
    half = wanted[0][0] / lsb
    start = next((i for i, (codes, _, _) in enumerate(scans) if abs(codes[0] - half) < 2), None)
    if start is None or len(scans) - start < len(wanted):
        return f"the frames are not among the {len(scans)} scans (marker at {start})"
    worst = 0.0
    for i, row in enumerate(wanted):
        codes, flags, _ = scans[start + i]
        for c, nv in enumerate(row):
            in_range = min(max(nv, -2**23 * lsb), (2**23 - 1) * lsb)
            error = abs(codes[c] * lsb - in_range) / lsb
            worst = max(worst, error)
            if error > 1:
                return f"frame {i} channel {c}: {nv} nV came out as code {codes[c]}, {error:.2f} LSB off"
        if any(flags):
            return f"frame {i}: flags {flags}"
    stamps = [t for _, _, t in scans]
    if any(b <= a for a, b in zip(stamps, stamps[1:])):
        return "timestamps do not rise"
    print(f"  gain {gain:2}: {len(wanted)} frames x {CHANNELS} channels, largest error {worst:.3f} LSB of {lsb:.1f} nV")
    return None


def shape(path, name):
    """What an interface promises: names, types, directions; not the comments and not what systemd adds."""
    root = ElementTree.parse(path).getroot()
    interface = next((i for i in root.iter("interface") if i.get("name") == name), None)
    if interface is None:
        return None
    return {(e.tag, e.get("name"), e.get("type"), e.get("access"),
             tuple((a.get("name"), a.get("type"), a.get("direction") or "out") for a in e.iter("arg")),
             tuple(sorted((a.get("name"), a.get("value")) for a in e.findall("annotation"))))
            for e in interface if e.tag != "annotation"}


def check_interface(folder, name):
    """The live interface against the file: annotations that say what is the default may be left out."""
    def plain(elements):
        changed = "org.freedesktop.DBus.Property.EmitsChangedSignal"
        return {e[:5] + (tuple(a for a in e[5] if a != (changed, "true")),) for e in elements}

    live = shape(f"{folder}/{name}.xml", f"org.twitchd1.{name}")
    file = shape(f"daemon/bus/org.twitchd1.{name}.xml", f"org.twitchd1.{name}")
    if live is None:
        return f"org.twitchd1.{name} is not on the bus"
    if plain(live) != plain(file):
        return f"org.twitchd1.{name}: bus and file differ: {sorted(map(str, plain(live) ^ plain(file)))}"
    print(f"  org.twitchd1.{name}: {len(live)} members, as in the file")
    return None


def check(folder):
    errors = [f"gain {g}: {e}" for g in GAINS if (e := check_gain(folder, g))]
    errors += [e for n in ("Manager", "Monitor", "Channel") if (e := check_interface(folder, n))]
    for e in errors:
        print(f"  FAILED: {e}")
    return 1 if errors else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit({"prepare": prepare, "check": check}[sys.argv[1]](sys.argv[2]))
