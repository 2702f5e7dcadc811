# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scorers share: lists of events, the clock of a simulated hat, one-to-one matching, figures."""

import csv
import json
import math
import sys

# Kinds that are detections of a twitch (design: "discharges of one unit ... are one event")
DETECTIONS = ("fasciculation", "doublet", "multiplet")

CLOCK_JITTER_S = 0.001          # points of the clock this near to a straight line lie on it
CLOCK_ON_LINE = 0.8             # share of the points that must, for the line to be used


class Unreadable(Exception):
    """The input cannot be used; the text is for a person."""


def run(main):
    """Call main() for the exit status; what is wrong with the input is one line and exit status 2."""
    try:
        sys.exit(main())
    except Unreadable as e:
        print(f"{sys.argv[0]}: {e}", file=sys.stderr)
        sys.exit(2)


def open_text(path):
    try:
        return sys.stdin if path == "-" else open(path, encoding="utf-8", newline="")
    except OSError as e:
        raise Unreadable(f"{path}: {e.strerror}") from e


def read_csv(path, columns):
    """Rows of a CSV file as dictionaries; it must have the named columns."""
    with open_text(path) as f:
        reader = csv.DictReader(f)
        missing = [c for c in columns if c not in (reader.fieldnames or [])]
        if missing:
            raise Unreadable(f"{path}: no column '{missing[0]}'")
        return list(reader)


def fit_line(points):
    """Least squares: mean x, mean y, slope."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    var = sum((x - mean_x) ** 2 for x, _ in points)
    return mean_x, mean_y, sum((x - mean_x) * (y - mean_y) for x, y in points) / var if var > 0 else 1.0


class Clock:
    """From CLOCK_BOOTTIME to seconds of the signal: where frame/rate is, when converted at a given time."""

    def __init__(self, path, rate_hz):
        rows = read_csv(path, ["frame", "boottime_ns"])
        try:
            self.points = sorted((int(r["boottime_ns"]) / 1e9, int(r["frame"]) / rate_hz) for r in rows)
        except (TypeError, ValueError) as e:
            raise Unreadable(f"{path}: {e}") from e
        if len(self.points) < 2 or self.points[0][0] == self.points[-1][0]:
            raise Unreadable(f"{path}: {len(self.points)} points are too few, was the device converting?")
        self.end_s = self.points[-1][1]
        self._fit()

    def _fit(self):
        """
        A straight line if nearly all points lie on one: the oscillator is steady, single edges come late. Else
        from point to point, as when the writer was too slow once and the frames behind are shifted.
        """
        points = self.points
        for _ in range(5):
            mean_t, mean_s, slope = fit_line(points)
            off = [abs(mean_s + slope * (t - mean_t) - s) for t, s in points]
            limit = max(CLOCK_JITTER_S, 3 * quantile(off, 0.5))
            points = [p for p, o in zip(points, off) if o <= limit]
        self.slope = slope
        off = [abs(mean_s + slope * (t - mean_t) - s) for t, s in self.points]
        on_line = sum(o <= CLOCK_JITTER_S for o in off)
        self.worst_s = max(off)
        self.line = (mean_t, mean_s, slope) if on_line >= CLOCK_ON_LINE * len(off) else None

    def seconds(self, boottime_s):
        if self.line:
            mean_t, mean_s, slope = self.line
            return mean_s + slope * (boottime_s - mean_t)
        i = 1
        while i < len(self.points) - 1 and self.points[i][0] < boottime_s:
            i += 1
        (t0, s0), (t1, s1) = self.points[i - 1], self.points[i]
        return s0 + (s1 - s0) * (boottime_s - t0) / (t1 - t0)

    def describe(self):
        how = "a line" if self.line else "from point to point"
        return (f"{len(self.points)} points, {how}, off a line by at most {self.worst_s * 1e3:.2f} ms, "
                f"oscillator {(self.slope - 1) * 1e6:+.0f} ppm")


class Event:
    """One detection: time in seconds of the signal, channels with the strongest first."""

    def __init__(self, record, time_s):
        self.time_s = time_s
        self.kind = record["kind"]
        self.channels = record["channels"]
        self.channel = self.channels[0]
        self.amplitude_uv = record.get("amplitude_uv")
        self.snr = record.get("snr")
        self.discharges = record.get("discharges", 1)


def event_time(record, clock):
    if "time" in record:
        return float(record["time"])
    if clock is None:
        raise Unreadable("events have a boottime and no time: --clock and --rate are needed")
    return clock.seconds(record["boottime_usec"] / 1e6)


def parse_events(lines, name, clock=None, kinds=DETECTIONS):
    """Events from lines of JSON, in order of time; other objects (artefacts, summaries) are left out."""
    events = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if record.get("type") == "event" and record["kind"] in kinds:
                events.append(Event(record, event_time(record, clock)))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as e:
            raise Unreadable(f"{name}, line {number}: not an event as twitchctl prints it ({e!r})") from e
    return sorted(events, key=lambda e: e.time_s)


def read_events(path, clock=None, kinds=DETECTIONS):
    with open_text(path) as f:
        return parse_events(f, path, clock, kinds)


def make_clock(args):
    if not args.clock:
        return None
    if not args.rate:
        raise Unreadable("--clock needs --rate, the frames per second of the signal")
    return Clock(args.clock, args.rate)


def match(truths, events, tolerance_s, same):
    """
    One-to-one, nearest in time first: list of (truth, event). same(truth, event) says whether the two can
    belong together; tolerance_s is a number or a function of the truth.
    """
    tolerance = tolerance_s if callable(tolerance_s) else lambda _: tolerance_s
    pairs = []
    for i, t in enumerate(truths):
        for k, e in enumerate(events):
            distance = abs(e.time_s - t.time_s)
            # Times are decimals: a distance of just the tolerance must not fall to the binary fraction.
            if distance <= tolerance(t) + 1e-9 and same(t, e):
                pairs.append((distance, i, k))
    taken_truths, taken_events, result = set(), set(), []
    for _, i, k in sorted(pairs):
        if i not in taken_truths and k not in taken_events:
            taken_truths.add(i)
            taken_events.add(k)
            result.append((truths[i], events[k]))
    return result


def quantile(values, q):
    """Linear between the order statistics; None of nothing."""
    if not values:
        return None
    v = sorted(values)
    at = q * (len(v) - 1)
    low = math.floor(at)
    high = min(low + 1, len(v) - 1)
    return v[low] + (v[high] - v[low]) * (at - low)


def wilson(hits, n, z=1.96):
    """95 % interval of a proportion (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def show(value, pattern="{:.2f}"):
    return "-" if value is None else pattern.format(value)
