"""What a recording holds: messages of MCAP channels, JSON with a schema each.

One channel a kind, so that viewers of MCAP can show and plot them. Sound is Foxglove's `RawAudio`,
which viewers play. Bytes are base64, as in Foxglove's own JSON schemas; floats are written so that
the same bits are read.
"""

import re
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.decoded import Event
from streamrnn.frontends.base import is_array
from streamrnn.predictions import Predictions

PROFILE = "streamrnn"
FORMATS = {"pcm-s16": np.dtype("<i2"), "pcm-f32": np.dtype("<f4")}
"""Foxglove's name of 16-bit samples, and one in its manner for floats."""


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Base of all messages."""


class Stamp(Message, frozen=True):
    """A point in time, as Foxglove has it."""

    sec: int
    """Seconds since 1970."""
    nsec: int
    """And nanoseconds."""


class Opened(Message, frozen=True):
    """A stream begins: who listens, and how it was opened."""

    version: int = 1
    """Of these messages."""
    model: str = ""
    """The model's name; "": nothing is predicted."""
    fingerprint: str = ""
    """The model's."""
    config: dict[str, Any] = {}
    """The model's configuration."""
    card: dict[str, Any] = {}
    """The model's card."""
    options: dict[str, Any] = {}
    """Rate and channels of sound, errors of text."""
    source: str = ""
    """What was recorded: a device, a file, standard input."""
    software: str = ""
    """What recorded it."""


class Chunk(Message, frozen=True):
    """Base of what is fed."""

    begin: int
    """How many samples the recording holds before it."""


class Audio(Chunk, frozen=True):
    """A chunk of sound, in the schema `foxglove.RawAudio`, which lets more be said."""

    timestamp: Stamp
    """When it arrived, by the clock, which may be set while a stream goes on."""
    data: bytes
    """The samples, those of a point in time side by side, little-endian."""
    format: Literal["pcm-s16", "pcm-f32"]
    """See `FORMATS`."""
    sample_rate: int
    """Samples a second."""
    number_of_channels: int
    """Columns of `(n, channels)`; 0: the chunk was `(n,)`."""


class Text(Chunk, frozen=True):
    """A chunk of text."""

    text: str | None = None
    """Text that came as `str`."""
    data: bytes | None = None
    """Text that came as `bytes`."""


class Rows(Chunk, frozen=True):
    """A chunk of time and position."""

    rows: list[list[float | None]]
    """Each `time, x, y[, z]`; null: not a number, as of a fix that is missing."""
    dtype: Literal["float64", "float32"]
    """Of the chunk."""
    columns: int
    """Of a row."""


class FrameChunk(Chunk, frozen=True):
    """A chunk of frames."""

    data: bytes
    """float32, little-endian, row after row."""
    columns: int
    """Of a row."""


class Gap(Message, frozen=True):
    """Samples that were lost before what follows; silence stands in for them there."""

    samples: int
    """How many."""
    position: int
    """How many samples had arrived before."""


class Said(Message, frozen=True):
    """The predictions of one chunk, step by step."""

    positions: list[int]
    """How many samples had arrived when each step became known."""
    times: list[float] | None
    """The same in seconds, where samples have a time."""
    labels: list[str | None] | None
    """The likeliest class of each step."""
    scores: list[float | None] | None
    """How sure each is; null: not a number."""
    outputs: bytes
    """The network's outputs, float32, little-endian, row after row."""
    columns: int
    """Of a row of outputs."""


class Happened(Message, frozen=True):
    """An event; see `streamrnn.predictions.Event`."""

    kind: str
    label: str
    position: int
    score: float | None
    """Null: not a number."""


class Kept(Message, frozen=True):
    """The state of the stream at a position: a snapshot of `Stream.snapshot`."""

    position: int
    """How many samples had arrived since the stream was fresh."""
    snapshot: bytes
    """The blob."""


class Verb(Message, frozen=True):
    """What was done to the stream: `flush`, `reset`, or `restore` from a snapshot."""

    verb: str
    """Its name."""
    snapshot: bytes | None = None
    """What was restored."""


class Channel(NamedTuple):
    """Where messages of a kind go."""

    topic: str
    """Of the channel."""
    schema: str
    """The schema's name."""


CHANNELS: dict[type[Message], Channel] = {
    Opened: Channel("/stream", "streamrnn.Opened"),
    Audio: Channel("/audio", "foxglove.RawAudio"),
    Text: Channel("/text", "streamrnn.Text"),
    Rows: Channel("/rows", "streamrnn.Rows"),
    FrameChunk: Channel("/frames", "streamrnn.Frames"),
    Gap: Channel("/gaps", "streamrnn.Gap"),
    Said: Channel("/predictions", "streamrnn.Predictions"),
    Happened: Channel("/events", "streamrnn.Event"),
    Kept: Channel("/snapshots", "streamrnn.Snapshot"),
    Verb: Channel("/verbs", "streamrnn.Verb"),
}
"""The channel of each message."""
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which a stream reads as U+FFFD
BY_TOPIC = {channel.topic: kind for kind, channel in CHANNELS.items()}
"""The message of each channel."""


def chunk_message(chunk: Any, *, begin: int, arrived: int, rate: int) -> Chunk:
    """A chunk as a message; it must be one that a stream has taken.

    Args:
        chunk: as `Stream.feed` takes it, but of no frames.
        begin: samples before it.
        arrived: when, nanoseconds since 1970.
        rate: of sound, samples a second; 0: it is no sound.
    """
    if isinstance(chunk, str):
        return Text(begin=begin, text=_SURROGATE.sub("\ufffd", chunk))
    if not is_array(chunk):
        return Text(begin=begin, data=bytes(chunk))
    if rate:
        name = "pcm-s16" if chunk.dtype.kind == "i" else "pcm-f32"
        return Audio(
            begin=begin,
            timestamp=Stamp(sec=arrived // 10**9, nsec=arrived % 10**9),
            data=chunk.astype(FORMATS[name]).tobytes(),
            format=name,
            sample_rate=rate,
            number_of_channels=0 if chunk.ndim == 1 else chunk.shape[1],
        )
    return Rows(
        begin=begin,
        rows=[[None if x != x else x for x in row] for row in chunk.tolist()],
        dtype="float32" if chunk.dtype.itemsize == 4 else "float64",
        columns=chunk.shape[1],
    )


def frames_message(chunk: NDArray[np.float32], *, begin: int) -> FrameChunk:
    """A chunk of frames as a message, with `begin` samples before it."""
    return FrameChunk(begin=begin, data=chunk.astype("<f4").tobytes(), columns=chunk.shape[1])


def chunk_of(message: Chunk) -> Any:
    """The chunk that was fed, the same bits (of what is not a number, some NaN).

    Raises:
        ValueError: its bytes are no whole rows.
    """
    match message:
        case Text(text=str() as text):
            return text
        case Text():
            return message.data or b""
        case Audio():
            samples = np.frombuffer(message.data, FORMATS[message.format])
            columns = message.number_of_channels
            return samples.reshape(-1, columns) if columns else samples
        case FrameChunk():
            return np.frombuffer(message.data, "<f4").reshape(-1, message.columns)
        case Rows():
            rows = [[np.nan if x is None else x for x in row] for row in message.rows]
            return np.array(rows, message.dtype).reshape(-1, message.columns)
        case _:
            raise TypeError(f"expected a message with a chunk, got {type(message).__name__}")


def said_messages(said: Predictions) -> tuple[Said, list[Happened]]:
    """Predictions of steps, and the events at these, as messages."""
    return (
        Said(
            positions=said.positions.tolist(),
            times=None if said.times is None else said.times.tolist(),
            labels=None if said.labels is None else list(said.labels),
            scores=None if said.scores is None else list(map(_number, said.scores.tolist())),
            outputs=said.outputs.astype("<f4").tobytes(),
            columns=said.outputs.shape[1],
        ),
        [happened_message(event) for events in said.events for event in events],
    )


def happened_message(event: Event) -> Happened:
    """An event as a message."""
    return Happened(
        kind=event.kind,
        label=event.label,
        position=event.position,
        score=_number(event.score),
    )


def _number(value: float) -> float | None:
    """A number; None where it is none, as JSON has it."""
    return value if value == value else None
