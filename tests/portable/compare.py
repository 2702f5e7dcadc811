#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What replay printed on two machines. Every operation of the detector on samples is rounded alike everywhere; what may
differ is the last digit of the C library's sines, logarithms and the like. So the words have to be the same, in the same
order, and the numbers to 1e-5 of their size: of times, in frames, to 0.001.
"""

import sys

RELATIVE = 1e-5
FRAMES = 1e-3
N_TIMES = {"event": 3, "artefact": 2, "notice": 1, "channel": 0}
N_WORDS = 4                             # what, kind, channels, discharges


def read(path):
    with open(path, encoding="ascii") as f:
        return [line.split() for line in f]


def main():
    if len(sys.argv) != 3:
        sys.exit("compare.py HERE THERE")
    here, there = read(sys.argv[1]), read(sys.argv[2])
    if len(here) != len(there):
        sys.exit(f"{len(here)} lines against {len(there)}")
    if not any(a[0] == "event" for a in here):
        sys.exit("no events: nothing is compared")

    worst, same = 0.0, 0
    for a, b in zip(here, there):
        if a[:N_WORDS] != b[:N_WORDS] or len(a) != len(b):
            sys.exit(f"'{' '.join(a)}' against '{' '.join(b)}'")
        same += a == b
        for i, (x, y) in enumerate(zip(map(float, a[N_WORDS:]), map(float, b[N_WORDS:]))):
            if x == y:
                continue
            limit = FRAMES if i < N_TIMES[a[0]] else RELATIVE * abs(x)
            worst = max(worst, abs(x - y) / limit)
    print(f"{same} of {len(here)} lines are the same to the last digit, the largest difference is {worst:.2g} of what is allowed")
    if not worst <= 1:
        sys.exit("too much")


if __name__ == "__main__":
    main()
