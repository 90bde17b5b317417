"""Chunks of several frames at once, as a slower cadence or a replay brings them.

`run` measures in a fresh process, on one core and one thread, contenders in turn.
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from rich.console import Group
from rich.table import Table

from streamrnn.bench.cases import INPUT_SIZE, Case, Floats
from streamrnn.bench.checked import checked
from streamrnn.bench.common import (
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
from streamrnn.config import ModelConfig
from streamrnn.model import Model

SIZES = ("gru-128", "gru-256", "lstm-128")
LENGTHS = (1, 4, 16, 64, 256)
YARDSTICK = "torch.nn"


class Row(msgspec.Struct, kw_only=True):
    """One contender with one length of chunks."""

    name: str
    error: float
    """How far its outputs lie from those of the lone stream at most."""
    timing: Timing | None
    """µs for a chunk; None: the outputs are wrong, and so it was not timed."""
    times_torch: float | None = None
    """How many times faster than torch.nn."""


class Length(msgspec.Struct, kw_only=True):
    """All contenders with one network and one length of chunks."""

    network: str
    title: str
    frames: int
    rows: list[Row]


class ChunkReport(Report, kw_only=True):
    """What `bench chunk` found."""

    rounds: int
    lengths: list[Length]

    def table(self) -> Group:
        """The report for a terminal."""
        title = f"Chunks of several frames, input {INPUT_SIZE}, one stream, one thread"
        table = Table(title=title, title_justify="left")
        table.add_column("network, frames")
        table.add_column("contender")
        for name in ("µs", "µs a frame", "× torch.nn"):
            table.add_column(name, justify="right")
        for length in self.lengths:
            table.add_section()
            first = f"[bold]{length.title}[/], {length.frames}"
            for row in length.rows:
                name = f"[bold cyan]{row.name}[/]" if row.name == "feed" else row.name
                if row.timing is None:
                    table.add_row(first, name, f"[red]off by {row.error:.1e}, not timed[/]")
                else:
                    median = row.timing.median_us
                    times = "" if row.times_torch is None else f"{row.times_torch:.1f}"
                    table.add_row(
                        first, name, f"{median:.1f}", f"{median / length.frames:.2f}", times
                    )
                first = ""
        return Group(table, *self.notes(f"{self.rounds} interleaved rounds, medians"))

    def plot(self, path: str | Path) -> None:
        """Draw µs a frame against the length of chunks, one panel a network.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_chunk

        plot_chunk(self, path)


class Contender(Protocol):
    """One way to take a chunk."""

    def outputs(self) -> Floats:
        """The outputs (T, hidden_size) of the chunk, from a fresh state."""
        ...

    def loop(self, count: int) -> None:
        """The chunk `count` times, going on from the state as it is."""
        ...


class Fed:
    """`Stream.feed` of the chunk."""

    def __init__(self, case: Case, frames: Floats) -> None:
        model = Model.from_weights(ModelConfig(name="bench", network=case.network), case.weights)
        self._frames, self._stream = frames, model.stream()

    def outputs(self) -> Floats:
        """See `Contender`."""
        self._stream.reset()
        return self._stream.feed(self._frames).outputs

    def loop(self, count: int) -> None:
        """See `Contender`."""
        for _ in repeat(None, count):
            self._stream.feed(self._frames)


class TorchModule:
    """`torch.nn.RNN`, `GRU` or `LSTM` on the chunk."""

    def __init__(self, case: Case, frames: Floats) -> None:
        from streamrnn.bench.contenders import TorchModule as Step

        step = Step(case)
        self._torch, self._module = step._torch, step._module
        self._frames = self._torch.from_numpy(frames)[:, None]
        self._state: Any = None

    def outputs(self) -> Floats:
        """See `Contender`."""
        with self._torch.inference_mode():
            return np.asarray(self._module(self._frames)[0])[:, 0]

    def loop(self, count: int) -> None:
        """See `Contender`."""
        with self._torch.inference_mode():
            for _ in repeat(None, count):
                _rows, self._state = self._module(self._frames, self._state)


class OrtOperator:
    """ONNX Runtime's recurrent operator on the chunk, the state handed back in."""

    def __init__(self, case: Case, frames: Floats) -> None:
        from streamrnn.bench.ort import sequence_model, session

        self._session = session(sequence_model(case))
        self._frames = frames[:, None].copy()
        size = case.network.hidden_size
        kinds = ("h", "c") if case.network.cell == "lstm" else ("h",)
        self._state = {kind: np.zeros((1, 1, size), np.float32) for kind in kinds}

    def _run(self, state: dict[str, Floats]) -> tuple[Floats, dict[str, Floats]]:
        rows, *new = self._session.run(None, {"x": self._frames, **state})
        return rows, dict(zip(state, new, strict=True))

    def outputs(self) -> Floats:
        """See `Contender`."""
        fresh = {kind: np.zeros_like(array) for kind, array in self._state.items()}
        return self._run(fresh)[0][:, 0, 0]

    def loop(self, count: int) -> None:
        """See `Contender`."""
        for _ in repeat(None, count):
            _rows, self._state = self._run(self._state)


CONTENDERS: dict[str, Callable[[Case, Floats], Contender]] = {
    "feed": Fed,
    YARDSTICK: TorchModule,
    "ort": OrtOperator,
}


def run(*, quick: bool = False, show: bool = True) -> ChunkReport:
    """Measure in a fresh process of one thread, pinned to one core.

    Args:
        quick: some 10 s instead of half a minute, and noisier.
        show: a progress bar on standard error, if that is a terminal.
    """
    options = {"rounds": 15 if quick else 50, "block_ms": 2.0 if quick else 5.0, "show": show}
    report = ChunkReport.from_json(measure_in_child("streamrnn.bench.chunk", options))
    report.environment = environment()
    return report


def measure(
    *,
    sizes: tuple[str, ...] = SIZES,
    lengths: tuple[int, ...] = LENGTHS,
    rounds: int = 50,
    block_ms: float = 5.0,
    show: bool = False,
) -> ChunkReport:
    """Measure in this process, as it is; see `run`."""
    left_out: dict[str, str] = {}
    found: list[Length] = []
    total = len(sizes) * len(lengths) * len(CONTENDERS) * rounds
    with progress("bench chunk", total, show=show) as advance:
        for case in map(Case, sizes):
            for frames in lengths:
                advance(0, f"{case.title}, {frames} frames")
                chunk = np.random.default_rng(0).standard_normal((frames, INPUT_SIZE), np.float32)
                makers = {way: partial(make, case, chunk) for way, make in CONTENDERS.items()}
                loops, errors = checked(makers, Fed(case, chunk).outputs(), left_out)
                seconds = interleave(loops, rounds=rounds, block_ms=block_ms, advance=advance)
                rows = [_row(name, error, seconds) for name, error in errors.items()]
                found.append(Length(network=case.name, title=case.title, frames=frames, rows=rows))
    return ChunkReport(environment=environment(), rounds=rounds, lengths=found, left_out=left_out)


def _row(name: str, error: float, seconds: dict[str, list[float]]) -> Row:
    own, torch = seconds.get(name), seconds.get(YARDSTICK)
    if own is None:
        return Row(name=name, error=error, timing=None)
    times = None if torch is None else round(ratio(torch, own), 3)
    return Row(name=name, error=error, timing=timing(own), times_torch=times)


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    pin()
    print(measure(**msgspec.json.decode(options)).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
