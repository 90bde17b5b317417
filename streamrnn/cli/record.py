"""`streamrnn record SOURCE FILE`: record a stream that no model listens to, to replay it later."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import typer

from streamrnn.cli.interrupts import between
from streamrnn.cli.lines import print_json
from streamrnn.cli.record_view import shown
from streamrnn.cli.sound_source import filled, open_sound
from streamrnn.cli.stream_options import Device, Reconnect, expect_recording, refuse_unfit
from streamrnn.config import AudioConfig
from streamrnn.errors import ConfigError, StreamRNNError, UnsupportedError
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.io.recorder import Recorder
from streamrnn.io.sounds import SUFFIXES
from streamrnn.io.texts import arriving, read_lines, text_lines
from streamrnn.io.tracks import arriving_rows

USUAL = 16_000  # raw samples a second
Kind = Literal["sound", "track", "text"]
Pieces = Iterator[tuple[Any, int]]
"""Chunks, and how many samples were lost just before each; None: a sequence ends."""
KINDS: dict[str, Kind] = {
    **dict.fromkeys(SUFFIXES, "sound"),
    ".csv": "track",
    **dict.fromkeys((".txt", ".jsonl"), "text"),
}
"""What files of each suffix hold."""
WHERE = {
    "--rate": "sound, and mic or - as its source",
    "--channels": "sound, and mic or - as its source",
    "--device": "mic as its source",
    "--reconnect": "mic as its source",
    "--kind": "a file or - as its source",
    "--seconds": "sound",
    "--lines": "text, but no .jsonl",
}
"""What each option needs."""


class Recorded(msgspec.Struct, kw_only=True):
    """What became of a recording."""

    file: str
    """Its path."""
    seconds: float | None = None
    """Of sound, silence in place of what was lost included."""
    samples: int = 0
    """That came: of sound, fixes, or characters."""
    lost: int = 0
    """Samples that were lost on the way, of which silence takes the place."""
    bytes: int = 0
    """That the file has."""
    error: str | None = None
    """Why it ended early; the file may then hold less than came."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(record)


def record(
    source: Annotated[
        str,
        typer.Argument(
            help="mic, - for standard input (raw samples, CSV lines or UTF-8), or a file: .wav, "
            ".flac, .ogg, .csv, .txt, .jsonl."
        ),
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE.mcap", help="A new file to record to.")],
    rate: Annotated[
        int | None,
        typer.Option(
            help="Samples a second of the microphone (default: its own) or of raw samples "
            "(default: 16000)."
        ),
    ] = None,
    channels: Annotated[
        int | None, typer.Option(min=1, help="Of the microphone or of raw samples (default: 1).")
    ] = None,
    device: Device = None,
    reconnect: Reconnect = False,
    kind: Annotated[
        Kind | None,
        typer.Option(help="What comes (default: by the file's suffix; sound from -)."),
    ] = None,
    lines: Annotated[
        bool,
        typer.Option("--lines", help="Text: each line is a sentence, as `stream intents` has it."),
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(metavar="S", help="Stop after so many seconds of sound.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object at the end instead of a line.")
    ] = False,
) -> None:
    """Record a stream as it comes, without any model; `streamrnn replay --model` plays it to one.

    Chunks are kept to the bit, as they came and with the time of their arrival. Raw samples are
    16 bits each, little-endian. Where a microphone lost samples, silence stands in, and it is
    said. Text comes in pieces as they are read, one sequence, or with --lines a sequence a line;
    each line of a .jsonl file is an object with a "text", and a sequence of its own. Of a track
    each row is a chunk, with the columns time_s, x, y and perhaps z.

    Ctrl-C ends the recording as it should, with exit code 130; all of it but perhaps the last
    second is there even if the process is killed. Where the source ends, or --seconds are full,
    the sequence ends too. Exit code 2: the source could not be read on, or the disk takes no more;
    what came before is recorded.
    """
    expect_recording(file)
    found = _kind(source, kind)
    given = {
        "--rate": rate,
        "--channels": channels,
        "--device": device,
        "--reconnect": reconnect,
        "--kind": kind,
        "--seconds": seconds,
        "--lines": lines,
    }
    refuse_unfit(given, _fitting(source, found), WHERE, f"{found} and {source}")
    if seconds is not None and not 0.0 < seconds < math.inf:
        raise ConfigError(f"--seconds: expected more than 0 and not for ever, got {seconds}")
    with ExitStack() as resources:
        options: dict[str, int] = {}
        pieces: Pieces
        if found == "sound":
            sound = resources.enter_context(
                open_sound(
                    source,
                    rate=rate,
                    channels=channels or 1,
                    device=device,
                    reconnect=reconnect,
                    usual=USUAL,
                )
            )
            options = {"rate": sound.rate, "channels": sound.channels}
            AudioFrontend(AudioConfig()).opened(**options)  # what no model takes is refused
            pieces = filled(sound)
            if seconds is not None:
                pieces = until(pieces, max(1, round(seconds * sound.rate)))
        elif found == "track":
            pieces = _ended((rows, 0) for rows in arriving_rows(source))
        elif source.lower().endswith(".jsonl"):
            pieces = ((piece, 0) for text in read_lines(source) for piece in (text, None))
        elif lines:
            pieces = ((piece, 0) for text in text_lines(source) for piece in (text, None))
        else:
            pieces = _ended((data, 0) for data in arriving(source))
        if source not in ("-", "mic"):
            # A file that cannot be read at all makes no recording.
            pieces = chain(list(islice(pieces, 1)), pieces)
        recorder = Recorder(file, options=options, source=source, patient=source != "mic")
        record_pieces(pieces, recorder, options.get("rate", 0), json)


def _kind(source: str, kind: Kind | None) -> Kind:
    """What a source holds."""
    if kind is not None and source != "mic":
        return kind
    if source in ("-", "mic"):
        return "sound"
    found = KINDS.get(Path(source).suffix.lower())
    if found is None:
        raise UnsupportedError(
            f"{source}: expected mic, - or a file of {', '.join(KINDS)}, got another suffix; say "
            "what it holds with --kind"
        )
    return found


def _fitting(source: str, kind: Kind) -> set[str]:
    """The options that apply."""
    fitting = {"--seconds"} if kind == "sound" else set[str]()
    if kind == "text" and not source.lower().endswith(".jsonl"):
        fitting |= {"--lines"}
    if source == "mic":
        return fitting | {"--rate", "--channels", "--device", "--reconnect"}
    if source == "-" and kind == "sound":
        fitting |= {"--rate", "--channels"}
    return fitting | {"--kind"}


def _ended(pieces: Pieces) -> Pieces:
    """Pieces of one sequence, and its end."""
    yield from pieces
    yield None, 0


def until(pieces: Pieces, samples: int) -> Pieces:
    """So many samples, and the end; what is cut off the last chunk is as if it had not come."""
    left = samples
    for chunk, lost in pieces:
        if chunk is not None:
            chunk, lost = chunk[:left], min(lost, left)
            left -= len(chunk)
        yield chunk, lost
        if chunk is None:
            return
        if not left:
            break
    yield None, 0


def record_pieces(pieces: Pieces, recorder: Recorder, rate: int, json: bool) -> None:
    """Record to the end, however it comes, and tell what there is."""
    told = Recorded(file=str(recorder.path))
    try:
        with recorder, shown(recorder.path, rate) as view:
            for chunk, lost in between(pieces):
                if lost:
                    recorder.gap(lost, told.samples)
                    told.lost += lost
                if chunk is None:
                    recorder.verb("flush")
                else:
                    count = _count(chunk)
                    recorder.chunk(chunk, time.time_ns(), samples=count)
                    told.samples += count
                    if view is not None:
                        view.add(chunk, lost)
                if recorder.error is not None:
                    break
        if recorder.error is not None:
            raise recorder.error
    except StreamRNNError as error:
        told.error = str(error)
        raise
    finally:
        told.seconds = told.samples / rate if rate else None
        told.bytes = recorder.path.stat().st_size
        if json:
            print_json(msgspec.to_builtins(told))
        else:
            print(_line(told))


def _count(chunk: Any) -> int:
    """Samples of sound, fixes, or characters: bytes of UTF-8 but for those that go on with one."""
    if isinstance(chunk, bytes):
        return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) & 0xC0 != 0x80))
    return len(chunk)


def _line(told: Recorded) -> str:
    seconds = "" if told.seconds is None else f"{told.seconds:.1f} s, "
    lost = f", {told.lost:,} of them lost" if told.lost else ""
    early = "; the file ends earlier" if told.error else ""
    return f"{told.file}: {seconds}{told.samples:,} samples{lost}, {told.bytes:,} bytes{early}"
