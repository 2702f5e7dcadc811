# SPDX-License-Identifier: LGPL-2.1-or-later
"""What page 1 of the report must say, computed from the tables of a history and nothing else."""
import collections
import datetime
import math
import sqlite3
import statistics

TWITCHES = ("fasciculation", "doublet", "multiplet")
RUNS = ("myokymic", "high-frequency-run", "unit-train")
BARS = 60               # of a day
QUIET_SHARE = 0.8       # of the sessions and sites can see twitches from the common floor on
HOUR_REST_MIN = 5

Part = collections.namedtuple("Part", "session channel site rest_min length_min twitches floor_uv")


def quantile(values, share):
    """Type 7 of Hyndman & Fan, as in statistics.quantiles(method="inclusive")"""
    values = sorted(values)
    at = share * (len(values) - 1)
    low = math.floor(at)
    return values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def middle_half(values):
    return f"{quantile(values, 0.5):.2f} [{quantile(values, 0.25):.2f}-{quantile(values, 0.75):.2f}]"


def step_above(uv):
    return math.ceil(20 * math.log10(uv) - 1e-9)


class Page1:
    """Of the sessions that began from one moment up to another (UTC, microseconds)."""
    def __init__(self, path, start, end):
        self.db = sqlite3.connect(path)
        self.period = (start, end)
        self.sessions = {row[0]: row for row in self.ask(
            "SELECT id, start_usec, end_usec, utc_offset_s FROM session WHERE NOT excluded"
            " AND start_usec >= ? AND start_usec < ?"
            " AND id IN (SELECT session FROM hour WHERE rest_usec > 0) ORDER BY start_usec", *self.period)}
        self.parts = [Part(*row) for row in self.ask(
            "SELECT session, channel, site, sum(rest_usec) / 6e7, sum(length_usec) / 6e7,"
            " sum(rest_twitches), sum(floor_nv_sum) / 1e3 / sum(floor_minutes)"
            " FROM hour JOIN placement USING (session, channel) GROUP BY session, channel")
            if row[0] in self.sessions]
        self.step = step_above(quantile([p.floor_uv for p in self.parts], QUIET_SHARE))
        self.above = {(p.session, p.channel): self.count(p, TWITCHES, self.step) for p in self.parts}
        self.noisy = {p.session for p in self.parts if step_above(p.floor_uv) > self.step}

    def ask(self, query, *args):
        return self.db.execute(query, args).fetchall()

    def count(self, part, kinds, step=0):
        return self.ask(f"SELECT coalesce(sum(n), 0) FROM size_histogram WHERE kind IN {kinds}"
                        " AND session = ? AND channel = ? AND size_db >= ?",
                        part.session, part.channel, step)[0][0]

    def local(self, usec, offset_s):
        return datetime.datetime.fromtimestamp(usec / 1e6 + offset_s, datetime.timezone.utc)

    def days(self):
        return list(dict.fromkeys(f"{self.local(s[1], s[3]):%m-%d}" for s in self.sessions.values()))

    def sufficiency(self):
        n_days = round((self.period[1] - self.period[0]) / 86400e6)
        excluded, = self.ask("SELECT count(*) FROM session WHERE excluded AND start_usec >= ?"
                             " AND start_usec < ?", *self.period)[0]
        length, rest = sum(p.length_min for p in self.parts), sum(p.rest_min for p in self.parts)
        causes = collections.Counter()
        for session, cause, minutes in self.ask(
                "SELECT session, cause, excluded_usec / 6e7 FROM hour_excluded"):
            causes[cause] += minutes * (session in self.sessions)
        floors = [p.floor_uv for p in self.parts]
        return [
            f"Measured on {len(self.days())} of {n_days} days, in {len(self.sessions)} sessions"
            f" ({len(self.noisy)} noisy, {excluded} taken out by the person).",
            "Usable rest: " + ", ".join(f"{s} {sum(p.rest_min for p in self.parts if p.site == s):.0f} min"
                                        for s in self.sites()),
            f"Not usable: {length - rest:.0f} of {length:.0f} channel-minutes: "
            + ", ".join(f"{cause} {minutes:.0f}" for cause, minutes in causes.most_common(4) if minutes),
            f"found 9 times in 10): {min(floors):.0f} to {max(floors):.0f} uV; rates count from"
            f" {10 ** (self.step / 20):.0f} uV.",
        ]

    def rates(self, site):
        return [self.above[p[:2]] / p.rest_min for p in self.parts
                if p.site == site and step_above(p.floor_uv) <= self.step]

    def sites(self):
        return sorted({p.site for p in self.parts}, key=lambda s: -statistics.median(self.rates(s)))

    def sizes(self, parts):
        """Quartiles from the histogram: the middle of the step in which each lies"""
        found = collections.Counter()
        for p in parts:
            for size, n in self.ask(f"SELECT size_db, n FROM size_histogram WHERE kind IN {TWITCHES}"
                                    " AND size_db >= ? AND session = ? AND channel = ?",
                                    self.step, p.session, p.channel):
                found[size] += n
        sizes = sorted(found.elements())
        return [10 ** ((sizes[math.ceil(share * len(sizes)) - 1] + 0.5) / 20) for share in (0.25, 0.5, 0.75)]

    def interval_s(self, parts):
        gaps = []
        for p in parts:
            times = [row[0] for row in self.ask(
                f"SELECT boottime_usec FROM event WHERE kind IN {TWITCHES} AND session = ? AND channel = ?"
                " ORDER BY 1", p.session, p.channel)]
            gaps += [b - a for a, b in zip(times, times[1:])]
        return statistics.median(gaps) / 1e6

    def table(self):
        for site in self.sites():
            parts = [p for p in self.parts if p.site == site]
            rates, sizes = self.rates(site), self.sizes(parts)
            twitches = sum(self.above[p[:2]] for p in parts)
            several = sum(self.count(p, TWITCHES[1:], self.step) for p in parts)
            yield (f"{site} {middle_half(rates)}"
                   f" {min(rates):.2f}-{max(rates):.2f} {sizes[1]:.0f} [{sizes[0]:.0f}-{sizes[2]:.0f}]"
                   f" {100 * several / twitches:.0f} {sum(self.count(p, RUNS) for p in parts)}"
                   f" {self.interval_s(parts):.1f} {len(parts)}")

    def largest(self):
        events, rest = collections.Counter(), collections.Counter()
        for p in self.parts:
            events[p.session] += self.above[p[:2]]
            rest[p.session] += p.rest_min
        return 2 * max(events[s] / rest[s] for s in self.sessions if s not in self.noisy)

    def hour_rates(self):
        """Of each session in each hour: of its twitches there the share above the floor, by its rest."""
        events, rest, all_rest = collections.Counter(), collections.Counter(), collections.Counter()
        share = {p[:2]: self.above[p[:2]] / p.twitches for p in self.parts}
        for session, channel, hour, usec, twitches in self.ask(
                "SELECT session, channel, (start_usec / 1000000 + utc_offset_s) / 3600 % 24, rest_usec,"
                " rest_twitches FROM hour"):
            if session in self.sessions and session not in self.noisy:
                events[hour, session] += twitches * share[session, channel]
                rest[hour, session] += usec / 6e7
                all_rest[session] += usec / 6e7
        rates = collections.defaultdict(list)
        for (hour, session), minutes in rest.items():
            if minutes > 0 and minutes >= min(HOUR_REST_MIN, all_rest[session] / 2):
                rates[hour].append(events[hour, session] / minutes)
        return rates

    def hours(self):
        words = []
        for hour, r in sorted(self.hour_rates().items()):
            words.append(f"{hour:02} h {middle_half(r)} ({len(r)})" if len(r) >= 5
                         else f"{hour:02} h ({len(r)})")
        return "Hours with sessions: " + ", ".join(words)

    def highest_bar(self):
        """One session a day"""
        bars = collections.Counter()
        for session, start, end, _ in self.sessions.values():
            for at, in self.ask("SELECT boottime_usec - start_boottime_usec FROM event e JOIN session s"
                                f" ON s.id = e.session WHERE e.kind IN {TWITCHES} AND s.id = ?", session):
                bars[session, int(at / (end - start) * BARS)] += 1
        return max(bars.values())

    def says(self):
        """Everything with a number in it, from top to bottom"""
        first, last = self.local(self.period[0], 7200), self.local(self.period[1] - 1, 3600)
        n_days = (last.date() - first.date()).days + 1
        site = self.sites()[0]
        every_day = [f"{first + datetime.timedelta(days=k):%m-%d}" for k in range(n_days)]
        largest_hour = 1.05 * max(rate for rates in self.hour_rates().values() for rate in rates)
        return [
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d} ({n_days} days)",
            f"twitchd {self.ask('SELECT version FROM software ORDER BY id DESC')[0][0]}, device",
            *self.sufficiency(),
            "a minute [25-75 %]", "uV [25-75 %]",
            *self.table(),
            f"Most twitches a minute: {site} (median {quantile(self.rates(site), 0.5):.2f}).",
            "line: 95 %", f"{self.largest():.3g} 0 " + " ".join(every_day),
            "from 5 sessions on", f"{largest_hour:.3g} 0 0 h 3 h 6 h 9 h 12 h 15 h 18 h 21 h 24 h",
            self.hours(),
            f"up to {self.highest_bar()} in a bar",
            " ".join(self.days()),
        ]
