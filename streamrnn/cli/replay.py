"""`streamrnn replay FILE`: play recordings again, and compare with what was said then."""

import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from streamrnn.cli.lines import print_json, tell
from streamrnn.cli.waiting import waiting
from streamrnn.errors import ModelFileError, RecordingError
from streamrnn.io.messages import Happened, said_messages
from streamrnn.io.recording import Recording
from streamrnn.model import Model, bundled_models, load
from streamrnn.replay.difference import Difference, difference
from streamrnn.replay.play import play

SHOWN = 200  # events in a table
NEAR = 0.5  # seconds, or samples of no sound, within which two events of a kind and label are one


class Replayed(msgspec.Struct, kw_only=True):
    """What became of one recording."""

    file: str
    """Its path."""
    recorded: str
    """The model that listened."""
    replayed: str
    """The model that it was played to."""
    same_model: bool
    """Whether they are the same, configuration and weights."""
    chunks: int = 0
    """Chunks that were played, flushes and resets included."""
    steps: int = 0
    """Predictions that were made."""
    seconds: float | None = None
    """Of sound."""
    lost: int = 0
    """Samples that had been lost."""
    other_labels: int = 0
    """Steps at which the two say another label."""
    difference: Difference | None = None
    """The first, bit by bit."""
    broken: str | None = None
    """Why the recording breaks off, if it does."""
    events: list[dict[str, Any]] = []
    """Of both, with the second at which each happened, and `by`: recorded, replayed, or both."""
    took: float = 0.0
    """Seconds that it took."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(replay)


def replay(
    files: Annotated[list[Path], typer.Argument(help="Recordings by stream --record.")],
    model: Annotated[
        str | None,
        typer.Option(help="Play to this model: a bundled name or a file (default: the recorded)."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="See that the same model says the same bits.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a recording.")] = False,
) -> None:
    """Play recordings again, as fast as it goes, and compare with what was said then.

    The model that listened says the same numbers again, to the bit on the same kind of machine:
    --check says so. Another one, with --model, is compared event by event, and label by label.

    Exit code 0: with --check, all that is readable agrees (where a recording breaks off, that is
    said); 1: a difference, or a recording of several that could not be read; 2: nothing was read.
    """
    found: list[Replayed] = []
    for path in files:
        try:
            found.append(_replayed(path, model))
        except (RecordingError, ModelFileError) as error:
            if len(files) == 1:
                raise
            tell(error)
            continue
        if json:
            print_json(msgspec.to_builtins(found[-1]))
        else:
            _print(found[-1], check)
    if not found:
        raise RecordingError("replay: expected a recording that can be read, got none")
    wrong = check and any(each.difference for each in found)
    raise typer.Exit(1 if wrong or len(found) < len(files) else 0)


def _replayed(path: Path, name: str | None) -> Replayed:
    """Play one recording."""
    recording = Recording(path)
    opened = recording.opened
    model = load(name) if name else _recorded_model(recording)
    rate = opened.options.get("rate")
    report = Replayed(
        file=str(path),
        recorded=opened.model,
        replayed=model.name,
        same_model=model.fingerprint == opened.fingerprint,
    )
    began, samples = time.monotonic(), 0
    then, now = list[tuple[float, Happened]](), list[tuple[float, Happened]]()
    with waiting() as progress:
        bar = progress.add_task(path.name, total=1.0)
        scale = 1.0 / float(rate) if rate else 1.0
        for step in play(recording, model):
            offset = step.offset
            then += [((offset + each.position) * scale, each) for each in step.events]
            happened = said_messages(step.said)[1]
            now += [((offset + each.position) * scale, each) for each in happened]
            report.chunks += step.chunks
            report.steps += len(step.said)
            report.lost += step.lost
            samples = step.samples
            if step.said.labels is not None:
                was = [label for said in step.recorded for label in said.labels or ()]
                pairs = zip(was, step.said.labels, strict=False)
                report.other_labels += sum(was != is_ for was, is_ in pairs)
            report.difference = report.difference or difference(step)
            progress.update(bar, completed=recording.share)
    report.seconds = samples / float(rate) if rate else None
    report.broken = recording.broken
    report.took = round(time.monotonic() - began, 3)
    report.events = _side_by_side(then, now)
    return report


def _recorded_model(recording: Recording) -> Model:
    """The bundled model that listened."""
    opened = recording.opened
    if opened.model in bundled_models():
        model = load(opened.model)
        if model.fingerprint == opened.fingerprint:
            return model
    raise ModelFileError(
        f"{recording.path}: expected --model FILE with {opened.model or 'a model'}, fingerprint "
        f"{opened.fingerprint[:16] or 'none'}…, which is not bundled"
    )


def _side_by_side(
    then: list[tuple[float, Happened]], now: list[tuple[float, Happened]]
) -> list[dict[str, Any]]:
    """Events of both, in order; those of a kind and label that lie near are one."""
    rows: list[dict[str, Any]] = []
    left = list(now)
    for at, event in then:
        twin = next(
            (
                other
                for other in left
                if (other[1].kind, other[1].label) == (event.kind, event.label)
                and abs(other[0] - at) <= NEAR
            ),
            None,
        )
        row = {"time": at, "kind": event.kind, "label": event.label, "recorded": event.score}
        if twin is not None:
            left.remove(twin)
        rows.append({**row, "replayed": None if twin is None else twin[1].score})
    for at, event in left:
        row = {"time": at, "kind": event.kind, "label": event.label, "recorded": None}
        rows.append({**row, "replayed": event.score})
    return sorted(rows, key=lambda row: row["time"])


def _print(report: Replayed, check: bool) -> None:
    console = Console(highlight=False)
    pace = ""
    if report.seconds is not None:
        pace = f", {report.seconds:.1f} s, {report.seconds / max(report.took, 1e-3):,.0f} × as fast"
    console.print(f"{report.file}: {report.steps:,} steps{pace}", markup=False)
    if report.lost:
        console.print(f"{report.lost:,} samples had been lost; silence stands in for them")
    if report.broken:
        console.print(f"breaks off there: {report.broken}", markup=False)
    if report.difference is None:
        console.print(f"{report.replayed} says the same, to the bit")
    elif check or report.same_model:
        told = report.difference
        where = f"{told.time:.3f} s" if told.time is not None else f"position {told.position:,}"
        console.print(f"the first difference, at {where}: {told.what}", markup=False)
        console.print(f"  recorded {_short(told.recorded)}\n  replayed {_short(told.replayed)}")
    if check:
        return
    if report.other_labels:
        share = report.other_labels / max(report.steps, 1)
        console.print(f"another label at {report.other_labels:,} steps ({share:.1%})")
    if report.events:
        console.print(_table(report))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 100 else text[:99] + "…"


def _table(report: Replayed) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("s" if report.seconds is not None else "position", justify="right")
    for name in ("event", "label"):
        table.add_column(name)
    table.add_column(f"then, {report.recorded}", justify="right")
    table.add_column(f"now, {report.replayed}", justify="right")
    for row in report.events[:SHOWN]:
        at = f"{row['time']:.2f}" if report.seconds is not None else f"{row['time']:.0f}"
        scores = ("" if row[who] is None else f"{row[who]:.0%}" for who in ("recorded", "replayed"))
        table.add_row(at, row["kind"], row["label"], *scores)
    if len(report.events) > SHOWN:
        table.caption = f"{SHOWN} of {len(report.events):,}; --json tells all"
    return table
