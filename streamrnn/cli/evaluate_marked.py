"""Marked recordings for `streamrnn evaluate`: what is found in them, missed and made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.progress import Progress
from rich.table import Table

from streamrnn.cli.lines import tell
from streamrnn.cli.waiting import waiting
from streamrnn.errors import ConfigError, MarksError, RecordingError, StreamRNNError
from streamrnn.model import Model
from streamrnn.replay.chosen import choose
from streamrnn.replay.marks import BESIDE, marks_beside, read_marks
from streamrnn.replay.scored import Marked, detecting, score
from streamrnn.replay.sources import HEARD
from streamrnn.show.det import wake_plot
from streamrnn.show.figure import see_that_picture
from streamrnn.show.marked import marked_table

NAMED = 5  # recordings without marks


def are_marked(source: Path) -> bool:
    """Whether a source is a recording, or a folder in which some have marks beside them."""
    if not source.is_dir():
        return source.suffix.lower() in HEARD
    return any(marks_beside(path) is not None for path in _recordings(source))


def evaluate_marked(
    model: Model,
    source: Path,
    *,
    marks: Path | None = None,
    others: Sequence[Path] = (),
    per_hour: float = 0.5,
    plot: Path | None = None,
) -> tuple[dict[str, Any], Table]:
    """Score a model that detects on marked recordings.

    What cannot be read in a folder is told on standard error, counted and left out.

    Args:
        model: with a decoder of kind `detect`.
        source: a recording, or a folder of them.
        marks: of the one recording, where they do not lie beside it.
        others: recordings, or folders of them, on which thresholds are chosen.
        per_hour: false accepts of each word in an hour that are borne there.
        plot: a picture of the DET curve.

    Returns:
        What `streamrnn.replay.scored.score` gives, and a table; where thresholds were chosen with
        `"choice": {"false_accepts", "hours", "recordings", "words": {word: …}}`, each word as
        `streamrnn.replay.chosen.Choice`.

    Raises:
        UnsupportedError: the model detects nothing, or tells none of the labels.
        MarksError: there are none, or those of the one recording cannot be read.
        RecordingError, SoundError: a lone recording cannot be read, or none of a folder.
        ConfigError: an option that cannot be, or a recording that is scored and chosen on.
    """
    detecting(model)
    if plot is not None:
        see_that_picture(plot)
    if not per_hour >= 0.0:
        raise ConfigError(f"--false-accepts: expected 0 or more an hour, got {per_hour}")
    if marks is not None and source.is_dir():
        raise ConfigError(
            f"--marks: expected one recording to be marked, got the folder {source}; lay marks "
            "beside its recordings"
        )
    reader = _Reader()
    scored = reader.marked(source, marks)
    held = {each.path.resolve(): each for other in others for each in reader.marked(other)}
    used = {path for each in scored for path in (each.path.resolve(), reader.marks[each.path])}
    both = [p for p, each in held.items() if {p, reader.marks[each.path]} & used]
    if both:
        raise ConfigError(
            f"--choose: expected recordings that are not scored too, got {both[0]}, or its marks; "
            "thresholds chosen on a recording look too good on it"
        )
    choice, thresholds = None, None
    with waiting() as progress:
        if held:
            told = f"choosing on {len(held)} recordings"
            choice = _choice(model, list(held.values()), per_hour, _bar(progress, told), reader)
            thresholds = {word: own["threshold"] for word, own in choice["words"].items()}
        scores = score(
            model,
            scored,
            thresholds=thresholds,
            advance=_bar(progress, f"{model.name} on {len(scored)} recordings"),
            skip=reader.skip if source.is_dir() else None,
        )
    scores |= {"choice": choice} if choice is not None else {}
    scores["unreadable"] = reader.unreadable
    if plot is not None:
        named = "the model's own" if choice is None else "as chosen on other recordings"
        wake_plot({**scores, **scores.get("chosen", {})}, plot, marks=named)
    return scores, marked_table(scores)


def _choice(
    model: Model,
    held: Sequence[Marked],
    per_hour: float,
    advance: Callable[[float], object],
    reader: _Reader,
) -> dict[str, Any]:
    """Choose thresholds, and tell on what."""
    scores = score(model, held, advance=advance, skip=reader.skip)
    return {
        "false_accepts": per_hour,
        "hours": scores["hours"],
        "recordings": scores["recordings"],
        "words": {word: each._asdict() for word, each in choose(scores, per_hour).items()},
    }


def _bar(progress: Progress, told: str) -> Callable[[float], object]:
    """A line of its own; it takes the share that is done."""
    task = progress.add_task(told, total=1.0)
    return lambda share: progress.update(task, completed=share)


class _Reader:
    """Finds recordings and reads their marks."""

    def __init__(self) -> None:
        self.unreadable = 0
        self.marks: dict[Path, Path] = {}
        """Of each recording, where they lie."""

    def marked(self, source: Path, marks: Path | None = None) -> list[Marked]:
        """A recording, or those of a folder that have marks beside them."""
        if not source.exists():
            raise RecordingError(
                f"{source}: expected a recording, or a folder of them, got: no such file"
            )
        if not source.is_dir():
            found = marks or marks_beside(source)
            if found is None:
                raise MarksError(
                    f"{source}: expected marks beside it, as "
                    f"{' or '.join(source.stem + ending for ending in BESIDE)}, got none; name "
                    "them with --marks"
                )
            return [self._read(source, found, [])]
        recordings = _recordings(source)
        beside = [(path, marks_beside(path)) for path in recordings]
        without = [str(path) for path, found in beside if found is None]
        if len(without) == len(recordings):
            raise MarksError(
                f"{source}: expected recordings ({', '.join(HEARD)}) with marks beside them, got "
                f"{len(recordings)} without; lay night.csv beside night.flac, with the header "
                "start,end,label"
            )
        if without:
            some = ", ".join(without[:NAMED]) + (", …" if len(without) > NAMED else "")
            tell(f"{len(without)} recordings have no marks beside them, and are left out: {some}")
        told: list[Marked] = []
        for path, found in beside:
            try:
                told += [] if found is None else [self._read(path, found, told)]
            except MarksError as error:
                self.skip(error)
        if not told:
            raise MarksError(f"{source}: expected marks that can be read, got none")
        return told

    def _read(self, path: Path, marks: Path, before: Sequence[Marked]) -> Marked:
        self.marks[path] = marks.resolve()
        for other in before:
            if self.marks[other.path] == self.marks[path]:
                raise MarksError(
                    f"{marks}: expected marks of one recording, got those of {other.path} and of "
                    f"{path}; take one of these away"
                )
        return Marked(path, read_marks(marks))

    def skip(self, error: StreamRNNError) -> None:
        """Name and count what is left out."""
        tell(error)
        self.unreadable += 1


def _recordings(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in HEARD)
