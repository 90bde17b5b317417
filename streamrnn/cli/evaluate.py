"""`streamrnn evaluate MODEL DIR`: scores on recordings."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from streamrnn.config import AudioConfig, MotionConfig
from streamrnn.errors import SoundError, UnsupportedError
from streamrnn.io.tracks import read_track, read_tracks
from streamrnn.model import Model, load
from streamrnn.show.scores import confusion_table, score_table
from streamrnn.tasks.ball.evaluate import evaluate as score_points
from streamrnn.tasks.ball.targets import HORIZONS
from streamrnn.tasks.ball.task import predictor, without_memory
from streamrnn.tasks.keywords.evaluate import score as score_words
from streamrnn.tasks.keywords.streams import UNKNOWN
from streamrnn.tasks.sounds.clips import read_clips


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled name, or a .safetensors file.")],
    folder: Annotated[
        Path, typer.Argument(help="A folder of CSV tracks, or one; of sounds, DIR/LABEL/*.wav.")
    ],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score a model on recordings.

    Of moving points: errors are distances in the tracks' own unit between what was foreseen and
    what then happened, on every visible fix that has six before it in its visible run and its
    target in the same run; horizons count samples; coverage_90 is how often the outcome lay
    within the spread. The classical filters stand beside it.

    Of words: a clip's label is the likeliest class at the last step inside it. accuracy: each
    clip from a fresh state. accuracy_endless: all clips joined in one shuffled order, with the
    state carried from the first to the last. A folder whose name is none of the labels counts as
    unknown.
    """
    network = load(model)
    kind = network.config.frontend
    if isinstance(kind, MotionConfig):
        scores, picture = _points(network, folder)
    elif isinstance(kind, AudioConfig) and network.labels:
        scores, picture = _words(network, kind, folder)
    else:
        raise UnsupportedError(f"{model}: expected a model of moving points or of words")
    if json:
        sys.stdout.buffer.write(msgspec.json.encode(scores) + b"\n")
    else:
        Console().print(picture)


def _points(network: Model, folder: Path) -> tuple[dict[str, Any], Any]:
    tracks = list(read_tracks(folder).values()) if folder.is_dir() else [read_track(folder)]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"{network.name} on {len(tracks)} tracks", total=len(tracks))
        scores = score_points(
            predictor(network),
            tracks,
            HORIZONS,
            others=without_memory(),
            advance=lambda: progress.advance(bar),
        )
    return scores, score_table(scores)


def _words(network: Model, frontend: AudioConfig, folder: Path) -> tuple[dict[str, Any], Any]:
    clips = read_clips(folder, frontend.sample_rate)
    known = set(network.labels)
    odd = sorted({clip.label for clip in clips} - known)
    if odd and UNKNOWN not in known:
        raise SoundError(
            f"{folder}: expected subfolders among {', '.join(network.labels)}, got {odd[0]}"
        )
    told = [(clip.samples, clip.label if clip.label in known else UNKNOWN) for clip in clips]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"{network.name} on {len(told)} clips, twice", total=2 * len(told))
        scores = score_words(network, told, advance=lambda: progress.advance(bar))
    return scores, confusion_table(scores, network.labels)
