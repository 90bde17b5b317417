"""`streamrnn stream MODEL SOURCE`: live predictions of a file or of standard input."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.live import Live

from streamrnn.cli.lines import print_json, tell
from streamrnn.cli.stream_options import Device, Reconnect, expect_recording, refuse_strange
from streamrnn.cli.stream_sentences import stream_sentences
from streamrnn.cli.stream_sound import Options, stream_sound
from streamrnn.cli.stream_text import Options as TextOptions
from streamrnn.cli.stream_text import stream_text
from streamrnn.config import DecideConfig, MotionConfig, SoundConfig, TextConfig
from streamrnn.errors import ConfigError, InputError, TrackError, UnsupportedError
from streamrnn.io.recorded import RecordedModel
from streamrnn.io.tracks import arriving_rows, read_track
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.predictions import Prediction
from streamrnn.show.flight import Flight
from streamrnn.show.scores import score_table
from streamrnn.tasks.ball.evaluate import evaluate
from streamrnn.tasks.ball.targets import HORIZONS
from streamrnn.tasks.ball.task import predictor, without_memory

REDRAWS = 20.0  # pictures a second at most
Step = tuple[list[float], Prediction]
"""A row of time and position, and what is said at it."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(stream)


def stream(
    model: Annotated[str, typer.Argument(help="A bundled name, or a .safetensors or .onnx file.")],
    source: Annotated[
        str | None,
        typer.Argument(
            help="A CSV track, a file of sound or text, mic, or - for standard input: lines, raw "
            "samples, UTF-8."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a step.")] = False,
    chunk: Annotated[
        int | None, typer.Option(min=1, help="Fixes of a track fed at a time (default: 1).")
    ] = None,
    view: Annotated[
        bool | None, typer.Option(help="Draw a picture; the default in a terminal.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.0, help="Pace of the picture: 1: as recorded, 0: no waiting (default: 1)."
        ),
    ] = None,
    rate: Annotated[
        int | None, typer.Option(help="Samples a second of the microphone or of raw samples.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option(min=1, help="Likewise; mixed to their mean (default: 1).")
    ] = None,
    device: Device = None,
    reconnect: Reconnect = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Text: read U+FFFD for bytes that are no UTF-8.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(min=0, help="Text: go on with source and prompt for so many characters."),
    ] = None,
    prompt: Annotated[str, typer.Option(help="Text to go on with.")] = "",
    temperature: Annotated[
        float | None,
        typer.Option(min=0.0, help="Of the sample: 0 takes the likeliest (default: 1)."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the sample (default: 0).")] = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE.mcap", help="Record what comes and what is said, to replay it."),
    ] = None,
) -> None:
    """Feed a stream as it comes in, and print what the model says at every step.

    A track is CSV with the columns time_s, x, y and perhaps z (units may follow: x_px, x_m) and
    perhaps visible; an empty position is a missing fix, through which the model predicts. Sound
    comes from a microphone, from WAV, FLAC or OGG, or as raw 16-bit little-endian samples; where
    a device lost some, silence stands in, and it is said. Of text, every character, or every
    word, is a step; a model of characters also writes on: `--sample 400 --prompt "KING"`, and
    an equal seed gives an equal text. However a stream is cut into chunks, the numbers are those
    of the whole, to the bit.
    """
    network = load(model)
    given = {
        "--chunk": chunk,
        "--view": view,
        "--speed": speed,
        "--rate": rate,
        "--channels": channels,
        "--device": device,
        "--reconnect": reconnect,
        "--replace": replace,
        "--sample": sample,
        "--prompt": prompt or None,
        "--temperature": temperature,
        "--seed": seed,
    }
    refuse_strange(network.config, source, given, json=json)
    pace = 1.0 if speed is None else speed
    warmth = 1.0 if temperature is None else temperature
    sound = Options(json, view, pace, rate, channels or 1, device, reconnect)
    text = TextOptions(json, replace, sample, prompt, warmth, seed or 0)
    if record is None:
        _stream(network, source, sound, text, chunk or 1)
        return
    expect_recording(record)
    patient = source != "mic"
    with RecordedModel(
        network, record, source=source or "", failed=tell, patient=patient
    ) as recorded:
        _stream(recorded, source, sound, text, chunk or 1)


def _stream(
    network: Model, source: str | None, options: Options, text: TextOptions, chunk: int
) -> None:
    """Stream a source to a model, of whatever kind they are."""
    front, json, view = network.config.frontend, options.json, options.view
    decides = isinstance(network.config.decoder, DecideConfig)
    if isinstance(front, TextConfig) and not decides:
        stream_text(network, source, text)
        return
    if source is None:
        kind = "a file, mic," if isinstance(front, SoundConfig) else "a file"
        raise ConfigError(
            f"stream: expected a source for {network.name}, got none; name {kind} or -"
        )
    if isinstance(front, SoundConfig):
        stream_sound(network, front, source, options)
    elif isinstance(front, TextConfig):
        stream_sentences(network, source, json=json, view=view)
    elif isinstance(front, MotionConfig):
        _stream_track(network, source, options, chunk)
    else:
        raise UnsupportedError(
            f"{network.name}: expected a model of moving points, sound or text, got one whose "
            f"chunks are {front.__struct_config__.tag}; feed it from Python"
        )


def _stream_track(network: Model, source: str, options: Options, chunk: int) -> None:
    """Fixes of a file, or of standard input as they come."""
    live = source == "-"
    name = "standard input" if live else source
    said = _predictions(network, arriving_rows(source, size=chunk), name)
    if options.json:
        for _, each in said:
            print_json(as_plain(each))
        return
    console = Console()
    extent = None if live else read_track(source)[:, 1:]
    if console.is_terminal if options.view is None else options.view:
        rows = _draw(console, said, extent, 0.0 if live else options.speed)
    else:
        rows = _print(console, said)
    if len(rows) > 1:
        scores = evaluate(predictor(network), [np.array(rows)], HORIZONS, others=without_memory())
        title = f"{Path(name).name}: foreseen against what then happened"
        console.print(score_table(scores, title=title))


def _predictions(model: Model, chunks: Iterator[NDArray[np.float64]], name: str) -> Iterator[Step]:
    stream = model.stream()
    for rows in chunks:
        try:
            said = stream.feed(rows)
        except InputError as error:
            raise TrackError(f"{name}, after {stream.position} fixes: {error}") from error
        yield from zip(rows.tolist(), said, strict=True)


def as_plain(said: Prediction) -> dict[str, Any]:
    """A prediction as plain data: what `--json` prints; NaN becomes null."""
    return {
        "position": said.position,
        "time": said.time,
        "label": said.label,
        "score": said.score,
        "event": said.event,
        "horizons": said.horizons,
        "points": None if said.point is None else said.point.tolist(),
        "spreads": None if said.spread is None else said.spread.tolist(),
    }


def _print(console: Console, steps: Iterator[Step]) -> list[list[float]]:
    """A line a step; gives the rows that came."""
    rows: list[list[float]] = []
    for row, said in steps:
        rows.append(row)
        place = ", ".join(f"{value:.6g}" for value in row[1:])
        line = f"{row[0]:9.3f} s  at {place if np.isfinite(row).all() else 'missing':<24}"
        if said.label is not None and said.score is not None:
            line += f" {said.label} {said.score:4.0%} "
        if said.point is not None and said.spread is not None and np.isfinite(said.spread).all():
            for horizon, point, spread in zip(
                said.horizons or (), said.point, said.spread, strict=True
            ):
                place = ", ".join(f"{value:.5g}" for value in point)
                line += f"  +{horizon}: {place} ± {spread:.3g}"
        console.print(line, soft_wrap=True, highlight=False)
    return rows


def _draw(
    console: Console,
    steps: Iterator[Step],
    extent: NDArray[np.float64] | None,
    speed: float,
) -> list[list[float]]:
    """The picture, at the pace of the recording where `speed` is above 0; gives the rows."""
    flight = Flight(extent)
    size = {"columns": min(console.width - 4, 110), "rows": max(8, min(console.height - 6, 28))}
    begun = first = None
    drawn = 0.0
    with Live(console=console, auto_refresh=False) as picture:
        for row, said in steps:
            flight.add(row, said)
            now = time.monotonic()
            if begun is None or first is None:
                begun, first = now, row[0]
            if speed > 0:
                due = begun + (row[0] - first) / speed
                time.sleep(max(0.0, due - now))
                now = time.monotonic()
            if now - drawn >= 1.0 / REDRAWS:
                picture.update(flight.text(**size), refresh=True)
                drawn = now
        picture.update(flight.text(**size), refresh=True)
    return flight.rows
