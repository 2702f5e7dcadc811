# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demonstration, called by tests/vm/demo with the time it started."""
import os
import subprocess
import sys
import time

import vm

SCORE = os.path.join(vm.TOP, "tests", "score.py")


class Steps:
    """Names and durations, in order."""

    def __init__(self, started):
        self.started = self.last = started
        self.steps = []

    def done(self, name):
        now = time.time()
        self.steps.append((name, now - self.last))
        self.last = now
        print(f"{name:16} {self.steps[-1][1]:6.1f} s", flush=True)

    def table(self):
        print("\nTimes")
        for name, seconds in self.steps + [("total", time.time() - self.started)]:
            print(f"  {name:16} {seconds:6.1f} s")


def score(folder):
    """Prints generated / reported / missed / extra; 0 when nothing is wrong."""
    command = [SCORE, "--truth", f"{folder}/truth.csv", "--events", f"{folder}/events.jsonl",
               "--clock", f"{folder}/clock.csv", "--rate", "1000"]
    print("\nCompared with what was generated")
    sys.stdout.flush()
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def main():
    steps = Steps(float(sys.argv[1]))
    steps.done("packages")
    scenario = vm.Scenario("demo")
    machine = vm.Machine([scenario])
    machine.build(scenario.needs)
    steps.done("build")
    machine.find_guest()
    steps.done("guest root")
    machine.stage()
    seen = []

    def on_line(text):
        if text.startswith("@booted "):
            steps.done("boot")
        elif text.startswith("@twitch "):
            if not seen:
                steps.done("first twitch")
                print()
            seen.append(text)
            print(text[len("@twitch "):], flush=True)
        elif not text.startswith("@"):
            print(text, flush=True)

    statuses = machine.run(on_line)
    steps.done("the rest")
    if statuses.get("demo") != 0 or not seen:
        machine.print_logs(sys.stdout)
        print("\nThe demonstration failed; the logs are above.")
        return 1
    status = score(f"{machine.results}/demo")
    steps.table()
    machine.remove()
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except vm.Failed as e:
        print(f"make demo: {e}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
