#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a command, its output thrown away, and print how long it took, the time of the processor and its most memory.

    tests/bench/measure.py NAME COMMAND...
"""
import os
import subprocess
import sys
import time


def memory_kib(pid):
    """The most so far. That of wait4() would count what this program had when it forked."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmHWM:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    start, most_kib = time.monotonic(), 0
    with subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
        while True:
            most_kib = max(most_kib, memory_kib(p.pid))
            pid, status, used = os.wait4(p.pid, os.WNOHANG)
            if pid:
                p.returncode = os.waitstatus_to_exitcode(status)
                break
            time.sleep(0.01)
    print(f"{sys.argv[1]} in {time.monotonic() - start:.3f} s ({used.ru_utime + used.ru_stime:.3f} s of processor), "
          f"{most_kib / 1024:.1f} MiB at most")
    sys.exit(p.returncode)


main()
