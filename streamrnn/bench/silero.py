"""32 ms of sound through silero-vad's network: what a stream costs on top of onnxruntime.

All run silero-vad's own file and are checked against its own wrapper first.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from itertools import repeat
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table

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
from streamrnn.errors import UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model

CHUNK, RATE = 512, 16_000
ON_TOP_US = 10.0
"""Issue 8: at most so much on top of onnxruntime's own time."""
TOLERANCE = 1e-6
BOUND, RUNTIME = "onnxruntime, all bound", "onnxruntime, session.run"
OURS, WRAPPER = "stream.feed, score, event", "silero-vad's wrapper"


class SileroRow(msgspec.Struct, kw_only=True):
    """One contender."""

    name: str
    what: str
    timing: Timing
    """µs for 32 ms of sound."""
    on_top_us: float
    """On top of onnxruntime's own time, that of `session.run`: the median of differences."""
    aims: list[Aim] = []


class SileroReport(Report, kw_only=True):
    """What `bench silero` found."""

    rounds: int
    error: float
    """How far our probabilities lie from the wrapper's at most."""
    rows: list[SileroRow]

    def table(self) -> Group:
        """The report for a terminal."""
        table = Table(title="32 ms of sound through silero-vad", title_justify="left")
        table.add_column("contender")
        table.add_column("what")
        for name in ("µs", "least µs", "µs on top"):
            table.add_column(name, justify="right")
        table.add_column("aim")
        for row in self.rows:
            table.add_row(
                row.name,
                row.what,
                f"{row.timing.median_us:.1f}",
                f"{row.timing.min_us:.1f}",
                f"{row.on_top_us:.1f}",
                "\n".join(map(str, row.aims)),
            )
        told = f"{self.rounds} rounds, medians; probabilities at most {self.error:.1e} apart"
        return Group(table, *self.notes(told))

    def plot(self, path: Any) -> None:
        """Draw bars and write them to an image file.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_silero

        plot_silero(self, path)


def silero_file() -> Path:
    """The network in the installed wheel.

    Raises:
        UnsupportedError: silero-vad is not installed.
    """
    try:
        package: Any = import_module("silero_vad")
    except ModuleNotFoundError as error:
        raise UnsupportedError(f"{error.name}: expected it to be installed; {INSTALL}") from error
    return Path(package.__file__).parent / "data" / "silero_vad.onnx"


def _inputs() -> dict[str, NDArray[Any]]:
    return {
        "input": np.zeros((1, 576), np.float32),
        "sr": np.array(RATE),
        "state": np.zeros((2, 1, 128), np.float32),
    }


def _bound(session: Any) -> Loop:
    """A session with everything bound and the state left as it is."""
    from streamrnn.engines.onnx_state import bound

    outputs = {"output": np.zeros((1, 1), np.float32), "stateN": np.zeros((2, 1, 128), np.float32)}
    inputs = _inputs()
    run, binding = session.run_with_iobinding, bound(session, inputs, outputs)

    def loop(count: int) -> None:
        _kept = inputs, outputs  # that are bound
        for _ in repeat(None, count):
            run(binding)

    return loop


def _runtime(session: Any) -> Loop:
    """`session.run`, with arrays that are ready and states handed back in."""
    run, names = session.run, ["output", "stateN"]

    def loop(count: int) -> None:
        feeds = _inputs()
        for _ in repeat(None, count):
            _, feeds["state"] = run(names, feeds)

    return loop


def _ours(model: Model, chunk: NDArray[Any]) -> Loop:
    stream = model.stream()

    def loop(count: int) -> None:
        for _ in repeat(None, count):
            for said in stream.feed(chunk):
                _ = said.score, said.event

    return loop


def _wrapper(chunk: NDArray[np.float32]) -> tuple[Loop, Loop, Callable[[Any], Any]]:
    """silero-vad's own call, its iterator with events, and its whole-file function."""
    silero: Any = import_module("silero_vad")
    torch: Any = import_module("torch")
    model, tensor = silero.load_silero_vad(onnx=True), torch.from_numpy(chunk)
    iterator = silero.VADIterator(silero.load_silero_vad(onnx=True))

    def call(count: int) -> None:
        for _ in repeat(None, count):
            model(tensor, RATE).item()

    def iterate(count: int) -> None:
        for _ in repeat(None, count):
            iterator(tensor)

    def whole(sound: NDArray[np.float32]) -> NDArray[np.float32]:
        return model.audio_forward(torch.from_numpy(sound), RATE).numpy()[0]

    return call, iterate, whole


def run(*, quick: bool = False, show: bool = True) -> SileroReport:
    """Measure in a fresh process of one thread, pinned to one core.

    Args:
        quick: a few seconds, and noisier.
        show: a progress bar on standard error, if that is a terminal.

    Raises:
        UnsupportedError: silero-vad is not installed.
    """
    silero_file()
    options = {"rounds": 15 if quick else 80, "block_ms": 3.0 if quick else 8.0, "show": show}
    report = SileroReport.from_json(measure_in_child("streamrnn.bench.silero", options))
    report.environment = environment()
    return report


def measure(*, rounds: int = 80, block_ms: float = 8.0, show: bool = False) -> SileroReport:
    """Measure in this process, as it is; see `run`.

    Raises:
        AssertionError: the contenders do not tell the same.
    """
    from streamrnn.engines.onnx_file import open_session

    model, session = load(silero_file()), open_session(silero_file().read_bytes())
    generator = np.random.default_rng(0)
    sound = model.frontend.example(generator, 200)
    chunk = sound[:CHUNK].copy()
    call, iterate, whole = _wrapper(chunk)
    error = float(np.abs(whole(sound) - model.predict(sound).outputs[:, 0]).max())
    assert error <= TOLERANCE, f"expected probabilities within {TOLERANCE}, got {error}"
    loops: dict[str, Loop] = {
        BOUND: _bound(session),
        RUNTIME: _runtime(session),
        OURS: _ours(model, chunk),
        "the same, int16": _ours(model, (chunk * 32_767).astype(np.int16)),
        WRAPPER: call,
        "silero-vad's iterator": iterate,
    }
    what = {
        BOUND: "nothing comes in or out: no less can be asked for",
        RUNTIME: "arrays that are ready, the state handed back in",
        OURS: "checks, context, state; probability, events; constants folded in",
        "the same, int16": "",
        WRAPPER: "context, state; checks of length",
        "silero-vad's iterator": "and events",
    }
    with progress("bench silero", len(loops) * rounds, show=show) as advance:
        seconds = interleave(loops, rounds=rounds, block_ms=block_ms, advance=advance)
    least = seconds[RUNTIME]
    rows: list[SileroRow] = []
    for name, taken in seconds.items():
        on_top = 1e6 * median(a - b for a, b in zip(taken, least, strict=True))
        row = SileroRow(
            name=name, what=what[name], timing=timing(taken), on_top_us=round(on_top, 3)
        )
        if name == OURS:
            ahead = ratio(seconds[WRAPPER], taken)
            row.aims = [
                Aim(what="µs on top", relation="≤", bound=ON_TOP_US, value=on_top),
                Aim(what="× the wrapper", relation="≥", bound=1.0, value=round(ahead, 3)),
            ]
        rows.append(row)
    return SileroReport(
        environment=environment(), left_out={}, rounds=rounds, error=error, rows=rows
    )


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    pin()
    print(measure(**msgspec.json.decode(options)).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
