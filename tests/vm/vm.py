# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual machine of the tests: what goes in, how it boots, what comes out.

Used by run, demo and shell. The guest prints lines to a virtio port: "@booted SECONDS",
"@start NAME", "@end NAME STATUS", and between them what the scenarios say.
"""
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SCENARIOS = os.path.join(HERE, "scenarios")
BOOT_LIMIT_S = 600              # 10 to 20 s under emulation on an idle machine
GRACE_S = 120                   # what the guest gets to tidy up between scenarios, and to power off
# A scenario's limit counts the guest's seconds, and the guest stops it. A busy host makes the guest's
# seconds long: this bound is only for a guest that hangs as a whole.
HOST_PER_GUEST_S = 4
SKIPPED = 77
# nohz=off: where idle time is skipped (see accel), a guest that waits for its disk goes on a tick, not to
# whatever time-out comes next. preempt=full: as the kernels of the boards have it, where a system call does not hold
# up the thread that reads a sample
KERNEL_ARGUMENTS = ("console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off audit=0 apparmor=0 tsc=reliable "
                    "nohz=off preempt=full no_timer_check cryptomgr.notests log_buf_len=2M random.trust_cpu=on "
                    "systemd.show_status=false")


class Failed(Exception):
    """Something of the harness failed; the text says what, for a person."""


class Scenario:
    """A script in scenarios/, with its head lines "# needs:", "# limit:" and "# disk:"."""

    def __init__(self, name):
        self.name = name
        self.path = os.path.join(SCENARIOS, name + ".sh")
        try:
            with open(self.path, encoding="utf-8") as f:
                text = f.read()
        except FileNotFoundError:
            raise Failed(f"no scenario {name}; there are: {' '.join(scenario_names())}") from None
        needs = re.search(r"^# needs: (.*)$", text, re.M)
        limit = re.search(r"^# limit: (\d+)$", text, re.M)
        self.needs = needs.group(1).split() if needs else []
        self.limit_s = int(limit.group(1)) if limit else 120
        disk = re.search(r"^# disk: (\d+)$", text, re.M)
        self.disk_mb = int(disk.group(1)) if disk else 0
        host = os.path.join(SCENARIOS, name + ".py")
        self.host = host if os.path.exists(host) else None

    def on_host(self, verb, folder):
        """Status of the host's side of it: `prepare` before the boot, `check` after the scenario."""
        if not self.host:
            return 0
        return subprocess.run([self.host, verb, folder], cwd=TOP, stdin=subprocess.DEVNULL, check=False).returncode


def scenario_names():
    """Those that run by default: a head line "# only by name" leaves one out."""
    def by_default(f):
        with open(os.path.join(SCENARIOS, f), encoding="utf-8") as script:
            return not re.search(r"^# only by name$", script.read(), re.M)
    return sorted(f[:-3] for f in os.listdir(SCENARIOS) if f.endswith(".sh") and by_default(f))


def data_folder():
    """The real recordings, or None."""
    folder = os.environ.get("TWITCH_DATA", os.path.join(TOP, "..", "shared", "data"))
    return os.path.realpath(folder) if os.path.isdir(os.path.join(folder, "emg")) else None


def output_of(*command):
    done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: status {done.returncode}")
    return done.stdout.strip()


def choose_kernel(version):
    """Let make build for the headers of tests/builds that are of this version, such as 6.12."""
    arch = output_of("dpkg", "--print-architecture")
    for line in output_of(os.path.join(TOP, "tests", "builds", "headers")).splitlines():
        _, its_arch, release, *where = line.split()
        if its_arch == arch and release.startswith(version + "."):
            os.environ["KDIR"] = where[0]
            return
    raise Failed(f"TWITCH_VM_KERNEL={version}: no headers of that version; tests/builds/headers lists them")


def kernel_release():
    """The release that `make modules` builds for: the guest boots the same. TWITCH_VM_KERNEL=6.12 chooses another."""
    version = os.environ.get("TWITCH_VM_KERNEL")
    if version:
        choose_kernel(version)
    release = output_of("make", "-s", "--no-print-directory",
                        "--eval", "print-release: ; @echo $(KRELEASE)", "print-release")
    if not release:
        raise Failed("no kernel headers: apt install linux-headers-" + output_of("dpkg", "--print-architecture"))
    return release


def build_folder():
    """Where make puts the programs."""
    return output_of("make", "-s", "--no-print-directory", "--eval", "print-build: ; @echo $(B)", "print-build")


class Machine:
    """One boot. `folder` holds its payload, logs and results; it stays for looking at."""

    def __init__(self, scenarios, folder=None):
        self.scenarios = scenarios
        build = os.path.join(TOP, "build", "vm")
        os.makedirs(build, exist_ok=True)
        if folder:
            self.folder = os.path.join(build, folder)
            shutil.rmtree(self.folder, ignore_errors=True)
            os.makedirs(self.folder)
        else:
            self.folder = tempfile.mkdtemp(dir=build, prefix="run.")
        self.results = os.path.join(self.folder, "results")
        os.makedirs(self.results)
        self.disk = os.path.join(self.folder, "disk.img")
        self.serial = os.path.join(self.folder, "serial.log")
        self.qemu_log = os.path.join(self.folder, "qemu.log")
        self.release = self.guest = None

    def find_guest(self):
        self.release = kernel_release()
        self.guest = output_of(os.path.join(HERE, "guest-root"), self.release)

    def prepare(self):
        """The host's side of the scenarios; those that it says no to are left out. Returns {name: status} of them."""
        refused = {}
        for s in self.scenarios:
            folder = os.path.join(self.results, s.name)
            os.makedirs(folder)
            status = s.on_host("prepare", folder)
            if status != 0:
                refused[s.name] = status
        self.scenarios = [s for s in self.scenarios if s.name not in refused]
        return refused

    def build(self, what):
        """Compile ahead of stage(), which would otherwise do it, so that the time can be told apart."""
        targets = {"modules": "modules", "service": "all", "tools": "tools"}
        with open(os.path.join(self.folder, "build.log"), "wb") as log:
            for w in what:
                if subprocess.run(["make", "--no-print-directory", f"-j{os.cpu_count()}", targets[w]], cwd=TOP,
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode:
                    raise Failed(f"make {targets[w]} failed, see {log.name}")

    def stage(self, what=()):
        """Build and pack what the scenarios need, and `what` besides."""
        with open(os.path.join(self.folder, "list"), "w", encoding="utf-8") as f:
            for s in self.scenarios:
                f.write(f"{s.name} {s.limit_s}\n")
        what = sorted({n for s in self.scenarios for n in s.needs} - {"data"} | set(what))
        output_of(os.path.join(HERE, "payload"), self.guest, self.release, self.folder, *what)

    def command(self, arguments, devices):
        accel = output_of(os.path.join(HERE, "accel"), self.guest)
        initrd = os.path.join(self.folder, "initrd")
        with open(initrd, "wb") as out:
            for part in (os.path.join(self.guest, "initrd"), os.path.join(self.folder, "payload.cpio")):
                with open(part, "rb") as f:
                    shutil.copyfileobj(f, out)
        os.unlink(os.path.join(self.folder, "payload.cpio"))
        command = ["qemu-system-x86_64", *accel.split(), "-machine", "q35", "-m", "768", "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-nic", "none",
                   "-kernel", os.path.join(self.guest, "vmlinuz"), "-initrd", initrd,
                   "-append", f"{KERNEL_ARGUMENTS} {arguments}",
                   "-drive", f"file={self.guest}/root.ext4,format=raw,if=virtio,snapshot=on",
                   "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                   "-virtfs", f"local,path={self.results},mount_tag=results,security_model=none"]
        megabytes = max((s.disk_mb for s in self.scenarios), default=0)
        if megabytes:
            # /dev/vdb: with a journal, as a board has it
            output_of("mke2fs", "-q", "-t", "ext4", "-F", self.disk, f"{megabytes}M")
            command += ["-drive", f"file={self.disk},format=raw,if=virtio"]
        data = data_folder()
        if data:
            command += ["-virtfs", f"local,path={data},mount_tag=data,security_model=none,readonly=on"]
        return command + devices + os.environ.get("TWITCH_VM_QEMU", "").split()

    def cut(self, qemu, copy):
        """The disk as it is when QEMU is killed now, and the power goes with it: what the guest has handed over."""
        qemu.send_signal(signal.SIGSTOP)
        try:
            output_of("cp", "--sparse=always", self.disk, copy)
        finally:
            qemu.send_signal(signal.SIGCONT)

    def run(self, on_line):
        """Boot, hand every line of the guest to on_line(), and enforce the limits.

        Returns {name: status}; a scenario that has none did not come to its end.
        """
        command = self.command("systemd.unit=twitch-test.target",
                               ["-chardev", "file,id=out,path=/dev/stdout",
                                "-device", "virtserialport,chardev=out,name=org.twitchd.scenarios",
                                "-chardev", f"file,id=serial,path={self.serial}", "-serial", "chardev:serial"])
        statuses, running, cuts = {}, None, 0
        limits = {s.name: s.limit_s * HOST_PER_GUEST_S + GRACE_S for s in self.scenarios}
        with open(self.qemu_log, "wb") as log:
            qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        try:
            deadline = time.monotonic() + BOOT_LIMIT_S
            waiting_for = "the guest to boot"
            rest = b""
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    on_line(f"  FAILED: waited too long for {waiting_for}")
                    break
                if not select.select([qemu.stdout], [], [], left)[0]:
                    continue
                block = os.read(qemu.stdout.fileno(), 65536)
                if not block:
                    break
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    text = line.decode("utf-8", "replace").rstrip("\r")
                    words = text.split()
                    if text.startswith("@start ") and len(words) == 2:
                        deadline = time.monotonic() + limits.get(words[1], GRACE_S)
                        waiting_for = f"scenario {words[1]}"
                        running = words[1]
                    elif text.startswith("@cut") and running:
                        cuts += 1
                        self.cut(qemu, os.path.join(self.results, running, f"cut-{cuts}.img"))
                        continue
                    elif text.startswith("@end ") and len(words) == 3:
                        statuses[words[1]] = int(words[2])
                        deadline = time.monotonic() + GRACE_S
                        waiting_for = "the guest to power off"
                    on_line(text)
        finally:
            if qemu.poll() is None:
                try:
                    qemu.wait(GRACE_S if not sys.exc_info()[0] and left > 0 else 0)
                except subprocess.TimeoutExpired:
                    qemu.kill()
            qemu.wait()
        return statuses

    def print_logs(self, out):
        """What a person wants to see after a failure."""
        for title, path, lines in (("QEMU", self.qemu_log, 20), ("serial console", self.serial, 80),
                                   ("journal", os.path.join(self.results, "journal"), 200)):
            try:
                with open(path, encoding="utf-8", errors="replace") as f:
                    text = f.readlines()
            except FileNotFoundError:
                continue
            # the boot is of interest only where no scenario began
            begun = next((i for i, line in enumerate(text) if "twitch-test: start" in line), 0)
            text = text[begun:]
            if text:
                out.write(f"--- {title}, last {min(lines, len(text))} of {len(text)} lines ({path})\n")
                out.writelines(text[-lines:])
        out.flush()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
