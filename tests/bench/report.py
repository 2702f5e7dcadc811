#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The detector against theory and its peers: makes signals with bench-detect, prints one table for each tier
and writes the same figures as JSON.
"""

import argparse
import collections
import json
import os
import statistics

import fit
import runs
import script
import scoring

RATES = (1000, 2000)
DROOP_RATES = (250, 500, 1000, 2000)
CHANNELS = 16
BOUND_LAPSES = (0,)                     # the clairvoyant has none


def show(value, pattern="{:.2f}"):
    return "-" if value is None else pattern.format(value)


def table(title, header, rows, notes=()):
    cells = [header] + [[str(c) for c in row] for row in rows]
    widths = [max(len(r[i]) for r in cells) for i in range(len(header))]
    print(f"\n{title}\n")
    for k, row in enumerate(cells):
        print("  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))))
        if k == 0:
            print("  " + "  ".join("-" * w for w in widths))
    for note in notes:
        print(f"  {note}")


def false_alarm_rate(run, detector):
    """Whatever is reported in noise alone is wrong, whatever it is called."""
    n, hours = len(run.events(detector)), run.channel_hours
    low, high = fit.poisson_interval(n)
    return {"per_hour": n / hours, "low": low / hours, "high": high / hours, "channel_hours": hours, "seed": run.seed,
            "kinds": dict(collections.Counter(e.kind for e in run.events(detector)))}


def ladder(run, found):
    counts = collections.defaultdict(lambda: [0, 0])
    for t, f in zip(run.truths, found):
        counts[t.rung_db][0] += f
        counts[t.rung_db][1] += 1
    return {r: tuple(c) for r, c in counts.items()}


def against_bound(run, detector, false_alarms, bound_run=None):
    """d90 of the detector and of the clairvoyant on the same twitches, both at 1 false alarm an hour."""
    matched, extra = runs.match(run.truths, run.twitches(detector))
    found = [i in matched for i in range(len(run.truths))]
    lams = [fit.threshold(t.crossings_hz, 1) for t in run.truths]
    seen = [t.clairvoyant >= lam for t, lam in zip(run.truths, lams)]
    counts, bound_counts = ladder(run, found), ladder(run, seen)
    d90, bound = fit.d90_db(counts), fit.d90_db(bound_counts, BOUND_LAPSES)
    pairs = collections.defaultdict(list)
    for t, f, s in zip(run.truths, found, seen):
        pairs[t.rung_db].append((f, s))
    crossings = [t.crossings_hz for t in run.truths]
    computed = fit.clairvoyant_d90_db(crossings, 1)
    achieved = max(false_alarms["per_hour"], 0.01)
    sigma_per_d = statistics.median(t.snr / fit.undb(t.rung_db) for t in run.truths)
    other = [e for e in run.events(detector) if e.kind not in runs.DETECTIONS]
    return {
        "twitches": len(run.truths), "seed": run.seed,
        "bound_computed_db": computed,
        "bound_simulated_db": bound,
        "d90_db": d90,
        "loss_db": None if d90 is None else d90 - bound,
        "loss_interval_db": fit.bootstrap_difference(pairs, fit.LAPSES, BOUND_LAPSES),
        # The same against a clairvoyant that may raise as many false alarms as the detector did.
        "loss_at_equal_alarms_db": None if d90 is None else
            d90 - bound - (fit.clairvoyant_d90_db(crossings, achieved) - computed),
        "d90_sigma": None if d90 is None else fit.undb(d90) * sigma_per_d,
        "bound_sigma": fit.undb(bound) * sigma_per_d,
        "found_by_rung": {r: k / n for r, (k, n) in sorted(counts.items())},
        "bound_by_rung": {r: k / n for r, (k, n) in sorted(bound_counts.items())},
        "extra_per_hour": len(extra) / run.channel_hours,
        "other_kinds": dict(collections.Counter(e.kind for e in other)),
        "artefacts": dict(collections.Counter(e.kind for e in run.reports[detector] if e.kind in runs.ARTEFACTS)),
    }


def tier_1(bench):
    """Quiet coloured noise, potentials nobody has told the detector of."""
    rows, rungs, notes, result = [], [], [], {}
    for rate in RATES:
        quiet = bench.run(f"t1-quiet-{rate}", "--rate", rate, "--quiet", "--seed", 1000 + rate,
                          "--seconds", bench.hours * 3600 / CHANNELS)
        alarms = false_alarm_rate(quiet, "twitchd")
        check = bench.check_bound(f"t1-bound-{rate}", "--rate", rate, "--seed", 7, "--seconds", 3600)
        expected = check["expected_per_hour"] * check["channel_hours"]
        result[f"{rate}-quiet"] = {"false_alarms": alarms, "bound_check": check}
        notes.append(f"{rate} SPS, noise only: {alarms['per_hour']:.2f} false alarms per hour and channel "
                     f"({alarms['low']:.2f} .. {alarms['high']:.2f}) in {alarms['channel_hours']:.0f} h {alarms['kinds']}")
        notes.append(f"{rate} SPS, check of the bound: at a threshold for {expected:.0f} crossings there were "
                     f"{check['crossings']:.0f}; whitened noise has variance {check['white_mean_square']:.4f}")
        for units in ("fresh", "own"):
            run = bench.run(f"t1-{units}-{rate}", "--rate", rate, "--seed", 11, "--seconds", bench.twitch_seconds,
                            *(["--fresh"] if units == "fresh" else []))
            r = against_bound(run, "twitchd", alarms)
            result[f"{rate}-{units}"] = r
            interval = r["loss_interval_db"] or (None, None)
            rows.append([f"{rate} SPS, {units} units", r["twitches"], show(r["bound_computed_db"]),
                         show(r["bound_simulated_db"]), show(r["d90_db"]), show(r["loss_db"]),
                         f"{show(interval[0])} .. {show(interval[1])}", show(r["loss_at_equal_alarms_db"]),
                         show(r["bound_sigma"], "{:.1f}"), show(r["d90_sigma"], "{:.1f}"),
                         show(r["extra_per_hour"])])
            rungs.append([f"{rate} SPS, {units}"] + [show(100 * p, "{:.1f}") for p in r["found_by_rung"].values()])
            rungs.append(["   clairvoyant"] + [show(100 * p, "{:.1f}") for p in r["bound_by_rung"].values()])
            notes.append(f"{rate} SPS, {units} units: besides twitches reported {r['other_kinds'] or 'nothing'}, "
                         f"artefacts {r['artefacts'] or 'none'}")
    table("T1: quiet coloured noise, unknown potentials; where 90 % are found at 1 false alarm per hour and channel",
          ["", "twitches", "bound dB", "simulated", "found dB", "loss dB", "95 %", "equal FA", "bound sigma",
           "found sigma", "extra/h"], rows, notes)
    table("    % found on the ladder, by 20 log10 d", [""] + [f"{r:g}" for r in r["found_by_rung"]], rungs)
    return result


LARGE_SIGMA = 12
DISTURBANCES = {
    "mains": ("--mains-uv", 100),
    "heart": ("--ecg-uv", 300),
    "drift": ("--drift-uv", 300),
}


def in_use(run, detector):
    """Sensitivity for twitches of 12 sigma and more, precision over all that was in the signal."""
    matched, extra = runs.match(run.truths, run.twitches(detector))
    large = [i for i, t in enumerate(run.truths) if t.snr >= LARGE_SIGMA]
    found = sum(i in matched for i in large)
    low, high = scoring.wilson(found, len(large))
    return {
        "large": len(large), "sensitivity": found / len(large), "sensitivity_low": low, "sensitivity_high": high,
        "precision": len(matched) / max(len(matched) + len(extra), 1),
        "extra_per_hour": len(extra) / run.channel_hours,
    }


def tier_2(bench):
    """The same with mains, heartbeat and drift; the bound is that of the noise alone."""
    rows, notes, result = [], [], {}
    for rate in RATES:
        disturbed = ["--rate", rate, "--mains-uv", 100, "--ecg-uv", 300, "--drift-uv", 300, "--peers"]
        quiet = bench.run(f"t2-quiet-{rate}", *disturbed, "--quiet", "--seed", 2000 + rate,
                          "--seconds", 0.08 * bench.hours * 3600 / CHANNELS)
        run = bench.run(f"t2-{rate}", *disturbed, "--seed", 12, "--rungs-db", "12:30",
                        "--seconds", bench.twitch_seconds)
        for detector in ("twitchd", *runs.PEERS):
            alarms = false_alarm_rate(quiet, detector)
            r = against_bound(run, detector, alarms) | in_use(run, detector) | {"false_alarms": alarms}
            result[f"{rate}-{detector}"] = r
            interval = r["loss_interval_db"] or (None, None)
            rows.append([f"{rate} SPS, {detector}", show(r["bound_simulated_db"]), show(r["d90_db"]), show(r["loss_db"]),
                         f"{show(interval[0])} .. {show(interval[1])}",
                         f"{100 * r['sensitivity']:.1f} ({100 * r['sensitivity_low']:.1f} .. "
                         f"{100 * r['sensitivity_high']:.1f})",
                         show(r["precision"], "{:.3f}"), show(r["extra_per_hour"]),
                         f"{alarms['per_hour']:.2f} ({alarms['low']:.2f} .. {alarms['high']:.2f})"])
        r = result[f"{rate}-twitchd"]
        notes.append(f"{rate} SPS: {len(run.truths)} twitches, {r['large']} of them large; twitchd reported besides "
                     f"{r['other_kinds'] or 'nothing'}, artefacts {r['artefacts'] or 'none'}; "
                     f"without twitches {r['false_alarms']['kinds'] or 'nothing'}")
        drifting = bench.run(f"t2-level-{rate}", "--rate", rate, "--quiet", "--level-max", 3, "--seed", 3000 + rate,
                             "--seconds", 0.2 * bench.hours * 3600 / CHANNELS)
        alarms = false_alarm_rate(drifting, "twitchd")
        result[f"{rate}-level"] = alarms
        notes.append(f"{rate} SPS, noise alone that grows and shrinks threefold within 1 to 3 minutes: "
                     f"{alarms['per_hour']:.2f} false alarms per hour and channel ({alarms['low']:.2f} .. {alarms['high']:.2f}) "
                     f"in {alarms['channel_hours']:.0f} h")
    for what, options in DISTURBANCES.items():
        options = ["--rate", RATES[0], *options]
        quiet = bench.run(f"t2-quiet-{what}", *options, "--quiet", "--seed", 2500, "--seconds",
                          0.08 * bench.hours * 3600 / CHANNELS)
        run = bench.run(f"t2-{what}", *options, "--seed", 14, "--rungs-db", "12:30", "--seconds",
                        0.5 * bench.twitch_seconds)
        alarms = false_alarm_rate(quiet, "twitchd")
        r = against_bound(run, "twitchd", alarms) | in_use(run, "twitchd") | {"false_alarms": alarms}
        result[what] = r
        notes.append(f"{RATES[0]} SPS, {what} alone: loss {show(r['loss_db'])} dB, of large {100 * r['sensitivity']:.1f} %, "
                     f"precision {r['precision']:.3f}, {alarms['per_hour']:.1f} false alarms per hour without twitches")
    notes.append("peers are told the mains frequency for their notches")
    table(f"T2: mains 100 uV, heart 300 uV, drift; loss to the bound without them; large means {LARGE_SIGMA} sigma and more",
          ["", "bound dB", "found dB", "loss dB", "95 %", "large found %", "precision", "extra/h", "quiet FA/h"], rows, notes)
    return result


def median_and_high(values, q):
    return scoring.quantile(values, 0.5), scoring.quantile(values, q)


def measures(bench):
    """How exact the reports are, for twitches near 15 sigma in quiet noise, and how soon they come."""
    rows, result = [], {}
    for rate in RATES:
        for units in ("fresh", "own"):
            run = bench.run(f"size-{units}-{rate}", "--rate", rate, "--seed", 13, "--rungs-db", "20:26", "--seconds",
                            bench.twitch_seconds, *(["--fresh"] if units == "fresh" else []))
            matched, _ = runs.match(run.truths, run.twitches("twitchd"))
            near = [(run.truths[i], e) for i, e in matched.items() if 14 <= run.truths[i].snr <= 16]
            bias = [e.amplitude_uv / t.amplitude_uv - 1 for t, e in near]
            size = median_and_high([abs(b) for b in bias], 0.95)
            time = median_and_high([1e3 * abs(e.time_s - t.time_s) for t, e in near], 0.95)
            late, notices = runs.notices(run, [(run.truths[i].end_s, e) for i, e in matched.items()])
            seen = [x for x in late if x is not None]
            latency = median_and_high(seen, 0.99)
            event_s = scoring.quantile([e.decided_s - run.truths[i].end_s for i, e in matched.items()], 0.5)
            result[f"{rate}-{units}"] = {
                "twitches": len(near), "amplitude_bias": scoring.quantile(bias, 0.5), "amplitude_error": size[0],
                "amplitude_error_p95": size[1], "time_error_ms": time[0], "time_error_p95_ms": time[1],
                "latency_ms": 1e3 * latency[0], "latency_p99_ms": 1e3 * latency[1],
                "latency_p99_samples": rate * latency[1], "unnoticed": 1 - len(seen) / len(late),
                "event_ms": 1e3 * event_s, "notices": notices,
            }
            rows.append([f"{rate} SPS, {units} units", len(near), f"{100 * scoring.quantile(bias, 0.5):+.1f}",
                         f"{100 * size[0]:.1f} / {100 * size[1]:.1f}", f"{time[0]:.2f} / {time[1]:.2f}",
                         f"{1e3 * latency[0]:.0f} / {1e3 * latency[1]:.0f}", f"{rate * latency[1]:.0f}",
                         f"{100 * (1 - len(seen) / len(late)):.1f}", f"{100 * notices['withdrawn']:.1f}",
                         f"{1e3 * event_s:.0f}"])
    table("Exactness at 15 sigma, and time from a twitch's end (10 % of its peak) to its notice and to its event",
          ["", "twitches", "size bias %", "size error %, median / p95", "time error ms, median / p95",
           "notice ms, median / p99", "p99 samples", "not noticed %", "withdrawn %", "event ms"], rows)
    return result


DISTURBED = ("--mains-uv", 100, "--ecg-uv", 300, "--drift-uv", 300)


def scripted(bench, tier, title, contents, seed):
    """Twitches among other things, with mains, heart and drift, and without, to see which of them do the harm."""
    rows, result, shown = [], {}, None
    for background, options in (("disturbed", DISTURBED), ("quiet", ())):
        run = bench.run(f"{tier}-{background}", contents, "--channels", 8, "--noise-uv", "1:5", "--seed", seed,
                        "--seconds", 1.5 * bench.twitch_seconds, "--peers", *options)
        for detector in ("twitchd", *runs.PEERS):
            r = result[f"{background}-{detector}"] = script.score(run, detector, LARGE_SIGMA)
            causes = r["false_alarms_per_hour"]
            rows.append([f"{background}, {detector}", show(r["sensitivity"], "{:.3f}"), show(r["precision"], "{:.3f}"),
                         show(r["f1"], "{:.3f}"), *(show(causes[c], "{:.1f}") for c in script.CAUSES),
                         show(r["avoidable_per_hour"], "{:.1f}"), show(100 * r["work_free"], "{:.1f}"),
                         show(100 * r["rest_lost"], "{:.1f}") if "rest_lost" in r else "-"])
        if background == "disturbed":
            shown = result["disturbed-twitchd"]
    table(f"{title}; F1 over twitches of {LARGE_SIGMA} sigma and more; false alarms per hour and channel by cause",
          ["", "found", "precision", "F1", *script.CAUSES, "artefact+jerk+heart", "work free %", "rest lost %"], rows,
          [f"of {r['notices']['given']} notices {background} {100 * r['notices']['withdrawn']:.1f} % were withdrawn (part of no twitch)"
           for background in ("disturbed", "quiet") for r in (result[f"{background}-twitchd"],)] +
          [f"voluntary minutes, {background}: {100 * g['work_marked']:.1f} % of {g['work_minutes']} with a contraction are marked, "
           f"{100 * g['rest_marked']:.1f} % of {g['rest_minutes']} without; {show(g['rate_at_rest'])} twitches a minute at rest, "
           f"{show(g['rate_of_all'])} over all of the exposure, {g['true_rate']:.2f} made"
           for background in ("disturbed", "quiet") for g in (result[f"{background}-twitchd"]["gate"],)] +
          [f"{shown['large']} large twitches in {shown['channel_hours']:.1f} channel-hours; work: contractions and cramps, "
           "seconds of them without a reported twitch"])
    for background in ("disturbed", "quiet"):
        r = result[f"{background}-twitchd"]
        kinds = [k for k in (*script.KINDS, *runs.ARTEFACTS) if k in r["confusion"]]
        columns = (*script.KINDS, "unclassified", "artefact", "missed")
        table(f"    {background}, twitchd: what was made (rows) is reported as (columns); macro-F1 of kinds {r['macro_f1']:.3f}",
              ["", *(c[:12] for c in columns), "recall", "precision", "F1"],
              [[k, *(r["confusion"][k].get(c, 0) or "." for c in columns),
                *(show(r["by_kind"][k][x]) if k in r["by_kind"] else "" for x in ("recall", "precision", "f1"))] for k in kinds])
    return result


def tier_3(bench):
    return scripted(bench, "t3", "T3: artefacts", "--artefacts", 15)


def tier_4(bench):
    return scripted(bench, "t4", "T4: artefacts, contractions, cramps, jerks, runs and trains", "--everything", 16)


def tier_droop(bench):
    """Through a converter with a sinc3 filter; the clairvoyant looks before it, so this is all that a rate costs."""
    rows, result = [], {}
    for rate in DROOP_RATES:
        for corrected in (False, True):
            options = ["--rate", rate, "--sinc3", *(["--correct-droop"] if corrected else [])]
            quiet = bench.run(f"droop-quiet-{rate}", *options, "--quiet", "--seed", 4000 + rate,
                              "--seconds", 0.05 * bench.hours * 3600 / CHANNELS)
            alarms = false_alarm_rate(quiet, "twitchd")
            run = bench.run(f"droop-{rate}", *options, "--fresh", "--seed", 17, "--rungs-db", "12:26",
                            "--seconds", 0.5 * bench.twitch_seconds)
            r = against_bound(run, "twitchd", alarms) | {"false_alarms": alarms}
            matched, _ = runs.match(run.truths, run.twitches("twitchd"))
            sizes = [e.amplitude_uv / run.truths[i].amplitude_uv - 1 for i, e in matched.items() if run.truths[i].snr >= 20]
            r["large"], r["size_bias"] = len(sizes), scoring.quantile(sizes, 0.5)
            result[f"{rate}-{'corrected' if corrected else 'as it is'}"] = r
            interval = r["loss_interval_db"] or (None, None)
            rows.append([f"{rate} SPS, {'corrected' if corrected else 'as it is'}", r["twitches"], show(r["bound_simulated_db"]),
                         show(r["d90_db"]), show(r["loss_db"]), f"{show(interval[0])} .. {show(interval[1])}",
                         show(r["loss_at_equal_alarms_db"]), show(alarms["per_hour"]), show(100 * r["size_bias"], "{:+.1f}")])
    table("Droop of a sinc3 converter; loss to the clairvoyant before the converter, size of twitches of 20 sigma and more",
          ["", "twitches", "bound dB", "found dB", "loss dB", "95 %", "equal FA", "quiet FA/h", "size bias %"], rows)
    return result


NOISES = {
    "steady, Gaussian": (),
    "level +-10 %, 0.2 s": ("--fluctuation", 0.1),
    "level +-20 %, 0.2 s": ("--fluctuation", 0.2),
    "level +-20 %, 3 s": ("--fluctuation", 0.2, "--fluctuation-s", 3),
    "Laplace": ("--laplace",),
}


def tier_noise(bench):
    """Does one false alarm an hour mean that in noise that is neither steady nor Gaussian?"""
    rows, result = [], {}
    for rate in RATES:
        for name, options in NOISES.items():
            run = bench.run(f"noise-{rate}-{len(result)}", *options, "--rate", rate, "--quiet", "--seed", 5000 + rate,
                            "--seconds", 0.2 * bench.hours * 3600 / CHANNELS)
            r = result[f"{rate}-{name}"] = false_alarm_rate(run, "twitchd")
            twitches = sum(e.kind in runs.DETECTIONS for e in run.events("twitchd"))
            low, high = fit.poisson_interval(twitches)
            hours = r["channel_hours"]
            rows.append([f"{rate} SPS, {name}", show(hours, "{:.0f}"), f"{show(twitches / hours)} ({show(low / hours)} .. "
                         f"{show(high / hours)})", f"{show(r['per_hour'])} ({show(r['low'])} .. {show(r['high'])})"])
    table("Kinds of noise; false alarms an hour and channel at the knob's 1 (95 %)",
          ["", "hours", "twitches", "events of any kind"], rows)
    return result


TIERS = {"noise": tier_noise, "T1": tier_1, "T2": tier_2, "size": measures, "T3": tier_3, "T4": tier_4, "droop": tier_droop}
DEFAULT_TIERS = ("T1", "T2", "size", "noise", "T3", "T4")


class Bench:
    def __init__(self, args):
        self.program = args.program
        self.folder = args.out
        self.hours = args.hours
        self.twitch_seconds = args.twitch_minutes * 60

    def run(self, name, *options):
        return runs.Run(self.program, os.path.join(self.folder, name), options)

    def check_bound(self, name, *options):
        return runs.check_bound(self.program, os.path.join(self.folder, name), options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="bench-detect, as built")
    parser.add_argument("--tiers", default=",".join(DEFAULT_TIERS), help=f"of {','.join(TIERS)} (%(default)s)")
    parser.add_argument("--hours", type=float, default=100, help="channel-hours of noise alone (%(default)g)")
    parser.add_argument("--twitch-minutes", type=float, default=45, help="with twitches, 16 channels (%(default)g)")
    parser.add_argument("--out", default="build/bench", help="folder for signals' truth, reports and JSON (%(default)s)")
    args = parser.parse_args()
    unknown = set(args.tiers.split(",")) - set(TIERS)
    if unknown:
        parser.error(f"no tier {', '.join(sorted(unknown))}")

    bench = Bench(args)
    result = {tier: TIERS[tier](bench) for tier in args.tiers.split(",")}
    path = os.path.join(args.out, "detect.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
    print(f"\n{path} has the figures.")
    return 0


if __name__ == "__main__":
    scoring.run(main)
