"""Recorded streams played offline: how many times faster than they were, and in how much memory.

`run` times contenders in turn in a fresh process on one core, and then whole commands over hours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.console import Group
from rich.table import Table

from streamrnn.bench.common import (
    INSTALL,
    Aim,
    Report,
    child_environment,
    environment,
    measure_in_child,
    pin,
    progress,
)
from streamrnn.bench.replay_contenders import MODEL, TOLERANCE, Play, Torch, checked, ours, silero
from streamrnn.io.recorded import RecordedStream
from streamrnn.io.sounds import read_sound
from streamrnn.loading import load

# Issue 7: × real time over FLAC, × one job by two, MB and seconds of ten hours, fixes a second.
AIM_TIMES, AIM_JOBS, AIM_MB, AIM_SECONDS, AIM_FIXES = 1_000.0, 1.9, 300.0, 40.0, 200_000.0
HOURS = 10
WORDS = Path(__file__).parents[1] / "learn" / "explain" / "words.flac"
RATE = 16_000
YARDSTICK = "torchaudio + torch.nn"


class ReplayRow(msgspec.Struct, kw_only=True):
    """One contender, or one command."""

    name: str
    what: str
    hours: float = 0.0
    """Of sound."""
    seconds: float | None
    """That it took, the median; None: its outputs are wrong, and so it was not timed."""
    times: float | None = None
    """As fast as the sound lasts; of tracks, fixes a second."""
    peak_mb: float | None = None
    """Most memory of the process, of commands."""
    aims: list[Aim] = []


class ReplayReport(Report, kw_only=True):
    """What `bench replay` found."""

    rows: list[ReplayRow]

    def table(self) -> Group:
        """The report for a terminal."""
        table = Table(title="Recorded streams, played offline", title_justify="left")
        table.add_column("contender")
        table.add_column("what")
        for name in ("hours", "seconds", "× real time", "MB"):
            table.add_column(name, justify="right")
        table.add_column("aim")
        for row in self.rows:
            table.add_row(
                row.name,
                row.what,
                f"{row.hours:.3g}" if row.hours else "",
                "[red]wrong[/]" if row.seconds is None else f"{row.seconds:.3g}",
                "" if row.times is None else f"{row.times:,.0f}",
                "" if row.peak_mb is None else f"{row.peak_mb:.0f}",
                "\n".join(map(str, row.aims)),
            )
        return Group(table, *self.notes("contenders on one core in turn, medians; commands once"))

    def plot(self, path: str | Path) -> None:
        """Draw bars and write them to an image file.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_replay

        plot_replay(self, path)


def run(*, quick: bool = False, show: bool = True) -> ReplayReport:
    """Measure in fresh processes.

    Args:
        quick: half a minute instead of three or four, an hour instead of ten, and noisier.
        show: a progress bar on standard error, if that is a terminal.
    """
    options = {"rounds": 3 if quick else 7, "minutes": 2 if quick else 10, "show": show}
    report = ReplayReport.from_json(measure_in_child("streamrnn.bench.replay", options))
    report.rows += commands(1 if quick else HOURS, show=show)
    report.environment = environment()
    return report


def measure(*, rounds: int = 7, minutes: float = 10.0, show: bool = False) -> ReplayReport:
    """Time the contenders in this process, as it is; see `run`."""
    left_out: dict[str, str] = {}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sound, recorded, results = root / "a.flac", root / "a.mcap", root / "results.json"
        sound_file(sound, minutes / 60.0)
        recording(sound, recorded)
        plays: dict[str, Play] = {
            "replay": ours(sound, results),
            "replay --check": checked(recorded),
        }
        what = {
            "replay": f"{MODEL} over FLAC: decode, log-mel, network, events, results",
            "replay --check": f"{MODEL} over MCAP, chunks of 20 ms, every prediction compared",
            YARDSTICK: "the same over FLAC, by blocks of 10 s, no detection",
            "silero-vad": "get_speech_timestamps, ONNX: speech or not",
        }
        try:
            torch = Torch(sound, results)
            if torch.error() <= TOLERANCE:
                plays[YARDSTICK] = torch.play
            else:
                wrong.append(YARDSTICK)
        except ImportError as error:
            left_out[YARDSTICK] = f"{error.name or error} is not installed; {INSTALL}"
        try:
            plays["silero-vad"] = silero(sound)
        except ImportError as error:
            left_out["silero-vad"] = (
                f"{error.name or error} is not installed; pip install silero-vad"
            )
        seconds = _in_turn(plays, rounds, show=show)
        rows = [ReplayRow(name=name, what=what[name], seconds=None) for name in wrong]
        for name, taken in seconds.items():
            times = 60.0 * minutes / taken
            row = ReplayRow(
                name=name, what=what[name], hours=minutes / 60.0, seconds=taken, times=times
            )
            if name == "replay":
                row.aims = [_aim("× real time", "≥", AIM_TIMES, times)]
            rows.append(row)
    return ReplayReport(environment=environment(), rows=rows, left_out=left_out)


def _in_turn(plays: dict[str, Play], rounds: int, *, show: bool) -> dict[str, float]:
    """Median seconds of each, one after the other in every round."""
    seconds: dict[str, list[float]] = {name: [] for name in plays}
    with progress("bench replay", len(plays) * (rounds + 1), show=show) as advance:
        for number in range(rounds + 1):
            for name, play in plays.items():
                began = time.perf_counter()
                play()
                if number:  # the first round warms up
                    seconds[name].append(time.perf_counter() - began)
                advance()
    return {name: float(np.median(taken)) for name, taken in seconds.items()}


def commands(hours: float, *, show: bool = False) -> list[ReplayRow]:
    """Whole commands over long files: time, memory, and what a second process brings."""
    rows: list[ReplayRow] = []
    with tempfile.TemporaryDirectory() as folder, progress("commands", 5, show=show) as advance:
        root = Path(folder)
        long, twin = root / "long.flac", root / "twin.flac"
        advance(1, "writing hours of sound")
        sound_file(long, hours)
        os.link(long, twin)
        advance(1, f"{hours:g} hours on one core")
        seconds, peak = _command(str(long), "--model", MODEL, one_core=True)
        name = "streamrnn replay"
        row = ReplayRow(
            name=name,
            what="one file, one core, from start to end of the process",
            hours=hours,
            seconds=seconds,
            times=3600.0 * hours / seconds,
            peak_mb=peak,
        )
        row.aims = [
            _aim(f"s for {hours:g} h", "≤", AIM_SECONDS * hours / HOURS, seconds),
            _aim("MB", "≤", AIM_MB, peak),
        ]
        rows.append(row)
        both = str(long), str(twin), "--model", MODEL
        advance(1, "two files, one process")
        alone, _ = _command(*both)
        advance(1, "two files, two processes")
        shared, _ = _command(*both, "--jobs", "2")
        for jobs, taken in ((1, alone), (2, shared)):
            row = ReplayRow(
                name=f"{name} --jobs {jobs}",
                what="two files, likewise, on two cores",
                hours=2 * hours,
                seconds=taken,
                times=7200.0 * hours / taken,
            )
            if jobs == 2:
                row.aims = [_aim("× one job", "≥", AIM_JOBS, alone / shared)]
            rows.append(row)
        tracks = root / "tracks"
        fixes = track_files(tracks, 12_000 if hours >= HOURS else 600)
        for jobs in (1, 2):
            seconds, _ = _command(str(tracks), "--model", "ball", "--jobs", str(jobs))
            row = ReplayRow(
                name=f"{name} --jobs {jobs}",
                what=f"ball over {fixes:,} fixes of tracks in CSV; fixes a second",
                seconds=seconds,
                times=fixes / seconds,
            )
            row.aims = [_aim("fixes a second", "≥", AIM_FIXES, fixes / seconds)]
            rows.append(row)
        advance(1)
    return rows


def _aim(what: str, relation: Any, bound: float, value: float) -> Aim:
    return Aim(what=what, relation=relation, bound=bound, value=value)


def _command(*arguments: str, one_core: bool = False) -> tuple[float, float]:
    """Seconds of a command, and MB that its process took at most."""
    script = (
        "import resource, sys\n"
        "from streamrnn.bench.common import pin\n"
        f"{'pin()' if one_core else ''}\n"
        "from streamrnn.cli import main\n"
        f"sys.argv = ['streamrnn', 'replay', '--json', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(peak / (2**20 if sys.platform == 'darwin' else 1024), file=sys.stderr)\n"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=child_environment(threads=1),
        check=True,
        text=True,
    )
    return time.perf_counter() - began, float(done.stderr.splitlines()[-1])


def sound_file(path: Path, hours: float) -> None:
    """Write so many hours of spoken words, FLAC, 16 bits."""
    import soundfile

    words = (32_767.0 * read_sound(WORDS).samples[:, 0]).astype(np.int16)
    left = round(3600.0 * hours * RATE)
    many = np.tile(words, 1 + min(left, 600 * RATE) // len(words))
    with soundfile.SoundFile(str(path), "w", RATE, 1, subtype="PCM_16") as file:
        while left:
            file.write(many[:left])
            left -= min(left, len(many))


def recording(sound: Path, path: Path) -> None:
    """Record a stream of a file, fed by 20 ms."""
    samples = read_sound(sound).samples[:, 0]
    with RecordedStream(load(MODEL), path, rate=RATE) as stream:
        for first in range(0, len(samples), RATE // 50):
            stream.feed(samples[first : first + RATE // 50])
        stream.flush()


def track_files(folder: Path, count: int) -> int:
    """Write tracks as CSV, 200 to 300 fixes each; gives how many fixes they are."""
    folder.mkdir()
    random, fixes = np.random.default_rng(0), 0
    for number in range(count):
        steps = int(random.integers(200, 300))
        rows = np.empty((steps, 3))
        rows[:, 0] = np.arange(steps) / 30.0
        rows[:, 1:] = 500.0 + np.cumsum(random.normal(0.0, 4.0, (steps, 2)), axis=0)
        text = "\n".join(f"{t:.4f},{x:.2f},{y:.2f}" for t, x, y in rows.tolist())
        (folder / f"{number:05}.csv").write_text(f"time_s,x,y\n{text}\n")
        fixes += steps
    return fixes


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    pin()
    print(measure(**msgspec.json.decode(options)).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
