#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What the detector costs on one core, beside the same chain's filters in NumPy/SciPy on the same samples: high-pass,
low-pass and decimation, a bank of eight templates, noise, threshold. The peer gets the whole recording at once and does
without mains, artefacts and events.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import signal

RATES = (1000, 2000, 16000)
CHANNELS = 8
SAMPLES = 8_000_000                     # of all channels, about; long enough for clocks
COUNTED_SECONDS = 20                    # under valgrind, which is some 50 times slower
LSB_UV = 0.02235
STEP_RATE_MAX = 2048
TEMPLATE_S = 0.032
WIDTHS_S = (0.0013, 0.0023, 0.0040, 0.0060)


def bank(rate):
    """First and second derivatives of Gaussians, as the detector's."""
    t = (np.arange(int(TEMPLATE_S * rate)) - TEMPLATE_S * rate / 2) / rate
    shapes = []
    for width in WIDTHS_S:
        u = t / width
        for shape in (-u * np.exp(-u * u / 2), (1 - u * u) * np.exp(-u * u / 2)):
            shapes.append(shape / np.linalg.norm(shape))
    return np.array(shapes, dtype=np.float32)


def peer(codes, rate):
    """Frames above the threshold, per channel."""
    x = codes.astype(np.float32) * np.float32(LSB_UV)
    x = signal.sosfilt(signal.butter(2, 20, "highpass", fs=rate, output="sos"), x, axis=0)
    factor = 1
    while rate / factor > STEP_RATE_MAX:
        factor += 1
    if factor > 1:
        x = signal.resample_poly(x, 1, factor, axis=0)
    largest = None
    for template in bank(rate / factor):
        y = np.abs(signal.oaconvolve(x, template[::-1, None], mode="same", axes=0))
        y /= np.median(y, axis=0) / 0.6745
        largest = y if largest is None else np.maximum(largest, y)
    return (largest > 5.4).sum(axis=0)


def time_peer(path, rate):
    codes = np.fromfile(path, dtype=np.int32).reshape(-1, CHANNELS)
    best = None
    for _ in range(2):                  # the first time may load and plan
        begin = time.process_time()
        peer(codes, rate)
        spent = time.process_time() - begin
        best = spent if best is None else min(best, spent)
    return best


def time_detector(program, rate, seconds, path):
    best = None
    for _ in range(3):
        out = subprocess.run([program, str(rate), str(CHANNELS), str(seconds), path], check=True,
                             capture_output=True, text=True).stdout.split()
        best = min(best, float(out[0])) if best else float(out[0])
    return best, int(out[1]), int(out[2])


def count_instructions(program, rate):
    """Of detector_push and all below it, for each channel-sample; None without valgrind."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=detector_push",
               program, str(rate), str(CHANNELS), str(COUNTED_SECONDS)]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as e:
        print(f"no instructions counted: {e}", file=sys.stderr)
        return None
    collected = re.search(r"Collected : (\d+)", done.stderr)
    return int(collected[1]) / int(done.stdout.split()[2]) if collected else None


def measure(program, rate, folder):
    path = os.path.join(folder, "samples")
    seconds = max(20, SAMPLES // CHANNELS // rate // 20 * 20)
    spent, state, samples = time_detector(program, rate, seconds, path)
    peer_spent = time_peer(path, rate)
    real = samples / CHANNELS / rate
    return {
        "rate_hz": rate, "channels": CHANNELS,
        "instructions_per_sample": count_instructions(program, rate),
        "ns_per_sample": 1e9 * spent / samples, "x_real_time": real / spent,
        "peer_ns_per_sample": 1e9 * peer_spent / samples, "peer_x_real_time": real / peer_spent,
        "x_peer": peer_spent / spent, "state_bytes_per_channel": state / CHANNELS,
    }


def main():
    if len(sys.argv) != 2:
        sys.exit("speed.py BENCH-SPEED")
    print(f"\nCPU time on one core, {CHANNELS} channels, for each sample of a channel; peer: the filters in NumPy/SciPy\n")
    print("     SPS  instructions      ns  x real time  peer ns  peer x real time  x peer  KiB/channel")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for rate in RATES:
            r = measure(sys.argv[1], rate, folder)
            results.append(r)
            count = r["instructions_per_sample"]
            print(f"  {rate:6}  {'-' if count is None else format(count, '.0f'):>12}  {r['ns_per_sample']:6.1f}  "
                  f"{r['x_real_time']:11.0f}  {r['peer_ns_per_sample']:7.1f}  {r['peer_x_real_time']:16.0f}  "
                  f"{r['x_peer']:6.1f}  {r['state_bytes_per_channel'] / 1024:11.0f}")
    os.makedirs("build/bench", exist_ok=True)
    with open("build/bench/speed.json", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)
    print("\nbuild/bench/speed.json has the figures.")


if __name__ == "__main__":
    # before NumPy asks: its own threads would not be one core
    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        os.execv(sys.executable, [sys.executable, *sys.argv])
    main()
