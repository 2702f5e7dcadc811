#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Compare reported twitches with the truth of twitch-synth.

Events are what `twitchctl monitor --json` or `twitchctl analyze --json` prints. They are matched one to one
with the truth: same channel (the event's strongest), nearest in time. Twitches below --min-snr may be
found or not, without blame.
"""

import argparse
import json

import scoring
from scoring import show


class Truth:
    def __init__(self, row):
        self.time_s = float(row["time_s"])
        self.channel = int(row["channel"])
        self.amplitude_uv = float(row["amplitude_uv"])
        self.snr = float(row["snr"])
        self.kind = row["kind"]


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--truth", required=True, metavar="CSV")
    p.add_argument("--events", required=True, metavar="JSONL", help="'-': standard input")
    p.add_argument("--clock", metavar="CSV", help="maps the boottime of monitor's events to frames")
    p.add_argument("--rate", type=float, metavar="HZ", help="frames per second, with --clock")
    p.add_argument("--min-snr", type=float, default=15, metavar="SIGMA", help="must be found from here on (15)")
    p.add_argument("--tolerance-ms", type=float, default=25, metavar="MS", help="(25)")
    p.add_argument("--from", dest="from_s", type=float, default=0, metavar="S", help="look at the signal from here")
    p.add_argument("--to", dest="to_s", type=float, metavar="S", help="to here (the end of the clock, or all)")
    p.add_argument("--json", action="store_true", help="one line for machines instead of the table")
    p.add_argument("--max-missed", type=int, metavar="N", help="exit 1 if there are more")
    p.add_argument("--max-extra", type=int, metavar="N", help="exit 1 if there are more")
    p.add_argument("--max-p95-ms", type=float, metavar="MS", help="exit 1 if the time error is larger")
    return p.parse_args()


def read_truth(path):
    try:
        return [Truth(r) for r in scoring.read_csv(path, ["time_s", "channel", "amplitude_uv", "snr", "kind"])]
    except (TypeError, ValueError) as e:
        raise scoring.Unreadable(f"{path}: {e}") from e


def errors(pairs):
    """Of times in ms, of amplitudes as a fraction of the true one."""
    times = [(e.time_s - t.time_s) * 1e3 for t, e in pairs]
    amplitudes = [e.amplitude_uv / t.amplitude_uv - 1 for t, e in pairs if e.amplitude_uv is not None]
    return {
        "time_median_ms": scoring.quantile(times, 0.5),
        "time_abs_median_ms": scoring.quantile([abs(x) for x in times], 0.5),
        "time_abs_p95_ms": scoring.quantile([abs(x) for x in times], 0.95),
        "time_abs_max_ms": max((abs(x) for x in times), default=None),
        "amplitude_median": scoring.quantile(amplitudes, 0.5),
        "amplitude_abs_p95": scoring.quantile([abs(x) for x in amplitudes], 0.95),
    }


def explain_extra(event, truths, tolerance_s):
    near = [t for t in truths if abs(t.time_s - event.time_s) <= tolerance_s]
    if any(t.channel == event.channel for t in near):
        return "a second report of one twitch"
    if near:
        return f"twitch is on channel {near[0].channel}"
    return "no twitch there"


def score(args, truths, events):
    tolerance_s = args.tolerance_ms / 1e3
    pairs = scoring.match(truths, events, tolerance_s, lambda t, e: t.channel == e.channel)
    found, used = {id(t) for t, _ in pairs}, {id(e) for _, e in pairs}
    must = [t for t in truths if t.snr >= args.min_snr]
    must_pairs = [(t, e) for t, e in pairs if t.snr >= args.min_snr]
    return {
        "truths": truths,
        "must": must,
        "pairs": pairs,
        "must_pairs": must_pairs,
        "missed": [t for t in must if id(t) not in found],
        "extra": [(e, explain_extra(e, truths, tolerance_s)) for e in events if id(e) not in used],
        "kind_right": sum(t.kind == e.kind for t, e in must_pairs),
        "errors": errors(must_pairs),
    }


def print_table(args, s, n_events, n_outside, clock):
    n_may = len(s["truths"]) - len(s["must"])
    print(f"generated  {len(s['truths']):5}   {len(s['must'])} of {args.min_snr:g} sigma or more, which must be found; "
          f"{n_may} smaller ones, which may be")
    print(f"reported   {n_events:5}   {len(s['must_pairs'])} of those that must be, "
          f"{len(s['pairs']) - len(s['must_pairs'])} of those that may be"
          + (f"; {n_outside} more outside the time looked at" if n_outside else ""))
    print(f"missed     {len(s['missed']):5}")
    print(f"extra      {len(s['extra']):5}")
    e = s["errors"]
    print("time error         ms: "
          f"median {show(e['time_median_ms'], '{:+.3f}')}, |median| {show(e['time_abs_median_ms'], '{:.3f}')}, "
          f"|p95| {show(e['time_abs_p95_ms'], '{:.3f}')}, |max| {show(e['time_abs_max_ms'], '{:.3f}')}")
    print(f"amplitude error     %: median {show(e['amplitude_median'] and e['amplitude_median'] * 100, '{:+.1f}')}, "
          f"|p95| {show(e['amplitude_abs_p95'] and e['amplitude_abs_p95'] * 100, '{:.1f}')}")
    print(f"kind right            {s['kind_right']} of {len(s['must_pairs'])}")
    if clock:
        print(f"clock                 {clock.describe()}")
    for t in s["missed"][:20]:
        print(f"  missed {t.time_s:10.4f} s  channel {t.channel}  {t.amplitude_uv:7.1f} uV  {t.snr:5.1f} sigma  {t.kind}")
    for x, why in s["extra"][:20]:
        print(f"  extra  {x.time_s:10.4f} s  channel {x.channel}  {show(x.amplitude_uv, '{:7.1f}')} uV  "
              f"snr {show(x.snr, '{:.1f}')}  {x.kind}: {why}")


def print_json(s, n_events, n_outside):
    print(json.dumps({
        "generated": len(s["truths"]), "must": len(s["must"]), "reported": n_events, "outside": n_outside,
        "matched": len(s["pairs"]), "must_matched": len(s["must_pairs"]),
        "missed": len(s["missed"]), "extra": len(s["extra"]), "kind_right": s["kind_right"], **s["errors"],
    }))


def verdict(args, s):
    """Exit status: 1 if a limit was given and is passed. A limit for times is not kept by having none."""
    p95 = s["errors"]["time_abs_p95_ms"]
    bad = (args.max_missed is not None and len(s["missed"]) > args.max_missed,
           args.max_extra is not None and len(s["extra"]) > args.max_extra,
           args.max_p95_ms is not None and (p95 is None or p95 > args.max_p95_ms))
    return 1 if any(bad) else 0


def main():
    args = parse_arguments()
    clock = scoring.make_clock(args)
    to_s = args.to_s if args.to_s is not None else clock.end_s if clock else float("inf")

    def inside(x):
        return args.from_s <= x.time_s <= to_s

    all_events = scoring.read_events(args.events, clock)
    events = [e for e in all_events if inside(e)]
    s = score(args, [t for t in read_truth(args.truth) if inside(t)], events)
    if args.json:
        print_json(s, len(events), len(all_events) - len(events))
    else:
        print_table(args, s, len(events), len(all_events) - len(events), clock)
    return verdict(args, s)


if __name__ == "__main__":
    scoring.run(main)
