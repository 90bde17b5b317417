"""Read a recording, forwards, as far as it goes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard
from mcap.exceptions import McapError
from mcap.records import Channel, Header
from mcap.records import Message as Record
from mcap.stream_reader import CRCValidationError, StreamReader

from streamrnn.errors import RecordingError
from streamrnn.io.messages import BY_TOPIC, Message, Opened

LARGEST = 64 * 2**20
"""Bytes of a record that are believed; a piece of sound has 12 kB, a chunk fed at once may be
large."""
# What reading a damaged file raises: mcap's own, its unpacking, its decompression, our decoding.
_DAMAGE = (
    *(McapError, CRCValidationError, EOFError, struct.error, zstandard.ZstdError),
    *(msgspec.DecodeError, UnicodeDecodeError, MemoryError, OverflowError, ValueError),
)


class Found(NamedTuple):
    """A message, and when it was written."""

    message: Message
    """What was recorded."""
    at: int
    """Nanoseconds since 1970."""


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
        self.read = 0
        """Bytes that were read so far."""
        self._messages = self._read()
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

    def _read(self) -> Iterator[Found]:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise RecordingError(f"{self.path}: expected a recording, got: {error}") from error
        channels: dict[int, type[Message]] = {}
        with file:
            try:
                for record in StreamReader(
                    file, validate_crcs=True, record_size_limit=LARGEST
                ).records:
                    if isinstance(record, Header):
                        self.profile = record.profile
                    elif isinstance(record, Channel) and record.topic in BY_TOPIC:
                        channels[record.id] = BY_TOPIC[record.topic]
                    elif isinstance(record, Record) and record.channel_id in channels:
                        kind = channels[record.channel_id]
                        message = msgspec.json.decode(record.data, type=kind)
                        self.read = file.tell()
                        yield Found(message, record.log_time)
            except _DAMAGE as error:
                told = str(error) or "the file ends in the middle of a record"
                self.broken = f"{type(error).__name__}: {told} (at byte {file.tell():,})"
