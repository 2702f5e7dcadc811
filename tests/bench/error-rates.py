#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the detector's error rates, as tests/bench/report.py left them, into a C header for the report."""
import argparse
import json
import sys

from report import LARGE_SIGMA, RATES

HEAD = """/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Error rates of the detector on signals that were made up, as page 2 of the report prints them. Written by
 *
 *      make error-rates BENCH_HOURS={hours:g} BENCH_MINUTES={minutes:g}
 *
 * from tiers T1 and T2 of `make bench-detect`. That is, at each sampling rate: {alone:.0f} channel-hours
 * of noise alone, {twitches} twitches in such noise, {disturbed:.1f} channel-hours with mains (100 uV),
 * heartbeat (300 uV) and drift, and {twitches_disturbed} twitches in these.
 * Seeds, in this order: {seeds}.
 */
#pragma once

#define ERROR_RATES_LARGE_SIGMA {large}

typedef struct ErrorRates {{
        unsigned rate_hz;
        double alone[3];                /* false alarms an hour and channel in noise alone; 95 % */
        double alone_hours;
        double found_from_sigma;        /* peak by noise, from which 90 % of the twitches are found */
        double disturbed[3];            /* false alarms with mains, heartbeat and drift; 95 % */
        double disturbed_hours;
        double large_percent[3];        /* found there of those of ERROR_RATES_LARGE_SIGMA and more; 95 % */
        double precision_percent;       /* of all that was reported there */
}} ErrorRates;

static const ErrorRates error_rates[] = {{
"""

ROW = """        {{
                .rate_hz = {rate},
                .alone = {{ {alone[per_hour]:.2f}, {alone[low]:.2f}, {alone[high]:.2f} }},
                .alone_hours = {alone[channel_hours]:.0f},
                .found_from_sigma = {sigma:.1f},
                .disturbed = {{ {there[per_hour]:.2f}, {there[low]:.2f}, {there[high]:.2f} }},
                .disturbed_hours = {there[channel_hours]:.1f},
                .large_percent = {{ {large[0]:.1f}, {large[1]:.1f}, {large[2]:.1f} }},
                .precision_percent = {precision:.1f},
        }},
"""


def write(bench, hours, minutes, out):
    alone = [bench["T1"][f"{rate}-quiet"]["false_alarms"] for rate in RATES]
    fresh = [bench["T1"][f"{rate}-fresh"] for rate in RATES]
    there = [bench["T2"][f"{rate}-twitchd"] for rate in RATES]
    disturbed = [r["false_alarms"] for r in there]
    seeds = "; ".join(", ".join(str(r["seed"]) for r in rate)
                      for rate in zip(alone, fresh, disturbed, there))
    out.write(HEAD.format(hours=hours, minutes=minutes, large=LARGE_SIGMA, alone=alone[0]["channel_hours"],
                          disturbed=disturbed[0]["channel_hours"], twitches=fresh[0]["twitches"],
                          twitches_disturbed=there[0]["twitches"], seeds=seeds))
    for i, rate in enumerate(RATES):
        large = [100 * there[i][k] for k in ("sensitivity", "sensitivity_low", "sensitivity_high")]
        out.write(ROW.format(rate=rate, alone=alone[i], sigma=fresh[i]["d90_sigma"], there=disturbed[i],
                             large=large, precision=100 * there[i]["precision"]))
    out.write("};\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", help="detect.json, as report.py wrote it")
    parser.add_argument("header", help="to write")
    parser.add_argument("--hours", type=float, required=True, help="that report.py was told")
    parser.add_argument("--minutes", type=float, required=True, help="that report.py was told")
    args = parser.parse_args()
    with open(args.bench, encoding="utf-8") as f:
        bench = json.load(f)
    if not {"T1", "T2"} <= bench.keys():
        sys.exit(f"{args.bench} is without T1 and T2: make error-rates runs both")
    with open(args.header, "w", encoding="utf-8") as out:
        write(bench, args.hours, args.minutes, out)


if __name__ == "__main__":
    main()
