"""`streamrnn replay FILE …`: play streams again, and compare with what was said then."""

import math
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from streamrnn.cli.lines import print_json, tell
from streamrnn.cli.replayed import as_plain, happened, print_outcome, print_sum, silent
from streamrnn.cli.waiting import waiting
from streamrnn.errors import ConfigError, RecordingError, UnsupportedError
from streamrnn.replay.jobs import SHORT, Advance, Found, Task, loaded, play_files
from streamrnn.replay.outcome import Outcome
from streamrnn.replay.play import kind_of
from streamrnn.replay.sources import files_of
from streamrnn.show.figure import see_that_picture


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(replay)


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Recordings (.mcap), sound (.wav, .flac, .ogg), tracks (.csv), text (.txt, .jsonl "
            'with {"text": …} a line), or folders of these.'
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Play to this model: a bundled name or a file (default: the recorded); given "
            "twice, two are compared."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="See that the same model says the same bits.")
    ] = False,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="Since the beginning, 3:00:00; or by the clock, T03:00."
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Likewise; not included.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.0, help="1: as it came, telling events meanwhile; 2: twice as fast."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share out the files.")] = 1,
    plot: Annotated[
        Path | None, typer.Option(help="Draw how sure the listeners were, and the events.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write a page of where the two listeners differ."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Play streams again, as fast as it goes, and compare with what was said then.

    The model that listened says the same numbers again, to the bit on the same kind of machine:
    --check says so. Another one, with --model, stands beside it, event by event; of two models,
    each stands beside the other. Events of a kind and label within half a second (half a sample,
    where there is no time) are one; where the second was later, that stands behind its score.

    A part of a recording by the same model is begun at a snapshot before it, with the same
    bits as from the beginning; whatever else is asked for is played from the beginning. Times
    since the beginning are those of the sound or of the track itself; of recorded text and tracks,
    when they arrived. T03:00 is the first time after the beginning that the clock showed 3 (by
    the clock's time at the beginning, going on evenly, whoever set it meanwhile).

    A folder is searched for files that the model takes; a .csv or .txt beside a recording of the
    same name holds its marks (see evaluate), and is passed over.

    Exit code 0: all agrees that is readable (where a recording breaks off, that is said); 1: with
    --check a difference, or a file of several that could not be read; 2: nothing was read.
    """
    names = tuple(model or ())
    if len(names) > 2:
        raise ConfigError(f"--model: expected one or two, got {len(names)}")
    if speed is not None and (jobs > 1 or len(names) > 1):
        raise UnsupportedError("--speed: expected one job and one model; leave it out")
    if check and len(names) > 1:
        raise UnsupportedError("--check: expected the recorded model or one other, got two")
    models = [loaded(name) for name in names]
    kind = "recorded" if check else kind_of(models[0]) if models else ""
    paths = files_of(files, kind=kind)
    _see_that(plot, report, paths if len(names) < 2 else None)
    task = Task(models=names, start=start, end=end, curves=bool(plot or report))
    outcomes: list[Outcome] = []
    began, failed = time.monotonic(), 0
    with _advancing(paths, hide=speed is not None) as advance:
        for path, found in play_files(
            paths,
            task,
            jobs=jobs,
            pace=_Pace(speed) if speed else None,
            tell=happened if speed and not json else silent,
            advance=advance,
        ):
            told = _checked(path, found) if check else found
            if isinstance(told, Outcome):
                outcomes.append(told)
                if json:
                    print_json(as_plain(told))
                else:
                    print_outcome(told, check=check)
            elif len(paths) == 1:
                raise told
            else:
                tell(told)
                failed += 1
    if not outcomes:
        raise RecordingError("replay: expected a file that can be read, got none")
    if len(paths) > 1 and not json:
        print_sum(outcomes, failed, time.monotonic() - began)
    _draw(outcomes, plot, report)
    wrong = check and any(each.difference for each in outcomes)
    raise typer.Exit(1 if wrong or failed else 0)


def _see_that(plot: Path | None, report: Path | None, alone: Sequence[Path] | None) -> None:
    """See that pictures can be written, before hours are played for them.

    Args:
        plot: see `replay`.
        report: likewise.
        alone: files of which only recordings have two listeners; None: all have.
    """
    if plot is not None:
        see_that_picture(plot)
    if report is None:
        return
    see_that_picture(report.with_suffix(".png"))
    if report.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{report}: expected a page to write to, FILE.html")
    if alone is not None and all(path.suffix.lower() != ".mcap" for path in alone):
        raise UnsupportedError(
            "--report: expected two listeners: --model twice, or recordings; leave it out"
        )


def _checked(path: Path, found: Found) -> Found:
    """What was found, or that there was nothing to check."""
    if isinstance(found, Outcome) and not (found.checked and (found.compared or found.difference)):
        return RecordingError(f"{path}: expected predictions to check, got none there")
    return found


def _draw(outcomes: Sequence[Outcome], plot: Path | None, report: Path | None) -> None:
    if plot is not None:
        from streamrnn.show.replay.timeline import timeline_plot

        timeline_plot(outcomes, plot)
    if report is not None:
        from streamrnn.show.replay.report import write_report

        with waiting() as progress:
            bar = progress.add_task("report", total=1.0)
            write_report(
                report, outcomes, advance=lambda share: progress.update(bar, completed=share)
            )


class _Pace:
    """Waits until a chunk is due; a file begins anew."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._begun, self._latest = 0.0, math.inf

    def __call__(self, second: float) -> None:
        now = time.monotonic()
        if second < self._latest:  # of the first chunk, or of the next file
            self._begun = now - second / self._speed
        self._latest = second
        time.sleep(max(0.0, self._begun + second / self._speed - now))


@contextmanager
def _advancing(paths: Sequence[Path], *, hide: bool) -> Generator[Advance]:
    """A bar with how fast it goes and how long it will take."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %  {task.fields[pace]}"),
        TimeRemainingColumn(),
    )
    with waiting(*columns, hide=hide) as progress:
        name = f"{len(paths)} files" if len(paths) > 1 else paths[0].name
        unit = (
            "samples a second" if all(p.suffix.lower() in SHORT for p in paths) else "× real time"
        )
        bar, began = progress.add_task(name, total=1.0, pace=""), time.monotonic()

        def advance(seconds: float, share: float) -> None:
            pace = seconds / max(time.monotonic() - began, 0.1)
            progress.update(bar, completed=share, pace=f"{pace:,.0f} {unit}")

        yield advance
