#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `readme`: the examples of README.md, compiled as a reader would."""
import re
import subprocess
import sys

SECTION = "## Subscribing to twitches"


def example(text, language):
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    if not found:
        raise SystemExit(f"README.md: no ```{language} example under '{SECTION}'")
    return found.group(1)


def prepare(folder):
    with open("README.md", encoding="utf-8") as f:
        text = f.read()
    if SECTION not in text:
        raise SystemExit(f"README.md: no '{SECTION}'")
    text = text[text.index(SECTION):]
    with open(f"{folder}/listen.py", "w", encoding="utf-8") as f:
        f.write(example(text, "python"))
    with open(f"{folder}/listen.c", "w", encoding="utf-8") as f:
        f.write(example(text, "c"))
    libsystemd = subprocess.run(["pkg-config", "--cflags", "--libs", "libsystemd"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout.split()
    subprocess.run(["cc", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-Iinclude", "-o", f"{folder}/listen",
                    f"{folder}/listen.c", *libsystemd], check=True)


if __name__ == "__main__":
    sys.exit(prepare(sys.argv[2]) if sys.argv[1] == "prepare" else 0)
