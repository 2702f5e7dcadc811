#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `history`: the disk after each power cut, and the week as it was exported.

POWER_CUTS=200 makes as many; `make bench-power-cuts`.
"""
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import sys

CUTS = int(os.environ.get("POWER_CUTS", "4"))
LOST_S = 1.0            # what is older was kept
UPTIME_S = 0.011        # /proc/uptime counts hundredths
ZONES = "Europe/Berlin", "America/New_York"


def prepare(folder):
    with open(f"{folder}/cuts", "w", encoding="ascii") as f:
        f.write(f"{CUTS}\n")
    for name, zone in zip(("zone", "zone-2"), ZONES):
        shutil.copy(f"/usr/share/zoneinfo/{zone}", f"{folder}/{name}")


def heard(folder):
    """(uptime at which it was heard, boottime of the event in microseconds)"""
    with open(f"{folder}/heard", encoding="utf-8") as f:
        for line in f:
            at, _, message = line.partition(" ")
            details = json.loads(message)["payload"]["data"]
            yield float(at), details[1]


def unpack(image, to):
    """The files of a disk whose power went: the journal of the file system is replayed, as the next boot does."""
    fsck = subprocess.run(["e2fsck", "-fy", image], capture_output=True, text=True, check=False)
    assert fsck.returncode in (0, 1), fsck.stdout + fsck.stderr
    os.makedirs(to)
    subprocess.run(["debugfs", "-R", f"rdump / {to}", image], capture_output=True, check=True)


def twitchctl():
    make = ["make", "-s", "--no-print-directory", "--eval", "print-build: ; @echo $(B)", "print-build"]
    build = subprocess.run(make, capture_output=True, text=True, check=True).stdout.strip()
    return os.path.join(build, "twitchctl")


def check_recording(files, image_s):
    """Read as it is, without a repair; what is missing at its end is less than two seconds."""
    # that of the session before stays open for some seconds, for what is found late in it
    parts = sorted(glob.glob(f"{files}/recordings/*.bdf.part"))
    assert 1 <= len(parts) <= 2, parts
    p = subprocess.run([twitchctl(), "analyze", "--json", parts[-1]], capture_output=True, text=True, check=False)
    assert p.returncode == 0, p.stderr
    with sqlite3.connect(f"{files}/history.sqlite") as db:
        name = os.path.basename(parts[-1]).removesuffix(".part")
        (start,), = db.execute("SELECT start_boottime_usec FROM recording WHERE path = ?", (name,))
    missing = image_s - start / 1e6 - json.loads(p.stdout.splitlines()[0])["duration_s"]
    assert missing < 2, f"{missing:.2f} s of the recording are missing"
    return missing


def check_cut(folder, number, at, events):
    image, files = f"{folder}/cut-{number}.img", f"{folder}/cut-{number}"
    unpack(image, files)
    missing = check_recording(files, at)
    with sqlite3.connect(f"{files}/history.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        there = {usec for usec, in db.execute("SELECT boottime_usec FROM event")}
        assert db.execute("SELECT count(*) FROM diary_now").fetchall() == [(2,)]
        assert db.execute("SELECT count(*) FROM felt").fetchall() == [(1,)]
    due = [usec for heard_s, usec in events if heard_s < at - LOST_S - UPTIME_S]
    lost = [usec for usec in due if usec not in there]
    assert not lost, f"cut {number}: {len(lost)} of {len(due)} events older than a second are lost"
    shutil.rmtree(files)
    os.unlink(image)
    return len(due), missing


def check_week(folder):
    with open(f"{folder}/export.json", encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    of = lambda table: [x for x in lines if x["table"] == table]
    begun = [(s["template"], s.get("posture")) for s in of("sessions") if s["confirmed"]]
    # after the kill the sitting goes on, as a session of its own
    assert begun == [("rest30", "lying"), ("quick", None), ("quick", None)], begun
    first = next(s for s in of("sessions") if s["confirmed"])
    sites = {p["channel"]: p.get("site") for p in of("placements") if p["session"] == first["session"]}
    assert (sites[1], sites[2], sites[3]) == ("left-calf", "right-calf", None), sites
    assert [f["site"] for f in of("felt")] == ["left-calf"]
    diary = [(d["kind"], int(d.get("amount_milli", 0)), d.get("text")) for d in of("diary")]
    notes = [("note", 0, t) for t in ("the clock is an hour fast", "summer time is over", "far away")]
    entries = [("caffeine", 80000, "double espresso"), ("stress", 7000, None), *notes]
    assert sorted(map(str, diary)) == sorted(map(str, entries)), diary
    with sqlite3.connect(f"{folder}/history.sqlite") as db:
        clock = db.execute("SELECT cause, utc_minus_boottime_usec, utc_offset_s FROM clock ORDER BY id").fetchall()
        ended = [e for e, in db.execute("SELECT ended FROM session ORDER BY id")]
    causes = [c for c, _, _ in clock]
    assert causes[0] == "start" and causes.count("step") >= 3, causes
    steps = [(b[1] - a[1]) / 1e6 for a, b in zip(clock, clock[1:]) if b[0] == "step"]
    assert any(abs(s - 3600) < 3 for s in steps) and any(abs(s + 3600) < 3 for s in steps), steps
    offsets = [o for _, _, o in clock]
    assert [o for a, o in zip([None, *offsets], offsets) if a != o] == [7200, 3600, -14400], offsets
    assert "stopped" in ended and "unplugged" in ended and "interrupted" in ended, ended
    print(f"  the week: {len(of('sessions'))} sessions, {len(of('diary'))} entries, {len(of('events'))} events, "
          "as put in")


def check(folder):
    events = list(heard(folder))
    with open(f"{folder}/cut-times", encoding="ascii") as f:
        times = [float(line) for line in f]
    assert len(times) == CUTS, times
    owed, missing = 0, 0
    for number, at in enumerate(times, 1):
        due, missing_s = check_cut(folder, number, at, events)
        owed += due
        missing = max(missing, missing_s)
    assert owed > 0, "nothing was old enough to be owed"
    print(f"  {len(times)} power cuts: {owed} events older than a second, none lost; integrity ok; "
          f"recordings readable as they are, at most {missing:.1f} s of them missing")
    check_week(folder)


if __name__ == "__main__":
    try:
        {"prepare": prepare, "check": check}[sys.argv[1]](sys.argv[2])
    except AssertionError as e:
        print(f"  FAILED: {e}")
        sys.exit(1)
