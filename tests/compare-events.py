#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Two lists of events side by side: for example those of `twitchctl monitor --json`, while a recording was
played to the simulated hat, and those of `twitchctl analyze --json` for the recording itself.
"""

import argparse
import json

import scoring
from scoring import show


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("a", metavar="A.jsonl")
    p.add_argument("b", metavar="B.jsonl")
    p.add_argument("--clock", metavar="CSV", help="maps the boottime of monitor's events to frames")
    p.add_argument("--rate", type=float, metavar="HZ", help="frames per second, with --clock")
    p.add_argument("--tolerance-ms", type=float, default=2, metavar="MS", help="(2)")
    p.add_argument("--from", dest="from_s", type=float, default=0, metavar="S", help="look at the signal from here")
    p.add_argument("--to", dest="to_s", type=float, metavar="S", help="to here (the end of the clock, or all)")
    p.add_argument("--json", action="store_true", help="one line for machines instead of the table")
    p.add_argument("--max-unpaired", type=int, metavar="N", help="exit 1 if there are more")
    return p.parse_args()


def describe(e):
    if e is None:
        return f"{'-':>10}"
    return f"{e.time_s:10.4f} {e.channel:3} {e.kind:14} {show(e.amplitude_uv, '{:7.1f}')} uV"


def print_table(pairs, only_a, only_b):
    rows = sorted([(a, b) for a, b in pairs] + [(a, None) for a in only_a] + [(None, b) for b in only_b],
                  key=lambda r: (r[0] or r[1]).time_s)
    print(f"{'A: time s':>10} {'ch':>3} {'kind':14} {'amplitude':>10}  |  {'B: time s':>10} {'ch':>3} {'kind':14} {'amplitude':>10}  "
          "|  A - B ms")
    for a, b in rows:
        difference = f"{(a.time_s - b.time_s) * 1e3:+8.3f}" if a and b else "    alone"
        print(f"{describe(a):42} |  {describe(b):42} | {difference}")


def main():
    args = parse_arguments()
    clock = scoring.make_clock(args)
    to_s = args.to_s if args.to_s is not None else clock.end_s if clock else float("inf")
    a, b = ([e for e in scoring.read_events(path, clock) if args.from_s <= e.time_s <= to_s]
            for path in (args.a, args.b))

    pairs = scoring.match(a, b, args.tolerance_ms / 1e3, lambda x, y: x.channel == y.channel)
    only_a = [e for e in a if not any(e is x for x, _ in pairs)]
    only_b = [e for e in b if not any(e is y for _, y in pairs)]
    distances = [abs(x.time_s - y.time_s) * 1e3 for x, y in pairs]
    same_kind = sum(x.kind == y.kind for x, y in pairs)

    if args.json:
        print(json.dumps({"a": len(a), "b": len(b), "paired": len(pairs), "same_kind": same_kind,
                          "only_a": len(only_a), "only_b": len(only_b),
                          "time_abs_p95_ms": scoring.quantile(distances, 0.95)}))
    else:
        print_table(pairs, only_a, only_b)
        print(f"{len(pairs)} pair up within {args.tolerance_ms:g} ms ({same_kind} of the same kind), {len(only_a)} only in A, "
              f"{len(only_b)} only in B; |A - B| p95 {show(scoring.quantile(distances, 0.95), '{:.3f}')} ms")
        if clock:
            print(f"clock: {clock.describe()}")
    return 1 if args.max_unpaired is not None and len(only_a) + len(only_b) > args.max_unpaired else 0


if __name__ == "__main__":
    scoring.run(main)
