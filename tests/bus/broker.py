# SPDX-License-Identifier: LGPL-2.1-or-later
"""dbus-broker as the bus of a test: its launcher wants to be started as systemd does, and a journal. Run in a
mount namespace: tests/bus/broker.py SOCKET CONFIG; what would be in the journal goes to standard error.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading


def works():
    return os.getuid() == 0 and shutil.which("dbus-broker-launch") is not None and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/run"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def command(path, config):
    return ["unshare", "-m", sys.executable, os.path.abspath(__file__), path, config]


def open_journal():
    """Where the launcher looks for it, out of sight of all others."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    os.makedirs("/run/systemd/journal")
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind("/run/systemd/journal/socket")
    return journal


def pass_on(journal):
    while True:
        fields = journal.recv(65536).decode(errors="replace").splitlines()
        print(*(f for f in fields if not f.startswith(("CODE_", "SYSLOG_"))), file=sys.stderr, flush=True)


def launch(path, config):
    """The launcher's process: with the listening socket as systemd hands it over."""
    os.umask(0)                         # who may connect and do what is the policy's to say
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(socket.SOMAXCONN)
    pid = os.fork()
    if pid == 0:
        os.dup2(listening.fileno(), 3)
        # it looks for systemd on that same bus, and does without
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), DBUS_SYSTEM_BUS_ADDRESS="unix:path=" + path)
        os.execvp("dbus-broker-launch", ["dbus-broker-launch", "--scope", "system", "--config-file", config])
    return pid


def main(path, config):
    threading.Thread(target=pass_on, args=[open_journal()], daemon=True).start()
    pid = launch(path, config)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
