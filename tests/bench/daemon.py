#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What twitchd costs and how fast it is: memory, CPU, wake-ups, latencies, and from plug to first sample.

    tests/bench/daemon.py [BUILD] [SECONDS]

One hat of this machine as tests/bus/local.py makes it, 8 channels at 1000 samples a second, on a private
bus. Each scan is written when it is due, which wakes who waits for it, as the kernel does. Latencies are from the
writing of the last scan of a twitch to the arrival of its signal in this program, behind `busctl monitor`.
"""
import importlib.machinery
import importlib.util
import os
import statistics
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/bus"))
SETTLE_SEC = 10
RSS_GOAL_KB, PRIVATE_GOAL_KB, WAKEUPS_GOAL, NOTICE_GOAL_MS, EVENT_GOAL_MS = 9 * 1024, 3 * 1024, 45, 150, 1000


def harness():
    loader = importlib.machinery.SourceFileLoader("bus_run", os.path.join(TOP, "tests/bus/run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bus_run", loader))
    loader.exec_module(module)
    return module


def memory_kb(pid):
    found = {"Rss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        for line in f:
            name = line.split(":")[0]
            if name in found:
                found[name] = int(line.split()[1])
    return found["Rss"], found["Private_Clean"] + found["Private_Dirty"]


def cpu_sec(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Arrivals:
    """When signals came: (member, id) -> CLOCK_BOOTTIME in ns."""

    def __init__(self, signals):
        self.signals, self.when = signals, {}
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        seen = 0
        while True:
            while seen < len(self.signals.got):
                _, member, data = self.signals.got[seen]
                if member in ("TwitchNoticed", "Twitch"):
                    self.when[member, data[0]] = (time.clock_gettime_ns(time.CLOCK_BOOTTIME), data[1])
                seen += 1
            time.sleep(0.001)


def latencies_ms(arrivals, member, truth):
    """truth: (boottime of the peak in us, when its last scan was written in ns)."""
    found = []
    for peak_usec, written_ns in truth:
        came = [at for (m, _), (at, peak) in arrivals.when.items()
                if m == member and abs(peak - peak_usec) < 5000]
        if came:
            found.append((min(came) - written_ns) / 1e6)
    return sorted(found)


def line(what, value, goal=""):
    print(f"bench-daemon: {what}: {value}" + (f" (goal {goal})" if goal else ""), flush=True)


def print_latencies(what, found, n, goal_ms):
    if not found:
        line(what, f"none of {n} came")
        return
    p99 = found[min(len(found) - 1, round(0.99 * (len(found) - 1)))]
    line(what, f"median {statistics.median(found):.0f} ms, p99 {p99:.0f} ms, longest {found[-1]:.0f} ms, "
         f"{len(found)} of {n}", f"p99 {goal_ms} ms")


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    run = harness()
    t = run.Fixture()
    try:
        local = run.Local(t, (0,))
        hat = local.hats[0]
        signals = t.start(run.Signals)
        plugged = time.monotonic()
        d = t.start(run.Daemon, "--config=/dev/null", tree=local.tree)
        run.eventually("the first sample", lambda: "settling" in run.states(signals, local.paths[0]))
        line("from plug to first sample", f"{1e3 * (time.monotonic() - plugged):.0f} ms")
        local.wait_running()
        time.sleep(SETTLE_SEC)

        arrivals = Arrivals(signals)
        pid = d.process.pid
        cpu, began, (_, _, woken) = cpu_sec(pid), time.monotonic(), run.process_status(pid)
        scans = []
        while time.monotonic() - began < seconds:
            scans.append((hat.scan + hat.rate_hz // 5, hat.twitch(len(scans) % 8, 200)))
            time.sleep(1.37)
        took = time.monotonic() - began
        _, _, woken_after = run.process_status(pid)
        line(f"wake-ups a second over {took:.0f} s", f"{(woken_after - woken) / took:.1f}", WAKEUPS_GOAL)
        line("CPU", f"{100 * (cpu_sec(pid) - cpu) / took:.2f} % of a core")
        rss, private = memory_kb(pid)
        line("resident", f"{rss} kB", f"{RSS_GOAL_KB} kB")
        line("private of it", f"{private} kB", f"{PRIVATE_GOAL_KB} kB")
        time.sleep(2)
        truth = [(hat.time_ns(peak) / 1e3, hat.sent_ns[last]) for peak, last in scans
                 if hat.sent_ns.get(last)]
        for what, member, goal_ms in (("notice", "TwitchNoticed", NOTICE_GOAL_MS),
                                      ("event", "Twitch", EVENT_GOAL_MS)):
            print_latencies(what + " after the last sample", latencies_ms(arrivals, member, truth),
                            len(truth), goal_ms)
    finally:
        t.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
