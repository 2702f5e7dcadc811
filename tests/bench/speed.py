#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What the detector costs on one core, beside the same signal path in NumPy/SciPy on the same samples: high-pass, low-pass
and decimation, mains and harmonics out, a bank of eight templates, the noise of each by half-seconds, threshold.
Artefacts, the heart, whitening, a mains frequency that wanders and all that is made of a crossing are the detector's alone.

The peer runs three times. As one writes it: doubles, the whole recording at once. The same in single precision
where that is exact enough, which is the detector's. And live: in blocks of as many frames as the detector gets.
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
LIVE_SAMPLES = 320_000                  # the live peer's, which is much slower
COUNTED_SECONDS = 20                    # under valgrind, which is some 50 times slower
LSB_UV = 0.02235
STEP_RATE_MAX = 2048
TEMPLATE_S = 0.032
WIDTHS_S = (0.0013, 0.0023, 0.0040, 0.0060)
THRESHOLD = 5.4
NOISE_BLOCKS = 60
MAINS_HZ = 50
MAINS_MEMORY_S = 0.5                    # as the detector's
BLOCK_FRAMES = 64                       # as bench-speed


def bank(rate):
    """First and second derivatives of Gaussians, as many templates as the detector has."""
    t = (np.arange(int(TEMPLATE_S * rate)) - TEMPLATE_S * rate / 2) / rate
    shapes = []
    for width in WIDTHS_S:
        u = t / width
        for shape in (-u * np.exp(-u * u / 2), (1 - u * u) * np.exp(-u * u / 2)):
            shapes.append(shape / np.linalg.norm(shape))
    return np.array(shapes)


def high_pass(rate):
    return signal.butter(2, 20, "highpass", fs=rate, output="sos")


def mains_out(rate):
    """What subtracting a sinusoid whose amplitude adapts amounts to if its frequency is known (Glover 1977)."""
    harmonics = [f for f in range(MAINS_HZ, 480, MAINS_HZ) if f < rate / 2 - 3]
    return np.vstack([signal.tf2sos(*signal.iirnotch(f, f * np.pi * MAINS_MEMORY_S, fs=rate)) for f in harmonics])


def decimation(rate):
    factor = 1
    while rate / factor > STEP_RATE_MAX:
        factor += 1
    return factor


def noise_by_blocks(y, rate):
    """Standard deviation at each step: of what is clipped, over the half-seconds of the latest half minute."""
    n = int(rate / 2)
    squares = y * y
    squares = np.minimum(squares, 4 * squares.mean(axis=0))
    blocks = squares[: len(y) // n * n].reshape(-1, n, y.shape[1]).mean(axis=1, dtype=np.float64)
    sums = np.vstack([np.zeros(y.shape[1]), blocks.cumsum(axis=0)])
    ends = np.arange(1, len(blocks) + 1)
    begins = np.maximum(ends - NOISE_BLOCKS, 0)
    sigmas = np.sqrt((sums[ends] - sums[begins]) / (ends - begins)[:, None]).astype(y.dtype)
    return sigmas[np.minimum(np.arange(len(y)) // n, len(blocks) - 1)]


def peer(codes, rate, dtype):
    """Steps above the threshold, per channel."""
    factor = decimation(rate)
    step_rate = rate / factor
    # at 20 Hz of 16 kHz single precision is not enough
    x = signal.sosfilt(high_pass(rate), codes * LSB_UV, axis=0).astype(dtype)
    if factor > 1:
        x = signal.resample_poly(x, 1, factor, axis=0)
    x = signal.sosfilt(mains_out(step_rate).astype(dtype), x, axis=0)
    largest = None
    for template in bank(step_rate).astype(dtype):
        y = signal.oaconvolve(x, template[::-1, None], mode="same", axes=0)
        y /= noise_by_blocks(y, step_rate)
        np.abs(y, out=y)
        largest = y if largest is None else np.maximum(largest, y, out=largest)
    return (largest > THRESHOLD).sum(axis=0)


class LivePeer:
    """The same with a block of frames at a time."""

    def __init__(self, rate):
        self.factor = decimation(rate)
        step_rate = rate / self.factor
        self.filters = [high_pass(rate), mains_out(step_rate)]
        self.states = [np.zeros((len(f), 2, CHANNELS)) for f in self.filters]
        half = 10 * self.factor         # as resample_poly()
        self.low_pass = signal.firwin(2 * half + 1, 1 / self.factor, window=("kaiser", 5.0)) if self.factor > 1 else None
        self.before = np.zeros((2 * half, CHANNELS))
        self.templates = np.ascontiguousarray(bank(step_rate).astype(np.float32).T)
        self.history = np.zeros((len(self.templates) - 1, CHANNELS), dtype=np.float32)
        self.block = int(step_rate / 2)
        self.fill = 0
        self.sums = np.zeros((CHANNELS, self.templates.shape[1]))
        self.blocks = []
        self.sigma = np.full_like(self.sums, np.inf, dtype=np.float32)  # nothing is above until it is known

    def filter(self, i, x):
        y, self.states[i] = signal.sosfilt(self.filters[i], x, axis=0, zi=self.states[i])
        return y

    def decimate(self, x):
        """Blocks are of whole steps."""
        if self.low_pass is None:
            return x
        x = np.concatenate([self.before, x])
        self.before = x[len(x) - len(self.before):]
        return signal.upfirdn(self.low_pass, x, down=self.factor, axis=0)[len(self.before) // self.factor:][: len(x) // self.factor]

    def learn(self, y):
        self.sums += np.minimum(y * y, 4 * self.sigma * self.sigma).sum(axis=0)
        self.fill += len(y)
        if self.fill >= self.block:
            self.blocks = [*self.blocks[1 - NOISE_BLOCKS:], self.sums / self.fill]
            self.sigma = np.sqrt(np.mean(self.blocks, axis=0)).astype(np.float32)
            self.sums[:] = 0
            self.fill = 0

    def push(self, codes):
        x = self.filter(1, self.decimate(self.filter(0, codes * LSB_UV))).astype(np.float32)
        x = np.concatenate([self.history, x])
        self.history = x[len(x) - len(self.history):]
        y = np.lib.stride_tricks.sliding_window_view(x, len(self.templates), axis=0) @ self.templates
        above = (np.abs(y / self.sigma).max(axis=2) > THRESHOLD).sum(axis=0)
        self.learn(y)
        return above


def live_peer(codes, rate):
    p = LivePeer(rate)
    return sum(p.push(codes[i:i + BLOCK_FRAMES]) for i in range(0, len(codes), BLOCK_FRAMES))


def time_peer(run, codes):
    """For each sample of a channel."""
    best = None
    for _ in range(2):                  # the first time may load and plan
        begin = time.process_time()
        run(codes)
        spent = time.process_time() - begin
        best = spent if best is None else min(best, spent)
    return best / codes.size


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
    codes = np.fromfile(path, dtype=np.int32).reshape(-1, CHANNELS)
    own = spent / samples
    r = {
        "rate_hz": rate, "channels": CHANNELS,
        "instructions_per_sample": count_instructions(program, rate),
        "ns_per_sample": 1e9 * own, "x_real_time": 1 / CHANNELS / rate / own, "state_bytes_per_channel": state / CHANNELS,
    }
    for name, run, n_samples in (("peer", lambda c: peer(c, rate, np.float64), SAMPLES),
                                 ("single", lambda c: peer(c, rate, np.float32), SAMPLES),
                                 ("live", lambda c: live_peer(c, rate), LIVE_SAMPLES)):
        peer_s = time_peer(run, codes[: n_samples // CHANNELS])
        r[f"{name}_ns_per_sample"] = 1e9 * peer_s
        r[f"x_{name}"] = peer_s / own
    return r


def main():
    if len(sys.argv) != 2:
        sys.exit("speed.py BENCH-SPEED")
    print(f"\nCPU time on one core, {CHANNELS} channels, for each sample of a channel. Peers: the same signal path in "
          f"NumPy/SciPy,\nwhole recording in doubles; in single precision; live, {BLOCK_FRAMES} frames at a time\n")
    print("     SPS  instructions      ns  x real time  KiB/channel    peer ns  x peer  single ns  x single    live ns  x live")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for rate in RATES:
            r = measure(sys.argv[1], rate, folder)
            results.append(r)
            count = r["instructions_per_sample"]
            print(f"  {rate:6}  {'-' if count is None else format(count, '.0f'):>12}  {r['ns_per_sample']:6.1f}  "
                  f"{r['x_real_time']:11.0f}  {r['state_bytes_per_channel'] / 1024:11.0f}"
                  f"  {r['peer_ns_per_sample']:9.1f}  {r['x_peer']:6.1f}  {r['single_ns_per_sample']:9.1f}  {r['x_single']:8.1f}"
                  f"  {r['live_ns_per_sample']:9.1f}  {r['x_live']:6.1f}", flush=True)
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
