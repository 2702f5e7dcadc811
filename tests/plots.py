# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Pictures of what the detector found in a recording, beside the labels: to be looked at by eye.

Two for a recording: NAME.png, everything; NAME-close.png, what was reported wrongly or missed, a fifth of a second
each. Green: found as labelled. Red: wrong. Orange: missed. Blue: reported as something else than a twitch. Grey: taken for an
artefact. The signal is shown in 20-450 Hz, freed of mains by means of the whole recording, which
is not quite what the detector sees.
"""

import math
import os

try:
    import matplotlib
    import numpy
except ImportError as e:
    raise SystemExit(f"{e.name} is missing: tests/packages/install plots") from e
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

ROW_S = 30.0                    # of the recording in a row
ROWS_MAX = 40
CLOSE_S = 0.2
CLOSE_MAX = 40
MAINS_WIDTH_HZ = 0.3
CLIP_SIGMA = 3
BAND_HZ = (20.0, 450.0)


def read_bdf(path):
    """Rate and channels in microvolts of a BDF file whose signals have one rate; without annotations."""
    with open(path, "rb") as f:
        head = f.read(256)
        n = int(head[252:256])
        fields = f.read(256 * n)
        data = numpy.frombuffer(f.read(), numpy.uint8)

    def column(start, width):
        return [fields[start * n + i * width:start * n + (i + 1) * width].decode("latin-1").strip() for i in range(n)]

    labels = column(0, 16)
    physical_min, physical_max, digital_min, digital_max = (numpy.array(column(s, 8), float) for s in (104, 112, 120, 128))
    per_record = [int(x) for x in column(216, 8)]
    record = 3 * sum(per_record)
    data = data[:len(data) // record * record].reshape(-1, sum(per_record), 3).astype(numpy.int32)
    values = data[..., 0] | data[..., 1] << 8 | data[..., 2] << 16
    values -= (values & 0x800000) << 1
    scale = (physical_max - physical_min) / (digital_max - digital_min)
    channels, at = [], 0
    for i in range(n):
        if "Annotations" not in labels[i]:
            channels.append(values[:, at:at + per_record[i]].reshape(-1) * scale[i])
        at += per_record[i]
    return len(channels[0]) / (len(values) * float(head[244:252])), channels


def in_band(x, rate_hz):
    """20-450 Hz, without mains and its harmonics: those of the signal with all that is large cut off, or bursts would ring."""
    x = x - numpy.median(x)
    spectrum = numpy.fft.rfft(x)
    hz = numpy.fft.rfftfreq(len(x), 1 / rate_hz)
    spectrum[(hz < BAND_HZ[0]) | (hz > BAND_HZ[1])] = 0
    x = numpy.fft.irfft(spectrum, len(x))
    hum = numpy.fft.rfft(numpy.clip(x, -CLIP_SIGMA * sigma(x), CLIP_SIGMA * sigma(x)))
    mains_hz = max((50.0, 60.0), key=lambda f: numpy.sum(numpy.abs(hum[numpy.abs(hz - f) < 0.2]) ** 2))
    away = numpy.ones(len(hz), bool)
    for k in range(1, int(rate_hz / 2 / mains_hz) + 1):
        away &= numpy.abs(hz - k * mains_hz) >= MAINS_WIDTH_HZ
    hum[away] = 0
    return x - numpy.fft.irfft(hum, len(x))


def sigma(x):
    return float(numpy.median(numpy.abs(x)) / 0.6745) or 1.0


class Marks:
    """What to draw in a channel: (from_s, to_s, colour, text)."""

    def __init__(self, result, others, channel):
        def on(label):
            return label.channel in (None, channel)

        found = {id(t) for t, _ in result.pairs}
        self.missed = [t for t in result.must if on(t) and id(t) not in found]
        self.wrong = [e for e in result.wrong if e.channel == channel]
        right = [e for _, e in result.pairs if e.channel == channel] + [e for e in result.may if e.channel == channel]
        self.points = [(e.time_s, "tab:green", "") for e in right] + \
            [(e.time_s, "tab:red", e.kind) for e in self.wrong] + [(t.time_s, "tab:orange", "missed") for t in self.missed]
        self.spans = []
        for o in others:
            if channel in o["channels"]:
                if o["type"] == "artefact":
                    self.spans.append((o["from"], o["to"], "0.8", o["cause"]))
                else:
                    self.spans.append((o["onset"], o["end"], "lightskyblue", o["kind"]))


def draw(axes, x, rate_hz, from_s, to_s, marks, height):
    first, last = max(int(from_s * rate_hz), 0), min(int(math.ceil(to_s * rate_hz)), len(x))
    axes.plot(numpy.arange(first, last) / rate_hz, x[first:last], color="k", linewidth=0.5)
    for begin, end, colour, text in marks.spans:
        if end > from_s and begin < to_s:
            axes.axvspan(max(begin, from_s), min(max(end, begin + 0.002 * (to_s - from_s)), to_s), color=colour, zorder=-1)
            axes.text(max(begin, from_s), height, text, fontsize=5, va="top", clip_on=True)
    for time_s, colour, text in marks.points:
        if from_s <= time_s <= to_s:
            axes.plot([time_s], [-0.9 * height], marker="^", markersize=4, color=colour)
            axes.text(time_s, -height, text, fontsize=5, color=colour, clip_on=True)
    axes.set_xlim(from_s, to_s)
    axes.set_ylim(-height, height)
    axes.tick_params(labelsize=5)


def overview(path, title, signals, rate_hz, marks):
    rows = [(c, a, a + ROW_S) for c in marks for a in numpy.arange(0, len(signals[c]) / rate_hz, ROW_S)][:ROWS_MAX]
    figure, all_axes = pyplot.subplots(len(rows), 1, figsize=(16, 1.2 * len(rows) + 0.5), squeeze=False)
    for axes, (c, a, b) in zip(all_axes[:, 0], rows):
        draw(axes, signals[c], rate_hz, a, b, marks[c], 20 * sigma(signals[c]))
        axes.set_ylabel(f"{c}, uV", fontsize=6)
    figure.suptitle(title, fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.3 / figure.get_figheight()))
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def close(path, title, signals, rate_hz, marks):
    places = sorted((x.time_s, c) for c in marks for x in (*marks[c].wrong, *marks[c].missed))[:CLOSE_MAX]
    if not places:
        return False
    columns = 5
    figure, all_axes = pyplot.subplots(math.ceil(len(places) / columns), columns, squeeze=False,
                                       figsize=(16, 1.8 * math.ceil(len(places) / columns) + 0.5))
    for axes in all_axes.flat[len(places):]:
        axes.set_visible(False)
    for axes, (time_s, c) in zip(all_axes.flat, places):
        a, b = time_s - CLOSE_S / 2, time_s + CLOSE_S / 2
        x = signals[c][max(int(a * rate_hz), 0):int(b * rate_hz)]
        height = max(1.1 * float(numpy.max(numpy.abs(x), initial=0)), 6 * sigma(signals[c]))
        draw(axes, signals[c], rate_hz, a, b, marks[c], height)
        axes.set_title(f"channel {c}, {time_s:.3f} s", fontsize=6)
    figure.suptitle(title, fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.3 / figure.get_figheight()))
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
    return True


def plot(folder, recording, channels, result, others):
    """others: what analyze says besides twitches, as it says it. Returns the files made."""
    os.makedirs(folder, exist_ok=True)
    rate_hz, signals = read_bdf(recording)
    signals = {c: in_band(signals[c], rate_hz) for c in channels}
    marks = {c: Marks(result, others, c) for c in channels}
    name = os.path.splitext(result.file)[0].replace("/", "-")
    wrong, missed = (sum(len(x) for x in y) for y in ((m.wrong for m in marks.values()), (m.missed for m in marks.values())))
    title = f"{result.file}: {len(result.pairs)} of {len(result.must)} found, {wrong} wrong, {missed} missed"
    made = [os.path.join(folder, name + ".png")]
    overview(made[0], title, signals, rate_hz, marks)
    closer = os.path.join(folder, name + "-close.png")
    if close(closer, title, signals, rate_hz, marks):
        made.append(closer)
    return made
