#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `bench-kernel`.

prepare FOLDER  builds what the guest needs into it
check FOLDER    prints the figures of FOLDER/measured, and beside each whether the goal holds
"""
import os
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CHANNELS = 8
FRAMES = 2 * 16000
LSB_NV = 4_500_000_000 / 24 / 2**23
STAMP_GOAL_NS = 10_000


def prepare(folder):
    subprocess.run([os.path.join(TOP, "tests", "bench", "kernel", "build"), folder], cwd=TOP, check=True)
    with open(f"{folder}/frames", "wb") as f:
        for n in range(FRAMES):
            f.write(struct.pack("=8i", *([round((n + 1) * LSB_NV)] * CHANNELS)))


def measurements(folder):
    """Lines of words: a kind, what and how, then names and numbers."""
    with open(f"{folder}/measured", encoding="ascii") as f:
        for line in f:
            words = line.split()
            fixed = {"losses": 4, "costs": 3, "stamps": 3}[words[0]]
            rest = words[fixed:]
            yield words[:fixed], {n: float(v) for n, v in zip(rest[::2], rest[1::2])}


def goal(holds):
    return "holds" if holds else "DOES NOT HOLD"


def print_losses(rows):
    print("\nScans lost, of those the chip converted (SPI at 20 MHz). counted: sum of lost_*.")
    print(f"  {'driver':10} {'scans/s':>8} {'load':5} {'converted':>9} {'came':>8} {'lost':>7} {'counted':>7}  by cause; goal")
    for (_, driver, rate, load), v in rows:
        lost = v["conversions"] - v["scans"]
        counted = sum(v.get(c, 0) for c in ("drdy", "spi", "sync", "fifo"))
        ours = "drdy" in v
        notes = []
        if ours:
            notes.append(" ".join(f"{c} {v[c]:.0f}" for c in ("drdy", "spi", "sync", "fifo") if v[c]) or "-")
            notes.append(f"counted == lost {goal(counted == lost)}")
            if load != "slow":
                notes.append(f"0 lost {goal(lost == 0)}")
        print(f"  {driver:10} {rate:>8} {load:5} {v['conversions']:9.0f} {v['scans']:8.0f} {lost:7.0f} "
              f"{f'{counted:7.0f}' if ours else '      -'}  {'; '.join(notes)}")


def print_costs(rows):
    """Instructions per scan: of the whole machine, less what it spends without the hat."""
    idle = next(v for (_, driver, _), v in rows if driver == "none")
    cost = {}
    for (_, driver, rate), v in rows:
        if driver != "none":
            # windows of one length
            cost[driver, int(rate)] = (v["instructions"] - idle["instructions"]) / v["conversions"]
    print("\nInstructions per scan, of the whole machine and with a program that reads the scans; `bare` is the simulated"
          "\nhat, the interrupt and the SPI core alone, what is above that is the driver, IIO and the reading program.")
    print(f"  {'scans/s':>8} {'bare':>8} {'ads1299':>8} {'above':>7} {'ads1298':>8} {'above':>7}")
    for rate in sorted({r for _, r in cost}):
        bare, ours, theirs = (cost.get((d, rate)) for d in ("bare", "ads1299", "ads1298"))
        text = f"  {rate:8} {bare:8.0f} {ours:8.0f} {ours - bare:7.0f}"
        if theirs:
            text += f" {theirs:8.0f} {theirs - bare:7.0f}  no more than mainline: {goal(ours <= theirs)}"
        print(text)


def print_stamps(rows):
    print("\nError of the timestamp, in ns, against the moment the simulated chip lowers DRDY.")
    print(f"  {'scans/s':>8} {'load':5} {'compared':>8} {'p50':>7} {'p99':>7} {'max':>8}")
    for (_, rate, load), v in rows:
        print(f"  {rate:>8} {load:5} {v['stamps']:8.0f} {v['p50']:7.0f} {v['p99']:7.0f} {v['max']:8.0f}"
              f"  p99 < 10 us: {goal(v['p99'] < STAMP_GOAL_NS)}")


def check(folder):
    rows = list(measurements(folder))
    for kind, show in (("losses", print_losses), ("costs", print_costs), ("stamps", print_stamps)):
        show([row for row in rows if row[0][0] == kind])
    print()


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("prepare", "check"):
        sys.exit(f"usage: {sys.argv[0]} prepare|check FOLDER")
    {"prepare": prepare, "check": check}[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    main()
