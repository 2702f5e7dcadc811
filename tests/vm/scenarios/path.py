#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `path`: what was reported against what was generated (measure 2)."""
import subprocess
import sys


def check(folder):
    return subprocess.run(["tests/score.py", "--truth", f"{folder}/truth.csv", "--events", f"{folder}/events.jsonl",
                           "--clock", f"{folder}/clock.csv", "--rate", "1000", "--min-snr", "15",
                           "--max-missed", "0", "--max-extra", "2", "--max-p95-ms", "2"],
                          stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(check(sys.argv[2]) if sys.argv[1] == "check" else 0)
