"""Read a recording forwards, as far as it goes: from its beginning, or from a known state on."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Header
from mcap.records import Chunk as Piece
from mcap.records import Message as Record
from mcap.stream_reader import MAGIC_SIZE, CRCValidationError, StreamReader, breakup_chunk

from streamrnn.errors import RecordingError
from streamrnn.frontends.base import Option
from streamrnn.io.messages import BY_TOPIC, CHANNELS, Chunk, Kept, Message, Opened, Verb

LARGEST = 64 * 2**20
"""Bytes of a record that are believed; a piece of sound has 12 kB, a chunk fed at once may be
large."""
# What reading a damaged file raises: mcap's own, its unpacking, its decompression, our decoding.
_DAMAGE = (
    *(McapError, CRCValidationError, EOFError, struct.error, zstandard.ZstdError),
    *(msgspec.DecodeError, UnicodeDecodeError, MemoryError, OverflowError, ValueError),
)
_RECORD = struct.Struct("<BQ")  # opcode and length, before every record
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time, before the data
_DECODERS: dict[type[Message], msgspec.json.Decoder[Message]] = {
    kind: msgspec.json.Decoder(kind) for kind in CHANNELS
}
Kinds = dict[int, type[Message]]
Late = Callable[[Chunk | Verb, int], bool]


class Found(NamedTuple):
    """A message, and when it was written."""

    message: Message
    """What was recorded."""
    at: int
    """Nanoseconds since 1970; from where the clock stood at the beginning on, evenly."""


class Recording:
    """A recording by `streamrnn.io.recorder`; iterate it for its messages after `opened`.

    What other programs wrote into other channels is passed over. A file that was cut short or is
    damaged is read up to there; `broken` then says why.

    Args:
        path: the file.

    Raises:
        RecordingError: there is no such file, it is no MCAP, holds no stream, or one of a newer
            version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.broken: str | None = None
        """Why it breaks off, once it was read to there."""
        self.profile = ""
        """Of the MCAP file."""
        self.sought = False
        """Whether what comes first was passed over."""
        self._kinds: Kinds = {}
        self._done = 0
        self._messages = self._read(0)
        first = next(self._messages, None)
        if first is None or not isinstance(first.message, Opened):
            raise RecordingError(
                f"{path}: expected a recording by streamrnn, got "
                f"{self.broken or f'another MCAP file, of profile {self.profile!r}'}"
            )
        self.opened: Opened = first.message
        """Who listened."""
        self.begun: int = first.at
        """When, nanoseconds since 1970."""
        if self.opened.version > Opened().version:
            raise RecordingError(
                f"{path}: expected version {Opened().version} of a recording, got "
                f"{self.opened.version}; install a newer streamrnn"
            )

    def __iter__(self) -> Iterator[Found]:
        return self._messages

    @property
    def kind(self) -> str:
        """Of what came in: audio, motion, text, frames; "": nobody listened."""
        return "audio" if self.rate else self.opened.config.get("frontend", {}).get("kind", "")

    @property
    def options(self) -> Mapping[str, Option]:
        """What the stream was opened with."""
        return self.opened.options

    @property
    def share(self) -> float:
        """How much of it was read, 0 to 1."""
        return min(1.0, self._done / max(1, self.path.stat().st_size))

    @property
    def rate(self) -> int:
        """Samples of sound a second; 0: it is no sound."""
        return int(self.options.get("rate", 0))

    def seek(self, late: Late) -> bool:
        """Go on from a place with a known state before what is sought: the nearest, or nearly so.

        That is a snapshot, or something that was done to the stream. Of a finished file and of one
        that was cut short alike, only some pieces are read; what comes before may be damaged.

        Args:
            late: whether a chunk, or what was done to the stream, which came at a time in
                nanoseconds, is at the place that is sought or behind it; once true of a chunk,
                true of all later ones.

        Returns:
            Whether there is such a place; otherwise all is read from where it was.
        """
        with self.path.open("rb") as file:
            starts = list(_starts(file))
            low, high = 0, len(starts)
            while low < high:  # the first piece whose first chunk is late
                middle = (low + high) // 2
                first = self._first(file, starts[middle:high])
                if first is None or late(*first):
                    high = middle
                else:
                    low = middle + 1
            # The first late chunk lies in the piece before that one, or begins it.
            found: tuple[int, int] | None = None
            for number in range(max(0, low - 1), min(low + 1, len(starts))):
                place, ended = _place(self._piece(file, starts[number]), late)
                found = found if place is None else (number, place)
                if ended:
                    break
            for number in range(low - 2, -1, -1):
                if found is not None:
                    break
                place, _ = _place(self._piece(file, starts[number]), late)
                found = None if place is None else (number, place)
        if found is not None:
            self._messages = self._read(starts[found[0]], found[1])
        self.sought = found is not None
        return self.sought

    def _first(self, file: BinaryIO, starts: list[int]) -> tuple[Chunk, int] | None:
        """The first chunk at one of these places or after it."""
        for start in starts:
            for message, at in self._piece(file, start):
                if isinstance(message, Chunk):
                    return message, at
        return None

    def _piece(self, file: BinaryIO, start: int) -> list[Found]:
        """What a record holds; nothing where it is damaged."""
        file.seek(start)
        try:
            record = next(StreamReader(file, True, True, record_size_limit=LARGEST).records)
            return _unpacked(record, self._kinds)
        except _DAMAGE:
            return []

    def _read(self, start: int, passed: int = 0) -> Iterator[Found]:
        """Messages from a record on, without the first `passed`."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise RecordingError(f"{self.path}: expected a recording, got: {error}") from error
        with file:
            file.seek(start)
            try:
                for record in StreamReader(
                    file, bool(start), True, validate_crcs=True, record_size_limit=LARGEST
                ).records:
                    if isinstance(record, Header):
                        self.profile = record.profile
                    found = _unpacked(record, self._kinds)
                    self._done = file.tell()
                    yield from found[passed:]
                    passed = max(0, passed - len(found))
            except _DAMAGE as error:
                cut = isinstance(error, McapError | EOFError | struct.error) and not file.read(1)
                how = "is cut short" if cut else f"is damaged ({type(error).__name__})"
                self.broken = f"the file {how} at byte {file.tell():,}"


def _unpacked(record: object, kinds: Kinds) -> list[Found]:
    """The messages of a record; the channels that it tells of are added to `kinds`."""
    match record:
        case Channel():
            if record.topic in BY_TOPIC:
                kinds[record.id] = BY_TOPIC[record.topic]
        case Record():
            if record.channel_id in kinds:
                kind = kinds[record.channel_id]
                return [Found(_DECODERS[kind].decode(record.data), record.log_time)]
        case Piece(compression="zstd" | ""):
            data = record.data
            if record.compression:
                data = zstandard.decompress(data, record.uncompressed_size)
            found = zlib.crc32(data)
            if record.uncompressed_crc not in (0, found):
                raise CRCValidationError(record.uncompressed_crc, found, record)
            return _messages(data, kinds)
        case Piece():
            parts = breakup_chunk(record, validate_crc=True)
            return [found for part in parts for found in _unpacked(part, kinds)]
        case _:
            pass
    return []


def _messages(data: bytes, kinds: Kinds) -> list[Found]:
    """The messages of a piece; mcap's own reading of them takes four times as long."""
    at, view = 0, memoryview(data)
    found: list[Found] = []
    while at < len(data):
        opcode, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if at + length > len(data):
            raise EOFError(f"a record of {length:,} bytes in a piece with {len(data) - at:,} left")
        if opcode == Opcode.MESSAGE:
            channel, _, time, _ = _MESSAGE.unpack_from(data, at)
            kind = kinds.get(channel)
            if kind is not None:
                body = view[at + _MESSAGE.size : at + length]
                found.append(Found(_DECODERS[kind].decode(body), time))
        elif opcode == Opcode.CHANNEL:
            told = Channel.read(ReadDataStream(BytesIO(data[at : at + length])))
            if told.topic in BY_TOPIC:
                kinds[told.id] = BY_TOPIC[told.topic]
        at += length
    return found


def _starts(file: BinaryIO) -> Iterator[int]:
    """Where pieces and lone messages begin, as far as the file is whole."""
    at, size = MAGIC_SIZE, file.seek(0, SEEK_END)
    while size - at >= _RECORD.size:
        file.seek(at)
        opcode, length = _RECORD.unpack(file.read(_RECORD.size))
        if opcode == Opcode.DATA_END or length > size - at:
            return
        if opcode in (Opcode.CHUNK, Opcode.MESSAGE):
            yield at
        at += _RECORD.size + length


def _place(piece: list[Found], late: Late) -> tuple[int | None, bool]:
    """After how many messages of a piece a state is known, for the last time before what is late.

    A snapshot is the message there; something that was done to the stream is too. Also gives
    whether there is something late.
    """
    place: int | None = None
    for number, (message, at) in enumerate(piece):
        if isinstance(message, Chunk | Verb) and late(message, at):
            return place, True
        if isinstance(message, Kept | Verb):
            place = number
    return place, False
