# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics of detection: how often against how large, thresholds for a rate of false alarms, intervals."""

import math
import random
from statistics import NormalDist

NORMAL = NormalDist()
Z90 = NORMAL.inv_cdf(0.9)
LAPSES = (0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08)


def db(x):
    return 20 * math.log10(x)


def undb(x):
    return 10 ** (x / 20)


def threshold(crossings_hz, per_hour):
    """Level that Gaussian noise crosses upwards so often (Rice 1944), given how often it crosses zero."""
    return math.sqrt(2 * math.log(crossings_hz * 3600 / per_hour))


# The top of the filter's output is not at the true time but a little higher beside it: noise moves it. To first
# order the gain is n'^2 / (2 d) with n' standard normal, in units of the crossing rate.
GAIN_NODES = [NORMAL.inv_cdf((i + 0.5) / 40) ** 2 / 2 for i in range(40)]


def clairvoyant_pd(d, lam):
    return sum(NORMAL.cdf(d + g / d - lam) for g in GAIN_NODES) / len(GAIN_NODES)


def clairvoyant_d90_db(crossings_hz, per_hour):
    """Computed, for a mixture of potentials given by their crossing rates."""
    rates = sorted(crossings_hz)
    lams = [threshold(rates[int((i + 0.5) / 15 * len(rates))], per_hour) for i in range(15)]
    lo, hi = 3.0, 12.0
    for _ in range(40):
        mid = (lo + hi) / 2
        if sum(clairvoyant_pd(mid, lam) for lam in lams) / len(lams) < 0.9:
            lo = mid
        else:
            hi = mid
    return db(lo)


def probit(counts, lapse):
    """
    Most likely (log likelihood, a, b) of P(found) = (1 - lapse) Phi(a + b d); counts is [(d, found, n)].
    Fisher scoring; None where the data do not determine it.
    """
    a, b = -5.0, 1.0
    for _ in range(60):
        s = [[1e-9, 0.0], [0.0, 1e-9]]
        g = [0.0, 0.0]
        for d, k, n in counts:
            p0 = NORMAL.cdf(a + b * d)
            p = min(max((1 - lapse) * p0, 1e-9), 1 - 1e-9)
            slope = (1 - lapse) * NORMAL.pdf(a + b * d)
            w = slope / (p * (1 - p))
            for i, x in enumerate((1.0, d)):
                g[i] += w * (k - n * p) * x
                for j, y in enumerate((1.0, d)):
                    s[i][j] += n * w * slope * x * y
        det = s[0][0] * s[1][1] - s[0][1] ** 2
        if det <= 0:
            return None
        da = (s[1][1] * g[0] - s[0][1] * g[1]) / det
        db_ = (s[0][0] * g[1] - s[0][1] * g[0]) / det
        step = min(1.0, 1.0 / max(abs(da), 4 * abs(db_), 1e-12))
        a, b = a + step * da, b + step * db_
        if abs(da) + abs(db_) < 1e-8:
            break
    likelihood = 0.0
    for d, k, n in counts:
        p = min(max((1 - lapse) * NORMAL.cdf(a + b * d), 1e-9), 1 - 1e-9)
        likelihood += k * math.log(p) + (n - k) * math.log(1 - p)
    return likelihood, a, b


def d90_db(counts, lapses=LAPSES):
    """Where 90 % are found, in dB; counts is {rung_db: (found, n)}. None if the ladder does not reach it."""
    points = [(undb(r), k, n) for r, (k, n) in sorted(counts.items()) if n > 0]
    best = None
    for lapse in lapses:
        fit = probit(points, lapse)
        if fit and (best is None or fit[0] > best[0] + 1e-6):
            best = (*fit, lapse)
    if best is None or best[2] <= 0:
        return None
    _, a, b, lapse = best
    d = (NORMAL.inv_cdf(0.9 / (1 - lapse)) - a) / b
    return db(d) if 1 < d < undb(max(counts)) * 1.1 else None


def bootstrap_difference(pairs, first, second, rounds=200, seed=1):
    """
    95 % interval of d90 of one detector minus d90 of another on the same twitches: pairs is
    {rung_db: [(found by first, found by second), ...]}.
    """
    rng = random.Random(seed)
    differences = []
    for _ in range(rounds):
        a, b = {}, {}
        for rung, items in pairs.items():
            drawn = rng.choices(items, k=len(items))
            a[rung] = (sum(x for x, _ in drawn), len(drawn))
            b[rung] = (sum(y for _, y in drawn), len(drawn))
        x, y = d90_db(a, first), d90_db(b, second)
        if x is not None and y is not None:
            differences.append(x - y)
    if len(differences) < rounds / 2:
        return None
    differences.sort()
    return differences[int(0.025 * len(differences))], differences[int(0.975 * len(differences))]


def poisson_interval(n):
    """95 % interval of the mean of a Poisson count (Garwood 1936, by bisection)."""
    def tail(mean, k):                  # P(X <= k)
        term = total = math.exp(-mean)
        for i in range(1, k + 1):
            term *= mean / i
            total += term
        return total

    def solve(f):
        lo, hi = 0.0, 2 * n + 20.0
        for _ in range(60):
            mid = (lo + hi) / 2
            lo, hi = (mid, hi) if f(mid) else (lo, mid)
        return lo

    if n > 500:
        return n - 1.96 * math.sqrt(n), n + 1.96 * math.sqrt(n) + 2
    low = 0.0 if n == 0 else solve(lambda m: 1 - tail(m, n - 1) < 0.025)
    return low, solve(lambda m: tail(m, n) > 0.025)
