# SPDX-License-Identifier: LGPL-2.1-or-later
"""An ADS1299 behind libiio's network protocol, for tests without a kernel driver.

Speaks the text protocol of iiod as libiio 0.24 and 0.26 use it (iiod-client.c, iiod/parser.y):
client lines end in CR LF, answers in LF, a failure is a negative errno. Frames come in real time,
with quiet noise and the twitches a test asks for, and the faults it asks for.
"""
import errno
import math
import random
import socket
import struct
import threading
import time

CHANNELS = 8
LABELS = ["left calf", "right calf", "left thigh", "right thigh", "left arm", "right arm", "chin", ""]
GAINS = [1, 2, 4, 6, 8, 12, 24]
FLAG_P_OFF, FLAG_N_OFF, FLAG_LOST = 1, 2, 4
NOISE_UV = 2.0
PATIENCE = 60                   # seconds until a thing that does not come is a failure
# of both electrodes of a channel, and what a current of a quarter of the rate leaves behind the sinc3 filter
OHM = 20e3
TONE = (2 / 3, 2 / 3, -2 / 3, -2 / 3)


# libiio validates
DTD = """<!DOCTYPE context [<!ELEMENT context (device)*><!ELEMENT device (channel | attribute | buffer-attribute)*>
<!ELEMENT channel (scan-element?, attribute*)><!ELEMENT attribute EMPTY><!ELEMENT scan-element EMPTY>
<!ELEMENT buffer-attribute EMPTY><!ATTLIST context name CDATA #REQUIRED description CDATA #IMPLIED>
<!ATTLIST device id CDATA #REQUIRED name CDATA #IMPLIED>
<!ATTLIST channel id CDATA #REQUIRED type (input|output) #REQUIRED name CDATA #IMPLIED>
<!ATTLIST scan-element index CDATA #REQUIRED format CDATA #REQUIRED scale CDATA #IMPLIED>
<!ATTLIST attribute name CDATA #REQUIRED filename CDATA #IMPLIED><!ATTLIST buffer-attribute name CDATA #REQUIRED>]>"""


def scale_mv(gain):
    return "%.9f" % (math.floor(4500 / gain / 2**23 * 1e9) / 1e9)


def channel_id(i):
    return f"voltage{2 * i}-voltage{2 * i + 1}"


def twitch_uv(ms):
    """A triphasic potential, some 8 ms long, 1 uV at its peak, which is at 0 ms."""
    x = (ms / 2.0) ** 2
    return (1 - x) * math.exp(-x / 2)


class Hat:
    def __init__(self, name="ads1299", format_="le:S24/32&gt;&gt;8", rate_error=0.0, labels=LABELS, port=0,
                 indices=range(CHANNELS)):
        self.name, self.format, self.rate_error, self.labels = name, format_, rate_error, labels
        self.indices = indices          # of the channels in a scan
        self.refusals = {}              # verb of the protocol: errno it is answered with
        self.late_sec = {}              # attribute: how long its next answer takes
        self.mask = "000001ff"          # of the channels it says it sends
        self.opened = 0                 # times
        self.change_time = None         # what the timestamps are instead of true
        self.attributes = {"sampling_frequency": "250", "current_timestamp_clock": "realtime",
                           "lost_drdy": "0", "lost_spi": "0", "lost_sync": "0", "lost_fifo": "0",
                           "leadoff_current_nanoamp": "0", "leadoff_frequency": "0",
                           "leadoff_frequency_available": "", "bias_drive": "1",
                           "bias_electrode_connected": "1", "test_signal_frequency": "0",
                           "test_signal_microvolt": "0"}
        self.mux = ["normal"] * CHANNELS
        # the chip's own: noise and offset with shorted inputs, factors of its test signal and of its frequency
        self.chip_uv, self.offset_uv, self.test_size, self.test_speed = 0.28, 60, 1, 1
        self.measured = {"voltage16": ("avdd", 5000), "voltage17": ("dvdd", 3300), "temp0": ("die", 30000)}
        self.ohm = [OHM] * CHANNELS
        self.srb2 = ["0"] * CHANNELS
        self.scales = [scale_mv(24)] * CHANNELS
        self.lock = threading.Condition()
        self.stalled = False            # answers nothing at all
        self.silent = False
        self.closed = False
        self.streaming = False
        self.reader = None              # the connection that opened the device
        self.connections = []
        self.frame = 0                  # next frame of the chip
        self.lost = False               # flag the next frame
        self.flags = [0] * CHANNELS
        self.twitches = []              # (frame of the peak, channel, amplitude)
        self.random = random.Random(1)
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        self.uri = f"ip:127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    # --- what a test does to it ---
    def stall(self, stalled):
        with self.lock:
            self.stalled = stalled
            self.lock.notify_all()

    def silence(self):
        """No more samples until the buffer is opened again; everything else answers."""
        with self.lock:
            self.silent = True

    def unplug(self):
        """Closes all connections, in the middle of an answer if there is one."""
        with self.lock:
            self.closed = True
            self.lock.notify_all()
            self.server.close()
            for c in self.connections:
                c.shutdown(socket.SHUT_RDWR)

    def twitch(self, channel, amplitude_uv):
        """A twitch a little later; returns the CLOCK_BOOTTIME of its peak in microseconds."""
        with self.lock:
            frame = self.frame + 200
            self.twitches.append((frame, channel, amplitude_uv))
            return self.time_ns(frame) / 1e3

    def let_run(self, seconds):
        """Until it has converted for so long: what a test waits for in a signal, which on a busy machine comes late."""
        wanted, until = self.frame + seconds * self.rate(), time.monotonic() + seconds + PATIENCE
        while self.frame < wanted:
            assert time.monotonic() < until, f"never: {seconds} s of samples"
            time.sleep(0.01)

    def lose(self, n_frames, cause):
        with self.lock:
            self.frame += n_frames
            self.lost = True
            self.attributes["lost_" + cause] = str(int(self.attributes["lost_" + cause]) + n_frames)

    def set_flags(self, channel, flags):
        with self.lock:
            self.flags[channel] = flags

    # --- the chip ---
    def rate(self):
        return float(self.attributes["sampling_frequency"]) * (1 + self.rate_error)

    def start(self):
        self.start_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.frame, self.streaming = 0, True

    def time_ns(self, frame):
        return self.start_ns + round(frame * 1e9 / self.rate())

    def tone(self):
        """Microvolts an ohm of the lead-off current now, alternating as fast as it can or not at all."""
        if float(self.attributes.get("leadoff_frequency", 0)) != float(self.attributes["sampling_frequency"]) / 4:
            return 0
        return float(self.attributes.get("leadoff_current_nanoamp", 0)) * 1e-3 * TONE[self.frame % 4]

    def own_uv(self, c):
        """What a channel shows that is not connected to its electrodes."""
        uv = self.random.gauss(self.offset_uv, self.chip_uv)
        if self.mux[c] == "test":
            half = self.rate() / float(self.attributes["test_signal_frequency"]) / self.test_speed / 2
            size = float(self.attributes["test_signal_microvolt"]) * self.test_size
            uv += size if int(self.frame / half) % 2 else -size
        return uv

    def next_frame(self):
        words = []
        tone = self.tone()
        for c in range(CHANNELS):
            if self.mux[c] != "normal":
                words.append((round(self.own_uv(c) / 1e3 / float(self.scales[c])) & 0xffffff) << 8)
                continue
            uv = self.random.gauss(0, NOISE_UV) + self.ohm[c] * tone
            for (peak, channel, amplitude) in self.twitches:
                if channel == c and abs(peak - self.frame) < 50:
                    uv += amplitude * twitch_uv((self.frame - peak) * 1e3 / self.rate())
            code = max(-2**23, min(2**23 - 1, round(uv / 1e3 / float(self.scales[c]))))
            words.append(((code & 0xffffff) << 8) | self.flags[c] | (FLAG_LOST if self.lost else 0))
        self.lost = False
        t = self.time_ns(self.frame)
        self.frame += 1
        return struct.pack("<8Iq", *words, self.change_time(t) if self.change_time else t)

    def read(self, n_frames):
        """n_frames as soon as they are there; None once closed."""
        block = b""
        for _ in range(n_frames):
            with self.lock:
                run = self.opened
                while (self.stalled or self.silent) and not self.closed and self.opened == run:
                    self.lock.wait(0.1)
                if self.closed or self.opened != run:
                    return None
                wait_ns = self.time_ns(self.frame) - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            if wait_ns > 0:
                time.sleep(wait_ns / 1e9)
            with self.lock:
                block += self.next_frame()
        return block

    # --- the protocol ---
    def xml(self):
        channels = "".join(
            f'<channel id="{channel_id(i)}" type="input">'
            f'<scan-element index="{self.indices[i]}" format="{self.format}" scale="{self.scales[i]}"/>'
            + "".join(f'<attribute name="{a}" filename="in_{channel_id(i)}_{a}"/>'
                      for a in ("raw", "scale", "label", "mux", "srb2"))
            + '<attribute name="scale_available" filename="in_voltage-voltage_scale_available"/></channel>'
            for i in range(CHANNELS))
        channels += "".join(f'<channel id="{i}" type="input">'
                            + "".join(f'<attribute name="{a}" filename="in_{i}_{a}"/>' for a in ("raw", "scale", "label"))
                            + '</channel>' for i in self.measured)
        attributes = "".join(f'<attribute name="{a}"/>' for a in self.attributes)
        return (f'<?xml version="1.0" encoding="utf-8"?>{DTD}<context name="emulator" description="ads1299">'
                f'<device id="iio:device0" name="{self.name}">{channels}'
                f'<channel id="timestamp" type="input">'
                f'<scan-element index="{CHANNELS}" format="le:S64/64&gt;&gt;0"/></channel>'
                f'{attributes}<buffer-attribute name="watermark"/></device></context>')

    def attribute(self, words):
        """The words behind READ or WRITE: (read, write) of what they name, or None."""
        if words[:1] == ["INPUT"] and words[1] in self.measured:
            label, value = self.measured[words[1]]
            return {"raw": (lambda: str(value), None), "scale": (lambda: "1", None),
                    "label": (lambda: label, None)}.get(words[2])
        if words[:1] == ["INPUT"] and words[1] != "timestamp":
            i = [channel_id(k) for k in range(CHANNELS)].index(words[1])
            return {"scale": (lambda: self.scales[i], lambda v: self.set_scale(i, v)),
                    "scale_available": (lambda: " ".join(map(scale_mv, GAINS)), None),
                    "label": (lambda: self.labels[i], None),
                    "srb2": (lambda: self.srb2[i], None),
                    "mux": (lambda: self.mux[i], lambda v: self.set_mux(i, v))}.get(words[2])
        if words == ["leadoff_frequency_available"]:
            return (lambda: f"0 7.812500 31.250000 {float(self.attributes['sampling_frequency']) / 4:.6f}", None)
        if len(words) == 1 and words[0] in self.attributes:
            return (lambda: self.attributes[words[0]], lambda v: self.set_attribute(words[0], v))
        return None

    def set_mux(self, i, value):
        self.mux[i] = value
        return 0

    def set_scale(self, i, value):
        if value not in map(scale_mv, GAINS):
            return -errno.EINVAL
        self.scales[i] = value
        return 0

    def reader_has_gone(self):
        try:
            return not self.reader.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def set_attribute(self, name, value):
        if name == "sampling_frequency" and self.streaming and not self.reader_has_gone():
            return -errno.EBUSY
        self.attributes[name] = value
        return 0

    def accept(self):
        while True:
            try:
                c, _ = self.server.accept()
            except OSError:
                return
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(c)
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        f = c.makefile("rwb")
        f.connection = c
        try:
            for line in f:
                words = line.decode().split()
                with self.lock:
                    while self.stalled and not self.closed:
                        self.lock.wait()
                if self.closed or words[:1] == ["EXIT"]:
                    break
                if words:
                    self.answer(f, words)
                    f.flush()
        except (OSError, ValueError):
            pass
        if self.reader is f:            # as iiod: who goes has closed the device
            self.streaming = False
        c.close()

    def answer(self, f, words):
        def number(n):
            f.write(b"%d\n" % n)

        verb, rest = words[0], words[2:]
        if verb in self.refusals:
            if verb == "WRITE":
                f.read(int(words[-1]))
            number(-self.refusals[verb])
            return
        time.sleep(self.late_sec.pop(words[-1], 0))
        if verb == "PRINT":
            xml = self.xml().encode()
            f.write(b"%d\n%s\n" % (len(xml), xml))
        elif verb == "VERSION":
            f.write(b"0.24.emulate\n")      # the tag has exactly 7 characters
        elif verb in ("TIMEOUT", "SET", "SETTRIG", "GETTRIG"):
            number(0)
        elif verb == "OPEN":
            self.start()
            self.reader = f
            self.silent = False
            self.opened += 1
            number(0)
        elif verb == "CLOSE":
            self.streaming = False
            number(0)
        elif verb == "READBUF":
            block = self.read(int(words[2]) // 40)
            if block is None:           # unplugged in the middle of the answer
                f.write(b"%d\n" % int(words[2]) + b"0000")
                f.flush()
                raise OSError
            f.write(b"%d\n%s\n" % (len(block), self.mask.encode()) + block)
        elif verb == "READ":
            a = self.attribute(rest)
            if a:
                value = a[0]()
                value = (value if isinstance(value, bytes) else value.encode()) + b"\0"
                f.write(b"%d\n%s\n" % (len(value), value))
            else:
                number(-errno.ENOENT)
        elif verb == "WRITE":
            value = f.read(int(rest[-1])).rstrip(b"\0\n").decode()
            a = self.attribute(rest[:-1])
            r = a[1](value) if a and a[1] else -errno.EPERM
            number(r if r < 0 else int(rest[-1]))
        else:
            number(-errno.EINVAL)
