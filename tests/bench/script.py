# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scores for signals in which more happens than twitches: what was missed, what was taken for what, and why."""

import bisect
import collections

import runs
from scoring import DETECTIONS

KINDS = ("fasciculation", "doublet", "multiplet", "unit-train", "myokymic", "high-frequency-run", "contraction",
         "cramp-like", "jerk")
WORK = ("contraction", "cramp-like")
CAUSES = ("artefact", "jerk", "work", "run", "twitch", "heart or noise")
AVOIDABLE = ("artefact", "jerk", "heart or noise")

REACH_S = 0.025                         # a report so far beside a happening still belongs to it
AFTER_S = 0.5                           # a false alarm so long after one is because of it


def overlapping(happenings, from_s, to_s, channels, before_s, after_s):
    """Those that last while or shortly before a report does, in one of its channels."""
    starts = [h.from_s for h in happenings]
    longest = 60
    i = bisect.bisect_left(starts, from_s - longest)
    while i < len(happenings) and starts[i] <= to_s + before_s:
        h = happenings[i]
        if h.to_s + after_s >= from_s and h.channels.intersection(channels):
            yield h
        i += 1


def cause(happenings, event):
    for h in overlapping(happenings, event.time_s, event.time_s, event.channels, 0.1, AFTER_S):
        if h.kind in runs.ARTEFACTS:
            return "artefact"
        if h.kind in WORK:
            return "work"
        if h.kind == "jerk":
            return "jerk"
        return "twitch" if h.kind in DETECTIONS else "run"
    return "heart or noise"


def overlap(h, event):
    return min(h.to_s, event.end_s) - max(h.from_s, event.onset_s)


def assign(happenings, reports):
    """For each happening the reports that overlap it, for each report the happening it overlaps most."""
    of_happening, of_report = collections.defaultdict(list), {}
    for k, e in enumerate(reports):
        near = list(overlapping(happenings, e.onset_s, e.end_s, e.channels, REACH_S, REACH_S))
        for h in near:
            of_happening[id(h)].append(e)
        if near:
            of_report[k] = max(near, key=lambda h: overlap(h, e))
    return of_happening, of_report


def word(h, reports):
    """What a happening was reported as: the event that covers most of it; an artefact only if there is no event."""
    events = [e for e in reports if e.kind not in runs.ARTEFACTS]
    if h.kind in runs.ARTEFACTS and len(events) < len(reports):
        return "artefact"
    if events:
        return max(events, key=lambda e: overlap(h, e)).kind
    return "artefact" if reports else "missed"


def confusion(run, detector):
    happenings, reports = run.happenings, run.reports[detector]
    of_happening, of_report = assign(happenings, reports)
    counts = collections.defaultdict(collections.Counter)
    for h in happenings:
        counts[h.kind][word(h, of_happening[id(h)])] += 1
    by_kind = {}
    for kind in KINDS:
        if not counts[kind]:
            continue
        reported = [k for k, e in enumerate(reports) if e.kind == kind]
        right = sum(k in of_report and of_report[k].kind == kind for k in reported)
        recall = counts[kind][kind] / sum(counts[kind].values())
        precision = right / len(reported) if reported else 0.0
        f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
        by_kind[kind] = {"recall": recall, "precision": precision, "f1": f1, "reported": len(reported)}
    macro = sum(b["f1"] for b in by_kind.values()) / len(by_kind)
    return {k: dict(c) for k, c in counts.items() if c}, by_kind, macro


def work_free(run, twitches):
    """Share of the seconds of muscles at work in which no twitch is reported there."""
    seconds = wrong = 0
    for h in (h for h in run.happenings if h.kind in WORK):
        taken = {int(e.time_s - h.from_s) for e in twitches
                 if h.from_s <= e.time_s < h.to_s and h.channels.intersection(e.channels)}
        seconds += max(1, round(h.to_s - h.from_s))
        wrong += len(taken)
    return 1 - wrong / seconds if seconds else 1.0


def rest_lost(run):
    """Of the time without work, trains or artefacts (each with what the chain may take around it), the share not counted."""
    channels, total_s = int(run.info["channels"]), 3600 * run.info["hours"]
    busy_s = 0.0
    for c in range(channels):
        end = 0.0
        for h in sorted((h for h in run.happenings if c in h.channels and h.kind not in DETECTIONS),
                        key=lambda h: h.from_s):
            begin, stop = max(h.from_s - 0.5, end), h.to_s + 1.0
            busy_s += max(0.0, stop - begin)
            end = max(end, stop)
    rest_s = total_s - busy_s / channels
    return max(0.0, (rest_s - 3600 * run.info["exposure_hours"]) / rest_s)


VOLUNTARY_S = 0.5                       # of contraction, in a minute: detect.h


def gate(run):
    """The rule that leaves minutes out of a rate: how well it does, and what it does to the rate."""
    work = [h for h in run.happenings if h.kind == "contraction"]
    marked, missed, wrong, rest = 0, 0, 0, 0
    for m in run.minutes:
        work_s = sum(max(0.0, min(h.to_s, m.to_s) - max(h.from_s, m.from_s)) for h in work if m.channel in h.channels)
        if work_s >= VOLUNTARY_S:
            marked += m.voluntary
            missed += not m.voluntary
        elif work_s == 0:
            wrong += m.voluntary
            rest += 1

    def rate(minutes):
        exposure_s = sum(m.exposure_s for m in minutes)
        return 60 * sum(m.twitches for m in minutes) / exposure_s if exposure_s else None
    return {
        "work_minutes": marked + missed, "work_marked": marked / max(marked + missed, 1),
        "rest_minutes": rest, "rest_marked": wrong / max(rest, 1),
        "rate_at_rest": rate([m for m in run.minutes if not m.voluntary]), "rate_of_all": rate(run.minutes),
        "true_rate": 60 * sum(h.kind in DETECTIONS for h in run.happenings) / (3600 * run.channel_hours),
    }


def score(run, detector, large_sigma):
    truths = [h for h in run.happenings if h.kind in DETECTIONS]
    twitches = run.twitches(detector)
    matched, extra = runs.match(truths, twitches)
    large = [i for i, t in enumerate(truths) if t.snr >= large_sigma]
    found = sum(i in matched for i in large)
    sensitivity = found / len(large)
    precision = found / max(found + len(extra), 1)
    causes = collections.Counter(cause(run.happenings, e) for e in extra)
    result = {
        "large": len(large), "channel_hours": run.channel_hours, "sensitivity": sensitivity, "precision": precision,
        "f1": 2 * sensitivity * precision / (sensitivity + precision) if found else 0.0,
        "false_alarms_per_hour": {c: causes[c] / run.channel_hours for c in CAUSES},
        "avoidable_per_hour": sum(causes[c] for c in AVOIDABLE) / run.channel_hours,
        "work_free": work_free(run, twitches),
    }
    if detector == "twitchd":
        result["confusion"], result["by_kind"], result["macro_f1"] = confusion(run, detector)
        result["rest_lost"] = rest_lost(run)
        result["gate"] = gate(run)
        result["notices"] = runs.notices(run, [])[1]
    return result
