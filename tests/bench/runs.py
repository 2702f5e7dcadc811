# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of bench-detect: what was in the signal, what was reported, which of them belong together."""

import bisect
import collections
import csv
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from scoring import DETECTIONS, Unreadable  # noqa: E402

TOLERANCE_S = 0.025
PEERS = ("threshold-6-sigma", "spiqe-style", "tkeo")
ARTEFACTS = ("motion", "lead-off", "saturation", "common", "spike", "ecg", "mains", "gap")


class Truth:
    def __init__(self, row):
        self.time_s = float(row["time_s"])
        self.end_s = float(row["end_s"])
        self.channel = int(row["channel"])
        self.channels = {self.channel}
        self.unit = int(row["unit"])
        self.kind = row["kind"]
        self.rung_db = float(row["rung_db"])
        self.amplitude_uv = float(row["amplitude_uv"])
        self.snr = float(row["snr"])
        self.crossings_hz = float(row["crossings_hz"])
        self.clairvoyant = float(row["clairvoyant"])


class Happening:
    """What a script put into the signal: a twitch of any kind, a muscle at work, an artefact."""

    def __init__(self, row):
        self.kind = row["kind"]
        self.time_s = float(row["time_s"])
        self.from_s = float(row["from_s"])
        self.to_s = float(row["to_s"])
        first = int(row["first_channel"])
        self.channels = set(range(first, first + int(row["n_channels"])))
        self.amplitude_uv = float(row["amplitude_uv"])
        self.snr = float(row["snr"])


class Minute:
    def __init__(self, row):
        self.channel = int(row["channel"])
        self.from_s = float(row["from_s"])
        self.to_s = float(row["to_s"])
        self.exposure_s = float(row["exposure_s"])
        self.twitches = int(row["twitches"])
        self.voluntary = row["voluntary"] == "1"


class Event:
    def __init__(self, row):
        self.detector = row["detector"]
        self.kind = row["kind"]
        self.time_s = float(row["time_s"])
        self.onset_s = float(row["onset_s"])
        self.end_s = float(row["end_s"])
        self.decided_s = float(row["decided_s"])
        self.channels = [int(c) for c in row["channels"].split()]
        self.amplitude_uv = float(row["amplitude_uv"])
        self.snr = float(row["snr"])
        self.discharges = int(row["discharges"])
        self.id = int(row["id"])
        self.merged = [int(i) for i in row["merged"].split()]


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def match(truths, events, tolerance_s=TOLERANCE_S):
    """One to one, nearest in time first, in a channel of the event: {index of truth: event}, events left over."""
    times = [t.time_s for t in truths]
    pairs = []
    for k, e in enumerate(events):
        i = bisect.bisect_left(times, e.time_s - tolerance_s)
        while i < len(times) and times[i] <= e.time_s + tolerance_s:
            if truths[i].channels.intersection(e.channels):
                pairs.append((abs(times[i] - e.time_s), i, k))
            i += 1
    matched, taken = {}, set()
    for _, i, k in sorted(pairs):
        if i not in matched and k not in taken:
            matched[i] = events[k]
            taken.add(k)
    return matched, [e for k, e in enumerate(events) if k not in taken]


class Run:
    def __init__(self, program, folder, options):
        os.makedirs(folder, exist_ok=True)
        command = [program, "--out", folder] + [str(o) for o in options]
        if subprocess.run(command, check=False).returncode != 0:
            raise Unreadable(f"'{' '.join(command)}' failed")
        self.seed = options[options.index("--seed") + 1]
        self.info = {k: float(v) for k, v in read(f"{folder}/run.csv")[0].items()}
        self.truths = sorted((Truth(r) for r in read(f"{folder}/truth.csv")), key=lambda t: t.time_s)
        self.happenings = sorted((Happening(r) for r in read(f"{folder}/happenings.csv")), key=lambda h: h.time_s)
        self.minutes = [Minute(r) for r in read(f"{folder}/minutes.csv")]
        self.reports = collections.defaultdict(list)
        self.notices = {}               # by id
        for row in read(f"{folder}/events.csv"):
            event = Event(row)
            if event.kind == "notice":
                self.notices[event.id] = event
            else:
                self.reports[row["detector"]].append(event)

    @property
    def channel_hours(self):
        return self.info["hours"] * self.info["channels"]

    def twitches(self, detector):
        return [e for e in self.reports[detector] if e.kind in DETECTIONS]

    def events(self, detector):
        return [e for e in self.reports[detector] if e.kind not in ARTEFACTS]


def notices(run, matched):
    """How soon twitches that were found were noticed (None: not at all), and what became of notices."""
    late = []
    for truth_end_s, event in matched:
        ids = [i for i in (event.id, *event.merged) if i in run.notices]
        late.append(min(run.notices[i].decided_s for i in ids) - truth_end_s if ids else None)
    answers = collections.Counter()
    for e in run.reports["twitchd"]:
        own = e.id in run.notices
        answers[e.kind] += own + len(e.merged)
        if own and e.kind in DETECTIONS:
            answers["kept"] += 1
    given = len(run.notices)
    return late, {"given": given, "kept": answers["kept"], "answered": sum(answers.values()) - answers["kept"],
                  "withdrawn": 1 - answers["kept"] / given if given else 0.0}


def check_bound(program, folder, options):
    os.makedirs(folder, exist_ok=True)
    command = [program, "--check-bound", "--out", folder] + [str(o) for o in options]
    if subprocess.run(command, check=False).returncode != 0:
        raise Unreadable(f"'{' '.join(command)}' failed")
    return {k: float(v) for k, v in read(f"{folder}/bound.csv")[0].items()}
