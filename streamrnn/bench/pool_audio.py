"""A thousand live microphones on one core: can all of them be heard in real time?

Each tick, every stream is fed 10 ms of its own sound; front ends, network, decoders, prediction
objects and all are on the clock. Beside it, what an open stream costs in memory.
"""

import resource
import sys
import time
from typing import Any

import msgspec
import numpy as np
from rich.console import Group
from rich.table import Table

from streamrnn.bench.audio import HOP, RATE, Ours
from streamrnn.bench.cases import INPUT_SIZE, random_weights
from streamrnn.bench.common import (
    Aim,
    Report,
    Timing,
    environment,
    measure_in_child,
    pin,
    progress,
    timing,
)
from streamrnn.config import ModelConfig, NetworkConfig
from streamrnn.model import Model
from streamrnn.pool import PooledStream, StreamPool

STREAMS = 1000
OPEN = 4096
PERIOD_S = HOP / RATE


class AudioRow(msgspec.Struct, kw_only=True):
    """One part of the work."""

    what: str
    timing: Timing
    """µs for 10 ms of sound of all streams."""
    share: float
    """Of real time."""
    aims: list[Aim] = []


class PoolAudioReport(Report, kw_only=True):
    """What `bench pool --audio` found."""

    streams: int
    seconds: float
    """Of sound that each stream heard."""
    rows: list[AudioRow]
    open_streams: int
    bytes_a_stream: float
    """Of an open stream of a GRU 128: resident memory, state and objects."""
    memory_aim: Aim

    def table(self) -> Group:
        """The report for a terminal."""
        title = f"10 ms of sound for each of {self.streams} streams, one core"
        table = Table(title=title, title_justify="left")
        table.add_column("what")
        for name in ("ms", "µs a stream", "of real time"):
            table.add_column(name, justify="right")
        table.add_column("aim")
        for row in self.rows:
            median = row.timing.median_us
            table.add_row(
                row.what,
                f"{median / 1e3:.2f}",
                f"{median / self.streams:.2f}",
                f"{row.share:.0%}",
                "\n".join(map(str, row.aims)),
            )
        told = (
            f"log-mel 40, GRU 128, 12 classes, detection; {self.seconds:g} s of sound a stream",
            f"{self.open_streams} open streams of a GRU 128: {self.bytes_a_stream / 1024:.1f} KB "
            f"each {self.memory_aim}",
        )
        return Group(table, *self.notes(*told))

    def plot(self, path: Any) -> None:
        """Draw bars and write them to an image file.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_pool_audio

        plot_pool_audio(self, path)


def run(*, quick: bool = False, show: bool = True) -> PoolAudioReport:
    """Measure in a fresh process of one thread, pinned to one core.

    Args:
        quick: two seconds of sound instead of ten.
        show: a progress bar on standard error, if that is a terminal.
    """
    options = {"seconds": 2.0 if quick else 10.0, "show": show}
    report = PoolAudioReport.from_json(measure_in_child("streamrnn.bench.pool_audio", options))
    report.environment = environment()
    return report


def measure(
    *, streams: int = STREAMS, seconds: float = 10.0, open_streams: int = OPEN, show: bool = False
) -> PoolAudioReport:
    """Measure in this process, as it is; see `run`."""
    model = Ours().model
    generator = np.random.default_rng(0)
    sound = (3000.0 * generator.standard_normal(RATE + streams * 7)).clip(-32768, 32767)
    sound = sound.astype(np.int16)
    ticks = max(1, round(seconds / PERIOD_S))
    with model.pool(streams, threads=1) as pool:
        live = [pool.open() for _ in range(streams)]
        for _ in range(3):  # compiles, and fills the first window
            _second(pool, live, sound, 0)
        parts: dict[str, list[float]] = {"feed": [], "tick": [], "look at every prediction": []}
        with progress("bench pool --audio", ticks, show=show) as advance:
            for number in range(ticks):
                at = HOP * (number % (RATE // HOP))
                for name, taken in zip(parts, _second(pool, live, sound, at), strict=True):
                    parts[name].append(taken)
                advance()
    total: list[float] = np.sum(list(parts.values()), axis=0).tolist()
    rows = [_row(what, taken) for what, taken in (*parts.items(), ("all of it", total))]
    share = rows[-1].share
    rows[-1].aims = [Aim(what="of real time", relation="≤", bound=1.0, value=share)]
    memory = bytes_a_stream(open_streams)
    return PoolAudioReport(
        environment=environment(),
        left_out={},
        streams=streams,
        seconds=seconds,
        rows=rows,
        open_streams=open_streams,
        bytes_a_stream=memory,
        memory_aim=Aim(what="KB", relation="≤", bound=8.0, value=round(memory / 1024, 2)),
    )


def _second(
    pool: StreamPool, live: list[PooledStream], sound: Any, at: int
) -> tuple[float, float, float]:
    """10 ms for every stream: seconds to feed, to tick, and to look at all that came."""
    chunks = [sound[at + 7 * n : at + 7 * n + HOP] for n in range(len(live))]
    begin = time.perf_counter()
    for stream, chunk in zip(live, chunks, strict=True):
        stream.feed(chunk)
    fed = time.perf_counter()
    ready = pool.tick()
    ticked = time.perf_counter()
    for predictions in ready.values():
        for said in predictions:
            _ = said.label, said.score, said.events
    return fed - begin, ticked - fed, time.perf_counter() - ticked


def _row(what: str, taken: list[float]) -> AudioRow:
    median = timing(taken)
    return AudioRow(what=what, timing=median, share=round(median.median_us / 1e6 / PERIOD_S, 4))


def bytes_a_stream(streams: int) -> float:
    """Resident memory that an open stream of a GRU 128 adds, after a step of each."""
    network = NetworkConfig(input_size=INPUT_SIZE, hidden_size=128)
    weights = random_weights(network, np.random.default_rng(0))
    model = Model.from_weights(ModelConfig(name="bench", network=network), weights)
    frame = np.zeros((1, INPUT_SIZE), np.float32)
    with model.pool(1, threads=1) as small:
        small.open().feed(frame)
        small.tick()
    before = _resident()
    pool = model.pool(streams, threads=1)
    live = [pool.open() for _ in range(streams)]
    for stream in live:
        stream.feed(frame)
    pool.tick()
    return (_resident() - before) / streams


def _resident() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # no Linux: the most that there ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    pin()
    print(measure(**msgspec.json.decode(options)).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
