#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Run `twitchctl analyze` over the labelled recordings and score it by the rules of their README.

The recordings are not part of this repository. The folder is given by --data or the environment variable
TWITCH_DATA, by default ../shared/data beside the repository; without it the scorer says so and ends.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import scoring
from scoring import show

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
SNR_BINS = ((5, 8), (8, 12), (12, 20), (20, 30), (30, 1000))
ANALYZE_TIMEOUT_S = 300


class Label:
    def __init__(self, row):
        self.time_s = float(row["time"])
        self.from_s = float(row["from"] or row["time"])
        self.to_s = float(row["to"] or row["time"])
        self.channel = int(row["channel"]) if row["channel"] else None
        self.label = row["class"]
        self.expect = row["expect"]
        self.tolerance_s = float(row["tol_ms"]) / 1e3
        self.snr = float(row["snr"]) if row["snr"] else None

    def on_channel_of(self, event):
        return self.channel is None or self.channel == event.channel

    def covers(self, event):
        return (self.on_channel_of(event) and
                self.from_s - self.tolerance_s <= event.time_s <= self.to_s + self.tolerance_s)


class Result:
    """One recording, scored."""

    def __init__(self, entry, labels, events):
        windows = entry["windows"]

        def inside(x):
            return any(a <= x.time_s <= b for a, b in windows)

        scored = [e for e in events if e.channel in entry["scored_channels"] and inside(e)]
        self.file, self.role = entry["file"], entry["role"]
        self.must = [x for x in labels if x.expect == "must" and inside(x)]
        self.pairs = scoring.match(self.must, scored, lambda t: t.tolerance_s, Label.on_channel_of)
        used = {id(e) for _, e in self.pairs}
        rest = [e for e in scored if id(e) not in used]
        self.may = [e for e in rest if any(x.expect == "may" and x.covers(e) for x in labels)]
        self.wrong = [e for e in rest if e not in self.may]
        # What the wrong ones were called instead, where a label says.
        self.wrong_labels = {}
        for e in self.wrong:
            name = next((x.label for x in labels if x.expect == "not" and x.covers(e)), "nothing labelled")
            self.wrong_labels[name] = self.wrong_labels.get(name, 0) + 1
        self.channel_hours = sum(b - a for a, b in windows) / 3600 * len(entry["scored_channels"])

    def times_ms(self):
        return [abs(e.time_s - t.time_s) * 1e3 for t, e in self.pairs]


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--twitchctl", default=str(REPOSITORY / "build/cc/twitchctl"), metavar="PATH")
    p.add_argument("--data", default=os.environ.get("TWITCH_DATA", str(REPOSITORY.parent / "shared/data")), metavar="DIR")
    p.add_argument("--false-alarms-per-hour", metavar="X", help="passed on to twitchctl analyze")
    p.add_argument("--only", default="", metavar="TEXT", help="recordings whose name holds this")
    p.add_argument("--plots", metavar="DIR", help="draw pictures of each there (first: tests/packages/install plots)")
    p.add_argument("--json", action="store_true", help="one line for machines instead of the tables")
    return p.parse_args()


def analyze(args, path):
    command = [args.twitchctl, "analyze", "--json"]
    if args.false_alarms_per_hour:
        command.append(f"--false-alarms-per-hour={args.false_alarms_per_hour}")
    try:
        r = subprocess.run(command + [str(path)], capture_output=True, text=True, timeout=ANALYZE_TIMEOUT_S)
    except OSError as e:
        raise scoring.Unreadable(f"{args.twitchctl}: {e.strerror} (build it, or name it with --twitchctl)") from e
    except subprocess.TimeoutExpired as e:
        raise scoring.Unreadable(f"{path}: twitchctl took more than {ANALYZE_TIMEOUT_S} s") from e
    if r.returncode != 0:
        raise scoring.Unreadable(f"{path}: twitchctl analyze: {r.stderr.strip() or 'exit ' + str(r.returncode)}")
    return r.stdout.splitlines()


def plot(args, entry, path, result, lines):
    import plots
    others = [o for o in map(json.loads, lines)
              if o["type"] == "artefact" or o["type"] == "event" and o["kind"] not in scoring.DETECTIONS]
    print(*plots.plot(args.plots, path, entry["scored_channels"], result, others), sep="\n", file=sys.stderr)


def score_all(args, data):
    with scoring.open_text(data / "spec.json") as f:
        spec = json.load(f)
    columns = ["time", "from", "to", "channel", "class", "expect", "tol_ms", "snr"]
    results = []
    for entry in spec["files"]:
        if args.only not in entry["file"]:
            continue
        labels = []
        if entry.get("truth") and (data / entry["truth"]).exists():
            labels = [Label(row) for row in scoring.read_csv(data / entry["truth"], columns)]
        path = data / entry["file"]
        lines = analyze(args, path)
        results.append(Result(entry, labels, scoring.parse_events(lines, str(path))))
        if args.plots:
            plot(args, entry, path, results[-1], lines)
    return results


def bins(results):
    """(lo, hi, hits, n) of the injected twitches by size."""
    found = {id(t) for r in results for t, _ in r.pairs}
    must = [t for r in results for t in r.must if t.snr is not None]
    rows = []
    for lo, hi in SNR_BINS:
        inside = [t for t in must if lo <= t.snr < hi]
        rows.append((lo, hi, sum(id(t) in found for t in inside), len(inside)))
    return rows


def print_files(results):
    print(f"{'recording':32} {'role':7} {'must':>5} {'found':>6} {'may':>5} {'wrong':>6} {'per h, ch':>10} {'|dt| ms':>8}  "
          "wrong ones are")
    for r in results:
        rate = len(r.wrong) / r.channel_hours if r.channel_hours else None
        what = ", ".join(f"{n} {name}" for name, n in sorted(r.wrong_labels.items(), key=lambda x: -x[1]))
        print(f"{r.file:32} {r.role:7} {len(r.must):5} {len(r.pairs):6} {len(r.may):5} {len(r.wrong):6} {show(rate, '{:10.1f}')} "
              f"{show(scoring.quantile(r.times_ms(), 0.5), '{:8.2f}'):>8}  {what}")


def print_summary(results):
    detect = [r for r in results if r.role == "detect"]
    print("\nsensitivity by size, peak to peak over noise sigma (95 % Wilson interval)")
    for lo, hi, hits, n in bins(detect):
        if n:
            low, high = scoring.wilson(hits, n)
            print(f"  {lo:4} to {hi:4} sigma  {hits:4} of {n:4}  {hits / n * 100:5.1f} %  ({low * 100:.1f} to {high * 100:.1f} %)")
    for role, what in (("detect", "false alarms among injected twitches"), ("quiet", "false alarms where there is nothing")):
        chosen = [r for r in results if r.role == role]
        hours = sum(r.channel_hours for r in chosen)
        if hours:
            wrong = sum(len(r.wrong) for r in chosen)
            print(f"{what}: {wrong} in {hours:.2f} channel hours, {wrong / hours:.1f} per hour and channel")
    times = [x for r in detect for x in r.times_ms()]
    print(f"time error of what was found: median {show(scoring.quantile(times, 0.5))} ms, p95 {show(scoring.quantile(times, 0.95))} ms")


def print_json(results):
    print(json.dumps({
        "files": [{"file": r.file, "role": r.role, "must": len(r.must), "found": len(r.pairs), "may": len(r.may),
                   "wrong": len(r.wrong), "channel_hours": r.channel_hours, "wrong_labels": r.wrong_labels} for r in results],
        "bins": [{"from": lo, "to": hi, "found": hits, "n": n, "wilson": scoring.wilson(hits, n)}
                 for lo, hi, hits, n in bins([r for r in results if r.role == "detect"])],
    }))


def main():
    args = parse_arguments()
    data = pathlib.Path(args.data)
    if not (data / "spec.json").exists():
        print(f"skipped: no recordings at {data} (--data or TWITCH_DATA names the folder)")
        return 0
    results = score_all(args, data)
    if args.json:
        print_json(results)
    else:
        print_files(results)
        print_summary(results)
    return 0


if __name__ == "__main__":
    scoring.run(main)
