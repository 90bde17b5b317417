"""`streamrnn evaluate MODEL DIR`: scores on recordings, beside the baselines."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from streamrnn.config import MotionConfig
from streamrnn.errors import UnsupportedError
from streamrnn.io.tracks import read_track, read_tracks
from streamrnn.model import load
from streamrnn.show.scores import score_table
from streamrnn.tasks.ball.evaluate import evaluate as score
from streamrnn.tasks.ball.targets import HORIZONS
from streamrnn.tasks.ball.task import predictor, without_memory


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled name, or a .safetensors file.")],
    folder: Annotated[Path, typer.Argument(help="A folder of CSV tracks, or one track.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score a model on recorded tracks, with the classical filters beside it.

    Errors are distances in the tracks' own unit between what was foreseen and what then
    happened, on every visible fix that has six before it in its visible run and its target in
    the same run; horizons count samples; coverage_90 is how often the outcome lay within the
    spread.
    """
    network = load(model)
    if not isinstance(network.config.frontend, MotionConfig):
        raise UnsupportedError(f"{model}: expected a model of moving points")
    tracks = list(read_tracks(folder).values()) if folder.is_dir() else [read_track(folder)]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"{network.name} on {len(tracks)} tracks", total=len(tracks))
        scores = score(
            predictor(network),
            tracks,
            HORIZONS,
            others=without_memory(),
            advance=lambda: progress.advance(bar),
        )
    if json:
        sys.stdout.buffer.write(msgspec.json.encode(scores) + b"\n")
    else:
        Console().print(score_table(scores))
