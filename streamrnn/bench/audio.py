"""From 10 ms of sound to a prediction object, beside what else turns sound into predictions.

All of one network (log-mel 40, GRU 128, twelve classes) are checked against each other first; the
finished detectors of others, where installed, do another job and stand beside them for the price.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table

from streamrnn.bench.cases import random_weights
from streamrnn.bench.common import (
    INSTALL,
    Aim,
    Loop,
    Report,
    Timing,
    environment,
    interleave,
    measure_in_child,
    pin,
    progress,
    ratio,
    timing,
)
from streamrnn.config import AudioConfig, DetectConfig, ModelConfig, NetworkConfig
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.model import Model

HOP, WINDOW, RATE = 160, 400, 16_000
CLASSES = 12
AIM_US = 30.0
"""Issue 3: everything from 10 ms of sound to the object."""
TOLERANCE = 1e-3
"""How far a contender's logits may lie from ours: features that agree to 1e-4 in the logarithm,
through a GRU with weights below 0.09."""
YARDSTICK = "torchaudio + torch.nn"


class AudioRow(msgspec.Struct, kw_only=True):
    """One contender."""

    name: str
    what: str
    timing: Timing | None
    """µs for 10 ms of sound; None: its outputs are wrong, and so it was not timed."""
    times_slower: float | None = None
    """Than `feed+objects` at 16 kHz."""
    aims: list[Aim] = []


class AudioReport(Report, kw_only=True):
    """What `bench audio` found."""

    rounds: int
    rows: list[AudioRow]

    def table(self) -> Group:
        """The report for a terminal."""
        table = Table(title="10 ms of sound in, a prediction out", title_justify="left")
        table.add_column("contender")
        table.add_column("what")
        for name in ("µs", "least µs", "× ours"):
            table.add_column(name, justify="right")
        table.add_column("aim")
        for row in self.rows:
            taken = row.timing
            table.add_row(
                row.name,
                row.what,
                "[red]wrong[/]" if taken is None else f"{taken.median_us:.1f}",
                "" if taken is None else f"{taken.min_us:.1f}",
                "" if row.times_slower is None else f"{row.times_slower:.1f}",
                "\n".join(map(str, row.aims)),
            )
        return Group(table, *self.notes(f"{self.rounds} rounds, medians"))

    def plot(self, path: Any) -> None:
        """Draw bars and write them to an image file.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_audio

        plot_audio(self, path)


class Ours:
    """The measured model, and sound to feed it with."""

    def __init__(self) -> None:
        network = NetworkConfig(input_size=40, hidden_size=128, output_size=CLASSES)
        labels = tuple(f"word {number}" for number in range(CLASSES))
        generator = np.random.default_rng(0)
        self.weights = random_weights(network, generator)
        self.weights["normalise.mean"] = generator.uniform(-0.1, 0.1, 40).astype(np.float32)
        self.weights["normalise.scale"] = np.ones(40, np.float32)
        config = ModelConfig(
            name="bench",
            network=network,
            frontend=AudioConfig(),
            decoder=DetectConfig(labels=labels, smoothing=10),
        )
        self.model = Model.from_weights(config, self.weights)
        sound = generator.normal(0.0, 0.1, RATE).clip(-1.0, 1.0)
        self.sound = (32_767.0 * sound).astype(np.int16)

    def feeding(self, rate: int = RATE) -> Loop:
        """`Stream.feed` of 10 ms, and what was heard: label, score, events."""
        stream, size = self.model.stream(rate=rate), rate // 100
        chunk = np.ascontiguousarray(self.sound[:size])

        def loop(count: int) -> None:
            for _ in range(count):
                for said in stream.feed(chunk):
                    _ = said.label, said.score, said.events

        return loop

    def hearing(self) -> Loop:
        """The front end alone."""
        stream, chunk = AudioFrontend(AudioConfig()).stream(), self.sound[:HOP].copy()

        def loop(count: int) -> None:
            for _ in range(count):
                stream.feed(chunk)

        return loop


class Torch:
    """The same from torchaudio's spectrogram and torch's layers, on the last 25 ms."""

    def __init__(self, ours: Ours) -> None:
        torch: Any = import_module("torch")
        torchaudio: Any = import_module("torchaudio")
        self._torch, weights = torch, ours.weights
        front = ours.model.config.frontend
        assert isinstance(front, AudioConfig)
        self._mel = torchaudio.transforms.MelSpectrogram(
            RATE, front.fft, WINDOW, HOP, front.f_min, None, n_mels=front.mels, center=False
        )
        self._floor = front.floor
        self._gru = torch.nn.GRU(40, 128, batch_first=True)
        self._gru.load_state_dict(
            {k.removeprefix("rnn."): torch.tensor(v) for k, v in weights.items() if "rnn." in k}
        )
        self._head = torch.nn.Linear(128, CLASSES)
        self._head.load_state_dict(
            {k.removeprefix("head."): torch.tensor(v) for k, v in weights.items() if "head." in k}
        )
        self._mean = torch.tensor(weights["normalise.mean"])
        pad = front.fft - WINDOW  # torchaudio's window lies in the middle of its transform
        self._pad = (pad // 2, pad - pad // 2)
        self._held = torch.zeros(WINDOW)
        self._state: Any = None
        self.chunk = ours.sound[:HOP].copy()

    def step(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """10 ms in, logits out; they are those of the last 25 ms."""
        torch = self._torch
        with torch.inference_mode():
            new = torch.from_numpy(samples).float() / 32_768.0
            self._held = torch.cat((self._held[len(new) :], new))
            padded = torch.nn.functional.pad(self._held, self._pad)
            frame = (self._mel(padded)[:, 0] + self._floor).log() - self._mean
            out, self._state = self._gru(frame[None, None], self._state)
            return self._head(out)[0, 0].numpy()

    def error(self, ours: Ours) -> float:
        """How far the logits of a whole second lie from ours at most."""
        expected = ours.model.stream().feed(ours.sound).outputs
        found: list[NDArray[np.float32]] = []
        at = WINDOW - HOP
        self._held[HOP:] = self._torch.from_numpy(ours.sound[:at]).float() / 32_768.0
        while at + HOP <= len(ours.sound):
            found.append(self.step(ours.sound[at : at + HOP]))
            at += HOP
        return float(np.abs(np.array(found) - expected[: len(found)]).max())

    def loop(self, count: int) -> None:
        """As many times 10 ms."""
        for _ in range(count):
            logits = self.step(self.chunk)
            _ = int(logits.argmax())


def _silero(ours: Ours) -> tuple[Loop, int]:
    silero: Any = import_module("silero_vad")
    torch: Any = import_module("torch")
    model, chunk = silero.load_silero_vad(onnx=True), torch.zeros(512)

    def loop(count: int) -> None:
        for _ in range(count):
            model(chunk, RATE).item()

    return loop, 512


def _micro(ours: Ours) -> tuple[Loop, int]:
    package: Any = import_module("pymicro_wakeword")
    word = package.MicroWakeWord.from_builtin(package.Model.ALEXA)
    features, chunk = package.MicroWakeWordFeatures(), ours.sound[:HOP].tobytes()

    def loop(count: int) -> None:
        for _ in range(count):
            for part in features.process_streaming(chunk):
                word.process_streaming(part)

    return loop, HOP


PEERS: dict[str, tuple[str, Callable[[Ours], tuple[Loop, int]]]] = {
    "silero-vad": ("speech or not, its ONNX wrapper, a third of 32 ms", _silero),
    "pymicro-wakeword": ("alexa or not, int8", _micro),
}


def run(*, quick: bool = False, show: bool = True) -> AudioReport:
    """Measure in a fresh process of one thread, pinned to one core.

    Args:
        quick: a few seconds, and noisier.
        show: a progress bar on standard error, if that is a terminal.
    """
    options = {"rounds": 15 if quick else 60, "block_ms": 2.0 if quick else 6.0, "show": show}
    report = AudioReport.from_json(measure_in_child("streamrnn.bench.audio", options))
    report.environment = environment()
    return report


def measure(*, rounds: int = 60, block_ms: float = 6.0, show: bool = False) -> AudioReport:
    """Measure in this process, as it is; see `run`."""
    ours = Ours()
    loops: dict[str, Loop] = {
        "feed+objects": ours.feeding(),
        "feed+objects, 44.1 kHz": ours.feeding(44_100),
        "front end alone": ours.hearing(),
    }
    what = {
        "feed+objects": "log-mel 40, GRU 128, 12 classes, detection",
        "feed+objects, 44.1 kHz": "and conversion to 16 kHz",
        "front end alone": "log-mel 40",
        YARDSTICK: "the same network, no detection",
    }
    left_out: dict[str, str] = {}
    wrong: list[str] = []
    share: dict[str, float] = {}
    try:
        torch = Torch(ours)
        if torch.error(ours) <= TOLERANCE:
            loops[YARDSTICK] = torch.loop
        else:
            wrong.append(YARDSTICK)
    except ImportError as error:
        left_out[YARDSTICK] = f"{error.name or error} is not installed; {INSTALL}"
    for name, (told, make) in PEERS.items():
        what[name] = told
        try:
            loops[name], samples = make(ours)
            share[name] = HOP / samples
        except ImportError as error:
            left_out[name] = f"{error.name or error} is not installed; pip install {name}"
    with progress("bench audio", len(loops) * rounds, show=show) as advance:
        seconds = interleave(loops, rounds=rounds, block_ms=block_ms, advance=advance)
    for name, part in share.items():
        seconds[name] = [part * each for each in seconds[name]]
    own = seconds["feed+objects"]
    rows = [AudioRow(name=name, what=what[name], timing=None) for name in wrong]
    for name, taken in seconds.items():
        row = AudioRow(name=name, what=what[name], timing=timing(taken))
        row.times_slower = round(ratio(taken, own), 3)
        if name == "feed+objects":
            value = timing(taken).median_us
            row.aims = [Aim(what="µs", relation="≤", bound=AIM_US, value=value)]
        rows.append(row)
    return AudioReport(environment=environment(), rounds=rounds, rows=rows, left_out=left_out)


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    pin()
    print(measure(**msgspec.json.decode(options)).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
