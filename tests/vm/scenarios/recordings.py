#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `recordings`: what came out of the driver and of twitchd, against the files."""
import math
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import vm                       # noqa: E402  (the folder above)

# name, file, rate of the device, seconds to capture, seconds to compare events in
RECORDINGS = (
    # voluntary twitches of a hand muscle; at 29.7 s its 16-bit converter clips, which a hat with other rails cannot tell
    ("hand", "emg/hand_twitches.bdf", 1000, 15, 29),
    ("arm", "inject/arm_a.bdf", 1000, 15, 40),          # evoked twitches among real bursts
    ("face", "inject/face_a.bdf", 250, 15, 50),         # 8 channels, evoked twitches, 60 Hz, rails
    ("sweeps", "twitch/ID01.bdf", 1000, 8, 0),          # evoked twitches, 3 kHz resampled to 1 kHz
)
SCAN = struct.Struct("<8Iq")    # le:s24/32>>8, eight times, and the timestamp
CHANNELS = 8
GAIN = 24
LSB_NV = 4.5e9 / GAIN / 2**23
CODE_MIN, CODE_MAX = -2**23, 2**23 - 1
TAPS = 96                       # either side, of the resampler here


def prepare(folder):
    with open(f"{folder}/recordings.txt", "w", encoding="utf-8") as f:
        for recording in RECORDINGS:
            print(*recording, file=f)


def read_bdf(path, seconds):
    """Rate and channels, in nanovolts, of a BDF file without its annotations; written here anew on purpose."""
    with open(path, "rb") as f:
        head = f.read(256)
        n = int(head[252:256])
        fields = f.read(256 * n)

        def column(start, width):
            return [fields[start * n + i * width:start * n + (i + 1) * width].decode("ascii", "replace").strip()
                    for i in range(n)]

        labels, units = column(0, 16), column(96, 8)
        phys_min, phys_max, dig_min, dig_max = (list(map(float, column(s, 8))) for s in (104, 112, 120, 128))
        per_record = list(map(int, column(216, 8)))
        record_s = float(head[244:252])
        signals = [i for i in range(n) if "Annotations" not in labels[i]]
        channels = [[] for _ in signals]
        for _ in range(math.ceil(seconds / record_s)):
            for i in range(n):
                data = f.read(3 * per_record[i])
                if i not in signals:
                    continue
                if units[i] != "uV":
                    raise SystemExit(f"{path}: channel {labels[i]} is in {units[i]}")
                scale = (phys_max[i] - phys_min[i]) / (dig_max[i] - dig_min[i])
                out = channels[signals.index(i)]
                for k in range(0, len(data), 3):
                    code = int.from_bytes(data[k:k + 3], "little", signed=True)
                    out.append((phys_min[i] + (code - dig_min[i]) * scale) * 1e3)
    return per_record[signals[0]] / record_s, channels


def cut_bdf(path, seconds, to):
    """The first seconds of a recording: what was played, and nothing that could tell what it leads to."""
    with open(path, "rb") as f:
        head = bytearray(f.read(256))
        n = int(head[252:256])
        fields = f.read(256 * n)
        samples = sum(int(fields[216 * n + 8 * i:216 * n + 8 * (i + 1)]) for i in range(n))
        records = math.ceil(seconds / float(head[244:252]))
        head[236:244] = f"{records:<8}".encode()
        data = f.read(3 * samples * records)
    with open(to, "wb") as f:
        f.write(head + fields + data)


def resample(values, from_hz, to_hz):
    """To a lower rate, by a windowed sinc."""
    ratio = from_hz / to_hz
    out = []
    for i in range(int(len(values) / ratio)):
        middle = i * ratio
        total = 0.0
        for k in range(max(0, math.ceil(middle - TAPS * ratio)), min(len(values), math.floor(middle + TAPS * ratio) + 1)):
            x = (k - middle) / ratio
            window = 0.42 + 0.5 * math.cos(math.pi * x / TAPS) + 0.08 * math.cos(2 * math.pi * x / TAPS)
            total += values[k] * (math.sin(math.pi * x) / (math.pi * x) if x else 1.0) * window
        out.append(total / ratio)
    return out


def captured(path):
    with open(path, "rb") as f:
        data = f.read()
    return [[(word >> 8) - (1 << 24 if word >> 31 else 0) for word in row[:CHANNELS]] for row in SCAN.iter_unpack(data)]


def find(scans, wanted):
    """Where the frames of wanted (in LSB) begin among the scans, by the first that are not quiet."""
    n = min(len(wanted), 300)
    for start in range(len(scans) - len(wanted) + 1):
        if all(abs(c - w) <= 1 for i in range(n) for c, w in zip(scans[start + i], wanted[i])):
            return start
    return None


def check_capture(folder, build, data, name, file, rate, seconds):
    # the frames as the player makes them: resampling included
    frames_path = f"{folder}/{name}.frames"
    subprocess.run([f"{build}/twitch-play", f"{data}/{file}", "--device", frames_path, "--rate", str(rate),
                    "--seconds", str(seconds)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    file_rate, channels = read_bdf(f"{data}/{file}", seconds)
    with open(frames_path, "rb") as f:
        raw = f.read()
    n_channels = len(channels)
    frames = list(struct.iter_unpack(f"={n_channels}i", raw))
    wanted = [[min(max(nv / LSB_NV, CODE_MIN), CODE_MAX) for nv in frame] for frame in frames]
    scans = captured(f"{folder}/{name}.scans")
    start = find([s[:n_channels] for s in scans], wanted)
    if start is None:
        return f"{file}: its {len(wanted)} frames are not among the {len(scans)} scans"
    worst = max(abs(c - w) for s, f in zip(scans[start:], wanted) for c, w in zip(s, f))
    text = f"  {file}: {len(wanted)} frames x {n_channels} channels arrived, largest error {worst:.3f} LSB"
    if worst > 1:
        return f"{file}: off by {worst:.2f} LSB"

    # and against the file itself
    scans = scans[start:start + len(wanted)]
    if file_rate == rate:
        worst = max(abs(scans[i][c] - min(max(channels[c][i] / LSB_NV, CODE_MIN), CODE_MAX))
                    for i in range(len(wanted)) for c in range(n_channels))
        print(f"{text}; {worst:.3f} LSB from the file")
        return None if worst <= 1 else f"{file}: off the file by {worst:.2f} LSB"
    ideal = resample(channels[0], file_rate, rate)
    inner = range(TAPS, min(len(ideal), len(scans)) - TAPS)
    mean = sum(ideal[i] for i in inner) / len(inner)
    power = sum((ideal[i] - mean) ** 2 for i in inner)
    error = sum((scans[i][0] * LSB_NV - ideal[i]) ** 2 for i in inner)
    print(f"{text}; resampling {file_rate:g} -> {rate} Hz differs from an ideal one by "
          f"{math.sqrt(error / len(inner)) / 1e3:.3f} uV RMS, {100 * math.sqrt(error / power):.2f} % of the signal")
    return None if error < 0.02 ** 2 * power else f"{file}: resampling error is too large"


def check_events(folder, build, data, name, file, rate, seconds):
    found, part = f"{folder}/{name}.analyze.jsonl", f"{folder}/{name}.bdf"
    cut_bdf(f"{data}/{file}", seconds, part)
    with open(found, "wb") as out:
        # as twitchd: udev tells it that the simulated chip has no filter, whatever recorded the file
        subprocess.run([f"{build}/twitchctl", "analyze", "--json", "--as-live", "--sinc3=no", part], check=True,
                       stdin=subprocess.DEVNULL, stdout=out)
    print(f"  {file}, {seconds} s: twitchd on the bus (A), twitchctl analyze on the file (B)", flush=True)
    done = subprocess.run(["tests/compare-events.py", f"{folder}/{name}.jsonl", found, "--clock",
                           f"{folder}/{name}.clock.csv", "--rate", str(rate), "--tolerance-ms", "2",
                           "--to", str(seconds - 2), "--max-unpaired", "0"],
                          stdin=subprocess.DEVNULL, check=False)
    return None if done.returncode == 0 else f"{file}: the events differ"


def check(folder):
    build, data = vm.build_folder(), vm.data_folder()
    errors = []
    for name, file, rate, capture_s, event_s in RECORDINGS:
        errors.append(check_capture(folder, build, data, name, file, rate, capture_s))
        if event_s:
            errors.append(check_events(folder, build, data, name, file, rate, event_s))
    errors = [e for e in errors if e]
    for e in errors:
        print(f"  FAILED: {e}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit({"prepare": prepare, "check": check}[sys.argv[1]](sys.argv[2]))
