#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The known pattern for the arm64 guest, and the judgement of what came out of it.

    compare.py pattern FILE     write the pattern: frames of 8 voltages, s32, in nanovolts
    compare.py check CONSOLE    what the guest printed; status 1 when anything is not as it should be
"""
import base64
import gzip
import re
import struct
import sys

CHANNELS = 8
FRAMES = 1000
RATE_HZ = 1000
# SBAS499C equation 8, at 4.5 V and gain 24
LSB_NV = 4.5e9 / 24 / 2**23
MAX_NV = 187_000_000

EXPECTED = {
    "name": "ads1299",
    "in_voltage0-voltage1_label": "left calf",
    "in_voltage2-voltage3_label": "IN2",
    "in_voltage14-voltage15_label": "right thigh",
    "sampling_frequency": str(RATE_HZ),
    "in_voltage0-voltage1_scale": "0.000022351",
    "in_voltage0-voltage1_bias_sense": "both",
    "in_voltage14-voltage15_bias_sense": "none",
    "of_node": "ti,ads1299",
    "lost_drdy": "0",
    "lost_spi": "0",
    "lost_sync": "0",
    "lost_fifo": "0",
    "removed": "yes",
    "warnings": "0",
}


def frame_nv(n):
    """Every frame and channel its own value, from rail to rail, and no frame like the idle one of zeros."""
    return [((n * CHANNELS + c) * 7_919_993 + 1_000_003) % (2 * MAX_NV) - MAX_NV for c in range(CHANNELS)]


def write_pattern(path):
    with open(path, "wb") as f:
        for n in range(FRAMES):
            f.write(struct.pack(f"<{CHANNELS}i", *frame_nv(n)))


def parse(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read().replace("\r", "")
    values = dict(re.findall(r"^@([\w-]+) ?(.*?)\0?$", text, re.M))
    scans = re.search(r"^@scans\n(.*?)^@$", text, re.M | re.S)
    return values, gzip.decompress(base64.b64decode(scans.group(1))) if scans else b""


def check_scans(data):
    """Yields what is wrong with them."""
    size = struct.calcsize(f"<{CHANNELS}iq")
    scans = [struct.unpack_from(f"<{CHANNELS}iq", data, at) for at in range(0, len(data) - size + 1, size)]
    if len(scans) < FRAMES:
        yield f"{len(scans)} scans of at least {FRAMES}"
        return
    worst = 0
    for n in range(FRAMES):
        for c, nv in enumerate(frame_nv(n)):
            off = abs((scans[n][c] >> 8) - nv / LSB_NV)
            worst = max(worst, off)
            if off > 1:
                yield f"scan {n} channel {c}: {scans[n][c] >> 8} instead of {nv / LSB_NV:.1f}"
                return
    times = [s[-1] for s in scans]
    span_ns = times[FRAMES - 1] - times[0]
    if min(b - a for a, b in zip(times, times[1:])) <= 0:
        yield "the timestamps do not go forward"
    if abs(span_ns * RATE_HZ / 1e9 / (FRAMES - 1) - 1) > 0.01:
        yield f"{FRAMES} scans in {span_ns / 1e9:.4f} s"
    print(f"  {FRAMES} scans of {CHANNELS} channels as they were put in, at most {worst:.2f} LSB off, in {span_ns / 1e9:.4f} s")


def check_supplies(path):
    """Yields what is wrong: each supply has one user more while the driver is there."""
    with open(path, encoding="utf-8", errors="replace") as f:
        users = {(when, name): int(n) for when, name, n in re.findall(r"^@users_(\w+) ads1299-(\w+) (\d+)", f.read(), re.M)}
    for name in ("avdd", "dvdd", "vref"):
        counts = [users.get((when, name)) for when in ("before", "with", "after")]
        if None in counts or counts[1] != counts[0] + 1 or counts[2] != counts[0]:
            yield f"supply {name} has {counts} users before, with and after the driver"


def check(path):
    values, data = parse(path)
    print(f"  {values.get('kernel', 'no kernel')}: {values.get('name')}, {values.get('in_temp0_raw')} LSB of temperature")
    wrong = [f"{name}: '{values.get(name)}' instead of '{value}'" for name, value in EXPECTED.items() if values.get(name) != value]
    wrong += check_supplies(path)
    wrong += check_scans(data)
    for text in wrong:
        print(f"  FAILED: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "pattern":
        write_pattern(sys.argv[2])
    else:
        sys.exit(check(sys.argv[2]))
