#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is kept: recordings after kills, replay beside the live run, and what the service takes for it.

    tests/bench/record.py BUILD WHAT NUMBER [SEED]
        kills N         SIGKILLs of a recording: MNE reads at once; MNE and EDFlib after the repair (needs python3-mne)
        replay MINUTES  a recording of so many minutes, analysed: the events of the live run?
        memory MINUTES  resident memory with history and recording, then in a storm of events
        snapshot EVENTS copies of a history of so many events while a hat streams: how long, and was a scan lost?
        rest MINUTES    bytes written to disk in a day in which nothing happens

One emulated hat, 8 channels at 1000 samples a second, in real time on a private bus. EDFlib reads in twitch-play.
Status 1 when a file cannot be read, or something is not as it was.
"""
import importlib.machinery
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/bus"))
SETTLE_SEC, LEAD_SEC = 10, 5
RSS_GOAL_KB = 12 * 1024
STORM_PER_SEC = 50
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1     # runs of kills with different seeds can be added up
SNAPSHOTS = 10
APART_MS = 1.0          # annotations and events agree so well
LOST_SEC = 1.0          # no event that was told on the bus longer before a kill may be lost
MNE = """
import sys, warnings, mne
warnings.simplefilter("ignore")
mne.set_log_level("ERROR")
raw = mne.io.read_raw_bdf(sys.argv[1])
x = raw.get_data()
import hashlib, json, numpy
n = int(sys.argv[2]) if len(sys.argv) > 2 else x.shape[1]
digest = hashlib.sha256(numpy.ascontiguousarray(x[:, :n]).tobytes()).hexdigest()
print(json.dumps({"n": x.shape[1], "digest": digest,
                  "notes": [[float(a["onset"]), str(a["description"])] for a in raw.annotations]}))
"""


def harness():
    loader = importlib.machinery.SourceFileLoader("bus_run", os.path.join(TOP, "tests/bus/run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bus_run", loader))
    loader.exec_module(module)
    return module


def line(what, value, goal=""):
    print(f"bench-record: {what}: {value}" + (f" (goal {goal})" if goal else ""), flush=True)


def recording_daemon(run, t, hat, when="always"):
    config = os.path.join(t.bus.dir, "twitchd.conf")
    with open(config, "w", encoding="ascii") as f:
        f.write(f"[recording]\nwhen = {when}\nfree_mb = 0\n")
    daemon = t.start(run.Daemon, "--config=" + config, f"--uri={hat.uri}")
    daemon.wait_ready()
    run.eventually("running", lambda: t.bus.get(run.MONITOR, "Monitor", "State") == "running")
    return daemon


def rss_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("Rss:"))


def mne(path, *n):
    p = subprocess.run(["/usr/bin/python3", "-c", MNE, path, *map(str, n)], capture_output=True, text=True,
                       check=False)
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


def edflib(run, path, to):
    """All samples by EDFlib, as twitch-play reads: frames of int32 nanovolts."""
    p = subprocess.run([os.path.join(run.BUILD, "twitch-play"), path, "--device", to], capture_output=True, text=True,
                       check=False)
    assert p.returncode == 0, p.stderr
    return os.path.getsize(to) // (4 * run.CHANNELS)


def listener(run):
    """Of each event told on the bus: when (CLOCK_BOOTTIME), its own time and its onset; microseconds"""
    class Told(run.Signals):
        def receive(self):
            for text in self.process.stdout:
                now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
                m = json.loads(text)
                if m.get("member") == "Twitch":
                    data = m["payload"]["data"]
                    self.got.append((now, data[1], data[6]["onset_boottime_usec"]["data"], data[2]))
    return Told


def one_kill(run, t, hat, told, chance):
    daemon = recording_daemon(run, t, hat)
    until = time.monotonic() + LEAD_SEC + 2 + 6 * chance.random()
    while time.monotonic() < until:
        hat.twitch(chance.randrange(run.CHANNELS), 300)
        time.sleep(0.4)
    killed = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    daemon.process.kill()
    t.end(daemon)
    time.sleep(0.5)         # what was told last is still on its way
    events = told.got[:]
    told.got.clear()
    folder = os.path.join(t.bus.state, "recordings")
    names = [n[:-5] for n in os.listdir(folder) if n.endswith(".part")]
    sums = {"seconds": 0, "told": len(events), "missing": 0, "lost": 0, "notes": 0, "strange": 0, "unbegun": not names}
    kept = {x for x, in run.rows(t, "SELECT boottime_usec FROM event")}
    for at, time_usec, _, kind in events:
        missing = time_usec not in kept
        sums["missing"] += missing
        if missing and at < killed - LOST_SEC * 1e6:
            sums["lost"] += 1
            line("LOST", f"{kind} of {(killed - time_usec) / 1e6:.3f} s, told {(killed - at) / 1e6:.3f} s before the kill")
    # the first samples wait until the true rate is known; on a busy machine a kill may come before
    if not names:
        return sums
    name, = names
    at_once = os.path.join(t.bus.dir, "at-once.bdf")
    shutil.copy(os.path.join(folder, name + ".part"), at_once)
    before = mne(at_once)
    subprocess.run([os.path.join(run.BUILD, "twitchctl"), "record", "repair", os.path.join(folder, name + ".part")],
                   stdout=subprocess.DEVNULL, check=True)
    path = os.path.join(folder, name)
    after = mne(path, before["n"])
    assert after["n"] == before["n"] and after["digest"] == before["digest"], "the samples are others after the repair"
    n = edflib(run, path, os.path.join(t.bus.dir, "frames"))
    assert n >= after["n"], f"EDFlib reads {n} of {after['n']}"
    os.unlink(path)
    start, = run.rows(t, "SELECT start_boottime_usec FROM recording WHERE path = ?", name)[0]
    sums["seconds"] = after["n"] / 1000
    for x, text in after["notes"]:
        if text.split("@@")[0] not in {kind for _, _, _, kind in events}:
            continue
        apart = min(abs(x * 1e6 + start - onset) for _, _, onset, _ in events)
        sums["notes"] += 1
        sums["strange"] += apart > APART_MS * 1e3
        if apart > APART_MS * 1e3:
            line("STRANGE", f"{text}, {(killed - start) / 1e6 - x:.3f} s before the kill, {apart / 1e3:.1f} ms apart")
    return sums


def kills(run, t, n):
    hat, chance, sums = t.hat(), random.Random(SEED), {}
    told = t.start(listener(run))
    for _ in range(int(n)):
        for what, number in one_kill(run, t, hat, told, chance).items():
            sums[what] = sums.get(what, 0) + number
    line("kills", f"{int(n)}: MNE read each at once, MNE and EDFlib after the repair, the same samples; "
         f"{sums['seconds']:.0f} s; {sums['unbegun']} before a file had begun")
    line("told on the bus", f"{sums['told']} events, {sums['missing']} not in the history, of those told more than "
         f"{LOST_SEC:g} s before the kill: {sums['lost']}", "0")
    line("annotations", f"{sums['notes']}, more than {APART_MS:g} ms from every event told: {sums['strange']}", "0")
    return sums["lost"] == 0 and sums["strange"] == 0 and sums["notes"] > 0


def replay(run, t, minutes):
    hat, chance = t.hat(rate_error=0.011), random.Random(2)
    daemon = recording_daemon(run, t, hat)
    time.sleep(SETTLE_SEC)
    rss, until, next_said = rss_kb(daemon.process.pid), time.monotonic() + 60 * minutes, time.monotonic() + 300
    while time.monotonic() < until:
        hat.twitch(chance.randrange(run.CHANNELS), 40 + 260 * chance.random())
        time.sleep(0.3 + chance.expovariate(1))
        if time.monotonic() > next_said:
            line(f"resident, {(time.monotonic() - until) / 60 + minutes:.0f} minutes on",
                 f"{rss_kb(daemon.process.pid)} kB", f"{RSS_GOAL_KB} kB")
            next_said += 300
    time.sleep(3)
    line(f"resident at the beginning and after {minutes:g} minutes", f"{rss} and {rss_kb(daemon.process.pid)} kB")
    assert daemon.terminate()[0] == 0
    t.end(daemon)
    folder = os.path.join(t.bus.state, "recordings")
    names = sorted(os.listdir(folder))
    assert len(names) == 1, names
    found = [x for x in run.analyze(os.path.join(folder, names[0])) if x["type"] == "event"]
    live = run.rows(t, "SELECT (e.boottime_usec - r.start_boottime_usec) / 1e6, e.kind, e.channel"
                       " FROM event e, recording r WHERE e.session = r.session ORDER BY 1")
    alike = [(k, c) for _, k, c in live] == [(x["kind"], x["channels"][0] + 1) for x in found]
    apart = max((abs(a - x["time"]) for (a, _, _), x in zip(live, found)), default=0)
    line("live and replayed", f"{len(live)} and {len(found)} events, "
         f"{'the same kinds and channels' if alike else 'OF OTHER KINDS OR CHANNELS'}, "
         f"at most {1e3 * apart:.2f} ms apart",
         "the same, 1 ms")
    return alike and apart < 1e-3


def memory(run, t, minutes):
    hat = t.hat()
    daemon = recording_daemon(run, t, hat)
    time.sleep(SETTLE_SEC)
    pid = daemon.process.pid
    line("resident with history and recording", f"{rss_kb(pid)} kB", f"{RSS_GOAL_KB} kB")
    # at random, because what comes regularly is one train or one movement, and so one event
    for part in range(1, 4):
        until, n, chance = time.monotonic() + 20 * minutes, 0, random.Random(part)
        while time.monotonic() < until:
            hat.twitch(chance.randrange(run.CHANNELS), 40 + 260 * chance.random())
            n += 1
            time.sleep(chance.expovariate(STORM_PER_SEC))
        took = run.rows(t, "SELECT count(*) FROM event")[0][0]
        line(f"resident after {part} of 3 parts of a storm of {minutes:g} minutes, {n} twitches, {took} events so far",
             f"{rss_kb(pid)} kB", f"{RSS_GOAL_KB} kB, flat")
    line("records lost", t.bus.get(run.ROOT + "/history", "History", "Lost"), "0")
    return True


def snapshot(run, t, events):
    subprocess.run([os.path.join(run.BUILD, "bench-history"), t.bus.state, str(int(events))], stdout=subprocess.DEVNULL,
                   check=True)
    hat, chance = t.hat(), random.Random(3)
    recording_daemon(run, t, hat)
    run.eventually("the history is open", lambda: t.bus.get(run.ROOT + "/history", "History", "State") == "ok", 60)
    time.sleep(SETTLE_SEC)
    took, before = [], t.bus.get(run.MONITOR, "Monitor", "Scans")
    for _ in range(SNAPSHOTS):
        hat.twitch(chance.randrange(run.CHANNELS), 300)
        began = time.monotonic()
        t.bus.busctl("call", "org.twitchd1", run.ROOT + "/history", "org.twitchd1.History", "OpenSnapshot")
        took.append(time.monotonic() - began)
        time.sleep(1)
    line(f"copies of a history of {events:.0f} events",
         f"{min(took):.2f} to {max(took):.2f} s, {len(took)} of them", "2 s")
    lost = t.bus.get(run.MONITOR, "Monitor", "Lost")
    received = t.bus.get(run.MONITOR, "Monitor", "Scans") - before
    line("scans lost meanwhile", f"{lost or 'none'}, of {received}", "none")
    return not any(lost.values())


def rest(run, t, minutes):
    hat = t.hat()
    daemon = recording_daemon(run, t, hat, "off")
    time.sleep(SETTLE_SEC)

    def written():
        with open(f"/proc/{daemon.process.pid}/io", encoding="ascii") as f:
            return next(int(x.split()[1]) for x in f if x.startswith("wchar:"))

    before, began = written(), time.monotonic()
    time.sleep(60 * minutes)
    a_day = (written() - before) * 86400 / (time.monotonic() - began)
    line(f"written to disk a day at rest, 8 channels, by {minutes:g} minutes", f"{a_day / 1e6:.1f} MB")
    return True


def main():
    run = harness()
    t = run.Fixture()
    try:
        measure = {"kills": kills, "replay": replay, "memory": memory, "snapshot": snapshot,
                   "rest": rest}[sys.argv[2]]
        return 0 if measure(run, t, float(sys.argv[3])) else 1
    finally:
        t.stop()


if __name__ == "__main__":
    sys.exit(main())
