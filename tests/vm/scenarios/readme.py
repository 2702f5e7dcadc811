#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host side of the scenario `readme`: the examples that README.md points to, compiled as a reader would."""
import shutil
import subprocess
import sys

EXAMPLES = ("daemon/examples/listen.py", "daemon/examples/listen.c", "daemon/examples/listen.sh")


def prepare(folder):
    with open("README.md", encoding="utf-8") as f:
        text = f.read()
    for example in EXAMPLES:
        if f"({example})" not in text:
            raise SystemExit(f"README.md does not point to {example}")
        shutil.copy(example, folder)
    libsystemd = subprocess.run(["pkg-config", "--cflags", "--libs", "libsystemd"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout.split()
    subprocess.run(["cc", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-Iinclude", "-o", f"{folder}/listen",
                    f"{folder}/listen.c", *libsystemd], check=True)


if __name__ == "__main__":
    sys.exit(prepare(sys.argv[2]) if sys.argv[1] == "prepare" else 0)
