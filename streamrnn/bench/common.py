"""What every measurement shares: the machine, the clock, the statistics, the progress bar."""

import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

INSTALL = "pip install 'streamrnn[bench]'"
PACKAGES = ("streamrnn", "numpy", "numba", "torch", "onnxruntime")

Loop = Callable[[int], object]
"""Does a thing as many times as it is told, with nothing else between.

Where something else must be between, it gives the seconds that the thing took, a float."""


class Report(msgspec.Struct, kw_only=True):
    """Base of the reports: plain data, so that `as_json` tells all that the table shows."""

    environment: dict[str, str]
    """The machine and the versions; see `environment`."""
    left_out: dict[str, str]
    """Contenders that are not installed, and the mend."""

    def notes(self, *more: str) -> list[Text]:
        """What stands below the table: the machine, `more`, and what was left out."""
        missing = [f"{name}: left out: {reason}" for name, reason in sorted(self.left_out.items())]
        lines = (environment_line(self.environment), *more, *missing)
        return [Text(line, style="dim") for line in lines]

    def as_json(self) -> str:
        """The report as one JSON object on one line."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """A report that `as_json` wrote."""
        return msgspec.json.decode(text, type=cls)


class Timing(msgspec.Struct, kw_only=True):
    """How long one call takes, in µs, over the rounds of a run."""

    median_us: float
    """Half of the rounds took less."""
    min_us: float
    """The quickest round."""
    p10_us: float
    """A tenth of the rounds took less."""
    p90_us: float
    """Nine tenths of the rounds took less."""


class Aim(msgspec.Struct, kw_only=True):
    """What was aimed at and what came out."""

    what: str
    """The quantity in words: `× torch.nn`."""
    relation: Literal["≥", "≤"]
    """How the value is to stand to the bound."""
    bound: float
    """What was aimed at."""
    value: float
    """What came out."""

    @property
    def met(self) -> bool:
        """Whether the value keeps the bound."""
        return self.value >= self.bound if self.relation == "≥" else self.value <= self.bound

    def __str__(self) -> str:
        mark = "[green]met[/]" if self.met else "[red]missed[/]"
        return f"{self.relation} {self.bound:g} {self.what}: {mark}"


def timing(seconds: Sequence[float]) -> Timing:
    """Summarise seconds per call, one a round.

    >>> timing([1e-6, 2e-6, 9e-6]).median_us
    2.0
    """
    deciles = statistics.quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else None
    p10, p90 = (deciles[0], deciles[-1]) if deciles else (seconds[0], seconds[0])
    values = (statistics.median(seconds), min(seconds), p10, p90)
    median, least, low, high = (round(value * 1e6, 4) for value in values)
    return Timing(median_us=median, min_us=least, p10_us=low, p90_us=high)


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """How many times `fast` goes into `slow`: the median of the rounds' own ratios.

    Both were timed in the same rounds, so that what slowed a round slowed both.

    >>> ratio([2.0, 40.0, 2.0], [1.0, 20.0, 1.0])
    2.0
    """
    return statistics.median(s / f for s, f in zip(slow, fast, strict=True))


def interleave(
    loops: Mapping[str, Loop],
    *,
    rounds: int,
    block_ms: float,
    advance: Callable[[], object] = lambda: None,
) -> dict[str, list[float]]:
    """Time loops side by side: in each round each runs once, in an order drawn anew.

    A block begins with some calls off the clock, which bring the loop's data back into the
    caches. The garbage collector rests, as in `timeit`.

    Args:
        loops: by name.
        rounds: how many blocks of each.
        block_ms: about how long a block takes.
        advance: called after each block.

    Returns:
        Seconds per call of each loop, one a round, the same rounds for all.
    """
    counts = {name: _calls(loop, block_ms / 1e3) for name, loop in loops.items()}
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    order, shuffle = list(loops), random.Random(0).shuffle
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                loop, count = loops[name], counts[name]
                loop(max(1, count // 8))
                begin = time.perf_counter()
                own = loop(count)
                taken = own if isinstance(own, float) else time.perf_counter() - begin
                seconds[name].append(taken / count)
                advance()
    finally:
        if collecting:
            gc.enable()
    return seconds


SLEEP_S = 0.01


def after_sleep(
    loops: Mapping[str, Loop], *, rounds: int, advance: Callable[[], object] = lambda: None
) -> dict[str, list[float]]:
    """Time loops as `interleave` does, but one call at a time, each after 10 ms of sleep.

    So it goes at live cadence: others have had the caches meanwhile, and the clock has slowed down.
    """
    for loop in loops.values():
        loop(3)
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    order, shuffle = list(loops), random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            time.sleep(SLEEP_S)
            begin = time.perf_counter()
            loops[name](1)
            seconds[name].append(time.perf_counter() - begin)
            advance()
    return seconds


def _calls(loop: Loop, seconds: float) -> int:
    """How many calls take about `seconds`; also the warm-up."""
    count, taken = 1, 0.0
    loop(1)
    while taken < seconds / 4 and count < 1 << 20:
        begin = time.perf_counter()
        loop(count)
        taken = time.perf_counter() - begin
        count *= 2
    return max(1, round(count / 2 * seconds / max(taken, 1e-9)))


def environment() -> dict[str, str]:
    """The machine and the versions that a measurement depends on; absent packages are left out."""
    found = {"cpu": _cpu(), "cores": str(os.cpu_count()), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if hasattr(os, "getloadavg"):
        found["load"] = f"{os.getloadavg()[0]:.1f}"
    if core := os.environ.get("OPENBLAS_CORETYPE"):
        found["OPENBLAS_CORETYPE"] = f"{core}, which slows numpy; unset for the measurement"
    return found


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def environment_line(found: Mapping[str, str]) -> str:
    """The environment for a person to read.

    >>> environment_line({"cpu": "Zen", "cores": "2", "numpy": "2.1"})
    'Zen, cores 2, numpy 2.1'
    """
    return ", ".join(value if key == "cpu" else f"{key} {value}" for key, value in found.items())


def child_environment(*, threads: int | None = None) -> dict[str, str]:
    """The environment variables of a measuring process, which finds this very package.

    Args:
        threads: of numpy's BLAS, torch and OpenMP; None leaves them alone.
    """
    variables = dict(os.environ)
    variables.pop("OPENBLAS_CORETYPE", None)
    paths = [str(Path(__file__).parents[2]), variables.get("PYTHONPATH")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    if threads is not None:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            variables[name] = str(threads)
    return variables


def measure_in_child(module: str, options: Mapping[str, Any]) -> str:
    """Run `python -m module options` in a fresh process with one thread.

    The process may pin itself to a core, and nothing that the caller has loaded disturbs it.

    Args:
        module: its `main` takes the options as JSON and prints the report's.
        options: plain data.

    Raises:
        RuntimeError: the process failed; what it said stands on standard error.
    """
    command = [sys.executable, "-m", module, json.dumps(dict(options))]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=child_environment(threads=1))
    if done.returncode:
        raise RuntimeError(f"{module}: expected exit code 0, got {done.returncode}; see above")
    return done.stdout.decode()


def pin() -> None:
    """Keep this process on one core, where the system lets it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@contextmanager
def progress(title: str, total: int, *, show: bool) -> Iterator[Callable[..., None]]:
    """A bar on standard error, on a terminal only.

    Yields:
        `advance(steps=1, title=None)`.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not (show and console.is_terminal))
    with bar:
        row = bar.add_task(title, total=total)

        def advance(steps: int = 1, title: str | None = None) -> None:
            bar.update(row, advance=steps, description=title)

        yield advance
