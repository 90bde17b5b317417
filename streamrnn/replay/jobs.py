"""Many files, one after the other or shared out to processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from streamrnn.config import DecideConfig
from streamrnn.errors import ModelFileError, RecordingError, StreamRNNError
from streamrnn.io.recording import Recording
from streamrnn.loading import bundled_models, load
from streamrnn.model import Model
from streamrnn.replay.gathering import Gathering, Tell, replayed
from streamrnn.replay.outcome import Outcome
from streamrnn.replay.play import Pace
from streamrnn.replay.processes import Progress, shared
from streamrnn.replay.reel import Step
from streamrnn.replay.sources import Source, file_size, open_source
from streamrnn.replay.together import play_together
from streamrnn.replay.window import WHOLE, window

SHORT = (".csv", ".jsonl", ".txt")
"""Files that are played side by side."""
MOST = 128
"""Of these that are one piece of work."""
Found = Outcome | StreamRNNError
"""What became of a file, or why nothing did."""
Advance = Callable[[float, float], object]
"""Called with the seconds of sound, or samples, that were played, and the share of the work."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with each file."""

    models: tuple[str, ...] = ()
    """Bundled names or files, at most two; none: the model that was recorded."""
    start: str | None = None
    """See `streamrnn.replay.window.window`."""
    end: str | None = None
    """Likewise."""
    curves: bool = False
    """Whether to keep how sure the listeners were."""


def play_files(
    paths: Sequence[Path],
    task: Task,
    *,
    jobs: int = 1,
    pace: Pace | None = None,
    tell: Tell = lambda listener, heard: None,
    advance: Advance = lambda seconds, share: None,
) -> Iterator[tuple[Path, Found]]:
    """Play files.

    Args:
        paths: see `streamrnn.replay.sources.open_source`.
        task: what is done with each.
        jobs: processes that share them out; 1: this one alone.
        pace: makes chunks come in their own time; with one job.
        tell: told each event as it happens; with one job.
        advance: for a progress bar.

    Yields:
        What became of each, in their order.
    """
    groups = _groups(paths, jobs)
    sizes = [float(sum(file_size(paths[n]) + 1 for n in group)) for group in groups]
    if jobs == 1 or len(groups) < 2:
        progress = [0.0] * (2 * len(groups))
        moved = partial(_tell_of, advance, sizes, progress)
        work = _Work(paths, task, groups, progress, pace, tell, moved)
        for number, group in enumerate(groups):
            yield from zip((paths[n] for n in group), work.play(number), strict=True)
            progress[2 * number + 1] = 1.0
        return
    found: dict[int, Found] = {}
    following = 0
    make, look = partial(_Work, paths, task, groups), partial(_tell_of, advance, sizes)
    for number, given in shared(make, sizes, jobs, look):
        died = isinstance(given, int)
        founds = [_died(paths[n], given) for n in groups[number]] if died else given
        found.update(zip(groups[number], founds, strict=True))
        while following in found:
            yield paths[following], found.pop(following)
            following += 1


def recorded_model(recording: Recording) -> Model:
    """The bundled model that listened.

    Raises:
        ModelFileError: nobody did, or it is not bundled.
    """
    opened = recording.opened
    if opened.model in bundled_models():
        model = loaded(opened.model)
        if model.fingerprint == opened.fingerprint:
            return model
    raise ModelFileError(
        f"{recording.path}: expected --model FILE with {opened.model or 'a model'}, fingerprint "
        f"{opened.fingerprint[:16] or 'none'}…, which is not bundled"
        if opened.model
        else f"{recording.path}: expected --model NAME, as no model was recorded with it"
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """Groups of files, as one process plays them."""

    paths: Sequence[Path]
    task: Task
    groups: Sequence[Sequence[int]]
    progress: Progress
    """Of each group the seconds of sound, or samples, that were played, and the share of it."""
    pace: Pace | None = None
    tell: Tell = lambda listener, heard: None
    advance: Callable[[], object] = lambda: None

    def __call__(self, number: int) -> list[Found]:
        """Play a group of files."""
        return list(self.play(number))

    def play(self, number: int) -> Iterator[Found]:
        """Play a group of files, one by one or side by side."""
        paths = [self.paths[n] for n in self.groups[number]]
        whole = self.task.start is None and self.task.end is None
        if len(paths) > 1 and len(self.task.models) == 1 and whole and self.pace is None:
            model = loaded(self.task.models[0])
            if not model.engine.may_refuse:
                yield from self._together(number, paths, model)
                return
        before = 0.0
        for place, path in enumerate(paths):
            try:
                outcome = self._one(path, partial(self._moved, number, place, len(paths), before))
            except StreamRNNError as error:
                yield error
                continue
            before += outcome.seconds or outcome.samples
            yield outcome

    def _moved(
        self, number: int, place: int, of: int, before: float, played: float, share: float
    ) -> None:
        self._note(number, before + played, (place + share) / of)

    def _note(self, number: int, played: float, share: float) -> None:
        self.progress[2 * number : 2 * number + 2] = [played, share]
        self.advance()

    def _one(self, path: Path, moved: Advance) -> Outcome:
        models = [loaded(name) for name in self.task.models]
        sentences = bool(models) and isinstance(models[0].config.decoder, DecideConfig)
        slow = self.pace is not None
        sources = [open_source(path, sentences=sentences, slow=slow) for _ in models or [None]]
        if not models:
            models = [_recorded(sources[0])]
        part = window(self.task.start, self.task.end, sources[0])
        return replayed(
            sources,
            models,
            part,
            pace=self.pace,
            curves=self.task.curves,
            tell=self.tell,
            advance=moved,
        )

    def _together(self, number: int, paths: Sequence[Path], model: Model) -> Iterator[Found]:
        sentences = isinstance(model.config.decoder, DecideConfig)
        found: list[Found | None] = [None] * len(paths)
        sources: list[Source] = []
        places: list[int] = []
        for place, path in enumerate(paths):
            try:
                sources.append(open_source(path, sentences=sentences))
                places.append(place)
            except StreamRNNError as error:
                found[place] = error
        gatherings = [
            Gathering([source], [model], WHOLE, curves=self.task.curves, tell=self.tell)
            for source in sources
        ]
        ended, samples = 0, 0
        for which, step in play_together(sources, model):
            gathering = gatherings[which]
            if isinstance(step, Step):
                gathering.add([step])
                samples += len(step.said)
            else:
                ended += 1
                try:
                    found[places[which]] = gathering.outcome(step)
                except RecordingError as error:
                    found[places[which]] = error
            self._note(number, samples, ended / len(paths))
        yield from (each for each in found if each is not None)


@lru_cache(maxsize=4)
def loaded(name: str) -> Model:
    """A model, loaded once in a process; see `streamrnn.loading.load`."""
    return load(name)


def _recorded(source: Source) -> Model:
    if isinstance(source, Recording):
        return recorded_model(source)
    raise ModelFileError(f"{source.path}: expected --model NAME to play it to")


def _groups(paths: Sequence[Path], jobs: int) -> list[list[int]]:
    """Which files are one piece of work: short ones, some together, and every other one."""
    short = [path.suffix.lower() in SHORT for path in paths]
    those = [n for n, is_short in enumerate(short) if is_short]
    each = max(1, min(MOST, -(-len(those) // jobs)))
    groups = [those[first : first + each] for first in range(0, len(those), each)]
    return sorted(groups + [[n] for n, is_short in enumerate(short) if not is_short])


def _tell_of(advance: Advance, sizes: Sequence[float], progress: Sequence[float]) -> None:
    """Tell how much was played, and the share of all bytes."""
    shares = zip(progress[1::2], sizes, strict=True)
    advance(sum(progress[::2]), sum(share * size for share, size in shares) / sum(sizes))


def _died(path: Path, code: int) -> RecordingError:
    told = f"signal {-code}" if code < 0 else f"exit code {code}"
    return RecordingError(
        f"{path}: expected the process that plays it to go on, but it ended with {told}; play it "
        "with --jobs 1"
    )
